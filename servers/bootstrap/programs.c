/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of the archive.
 */
#include "programs.h"

#include <porthole/program.h>
#include <stdio.h>
#include <string.h>

#define PROGRAMS_MAX 64
#define ARGUMENTS_BYTES 512

static struct running {
    mach_port_t task; /* a send right, owned; MACH_PORT_NULL: slot unused */
    char name[64];
    unsigned long started; /* number of its start, to tell two programs of one name apart */
} running[PROGRAMS_MAX];

static const void *archive;
static size_t archive_bytes;
static mach_port_t host_right, device_right, service_port, notify_port;
static const char *kernel_command_line;

void programs_init(mach_port_t host, mach_port_t device_master, const char *command_line,
    mach_port_t service, mach_port_t notify)
{
    kern_return_t result;

    host_right = host;
    device_right = device_master;
    kernel_command_line = command_line;
    service_port = service;
    notify_port = notify;
    result = archive_load(device_master, &archive, &archive_bytes);
    if (result != KERN_SUCCESS)
        printf("bootstrap: cannot read the boot archive: %s\n", mach_error_string(result));
}

boolean_t programs_file(const char *name, struct archive_file *file)
{
    return archive && archive_find(archive, archive_bytes, name, file);
}

/* One argument, with the rights and words that stand for themselves replaced. */
static const char *substitute(const char *word)
{
    if (strcmp(word, "${host-port}") == 0)
        return "@0";
    if (strcmp(word, "${device-port}") == 0)
        return "@1";
    if (strcmp(word, "${kernel-command-line}") == 0)
        return kernel_command_line;
    return word;
}

/* Splits a copy of the arguments in place; returns argc. */
static int split(char *text, const char **argv, int most)
{
    int argc = 0;

    while (*text != '\0' && argc < most) {
        while (*text == ' ' || *text == '\t')
            *text++ = '\0';
        if (*text == '\0')
            break;
        argv[argc++] = text;
        while (*text != '\0' && *text != ' ' && *text != '\t')
            text++;
    }
    return argc;
}

static struct running *slot_of(mach_port_t task)
{
    for (unsigned i = 0; i < PROGRAMS_MAX; i++)
        if (running[i].task == task)
            return &running[i];
    return NULL;
}

/* Keeps the right and asks to be told of its death. */
static void remember(struct running *slot, const char *name, mach_port_t task)
{
    static unsigned long starts;
    mach_port_t previous = MACH_PORT_NULL;

    slot->task = task;
    slot->started = ++starts;
    strncpy(slot->name, name, sizeof(slot->name) - 1);
    mach_port_request_notification(mach_task_self(), task, MACH_NOTIFY_DEAD_NAME, TRUE, notify_port,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
    if (previous != MACH_PORT_NULL)
        mach_port_deallocate(mach_task_self(), previous);
}

kern_return_t programs_start(const char *name, const char *arguments, mach_port_t *task)
{
    const struct program_port ports[] = {
        {host_right, MACH_MSG_TYPE_COPY_SEND}, {device_right, MACH_MSG_TYPE_COPY_SEND}};
    struct running *slot = slot_of(MACH_PORT_NULL);
    const char *argv[PROGRAM_ARGUMENTS_MAX];
    char words[ARGUMENTS_BYTES];
    struct archive_file file;
    mach_port_t thread;
    struct program program = {
        .argv = argv, .ports = ports, .port_count = 2, .bootstrap = service_port};
    kern_return_t result;

    if (!programs_file(name, &file))
        return KERN_INVALID_NAME;
    if (!slot || strnlen(arguments, sizeof(words)) == sizeof(words))
        return KERN_RESOURCE_SHORTAGE;
    strcpy(words, arguments);
    argv[0] = name;
    program.argc = 1 + split(words, argv + 1, PROGRAM_ARGUMENTS_MAX - 1);
    for (int i = 1; i < program.argc; i++)
        argv[i] = substitute(argv[i]);
    program.image = file.data;
    program.image_bytes = file.bytes;
    program.suspended = TRUE;
    result = program_start(&program, task, &thread);
    if (result != KERN_SUCCESS)
        return result;
    task_set_name(*task, (char *)name);
    remember(slot, name, *task);
    result = thread_resume(thread);
    mach_port_deallocate(mach_task_self(), thread);
    return result;
}

boolean_t programs_running(mach_port_t task)
{
    return slot_of(task) != NULL;
}

void programs_died(mach_port_t task)
{
    struct running *slot = slot_of(task);

    /* The notification carried a reference of its own on the dead name. */
    mach_port_deallocate(mach_task_self(), task);
    if (!slot)
        return;
    printf("bootstrap: %s has ended\n", slot->name);
    mach_port_deallocate(mach_task_self(), slot->task);
    memset(slot, 0, sizeof(*slot));
}
