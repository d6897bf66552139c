/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shell HOST-PORT DEVICE-PORT [OPTIONS]: a person's view of the running system.
 *   terminal   the console is one: pages are shown in colours
 */
#include <mach.h>
#include <porthole/runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "line.h"

#define WORDS_MAX 32
#define PROMPT "porthole> "

struct shell_rights shell;

static mach_port_t console;

struct command {
    const char *name;
    void (*function)(int argc, char **argv);
    const char *arguments, *help;
};

static void command_help(int argc, char **argv);

static const struct command commands[] = {
    {"help", command_help, "", "what there is"},
    {"tasks", command_tasks, "", "all tasks: size, threads, faults, time"},
    {"threads", command_threads, "[TASK]", "threads, and who waits for what on whom"},
    {"processors", command_processors, "", "what they do, and how they wait for the kernel's lock"},
    {"ports", command_ports, "TASK", "the names in a task's port space"},
    {"map", command_map, "TASK", "the regions of a task's address space"},
    {"objects", command_objects, "[all]", "memory objects and their pages by state"},
    {"memory", command_memory, "", "pages of the machine, and page-out's levels"},
    {"pager", command_pager, "", "what the default pager has done and holds"},
    {"managers", command_managers, "", "memory managers, and what they and the kernel owe each other"},
    {"stores", command_stores, "", "what the default pager's stores hold"},
    {"pages", command_pages, "TASK", "a task's managed memory, each page in its place"},
    {"watch", command_watch, "[TIMES] COMMAND...", "a command again each second, until a key is pressed"},
    {"caches", command_caches, "", "the kernel's own memory"},
    {"services", command_services, "", "names that the name service knows"},
    {"files", command_files, "", "files and programs of the boot archive"},
    {"run", command_run, "PROGRAM [ARGUMENT...]", "start a program and wait for its end (& at the end: do not wait)"},
    {"kill", command_kill, "TASK", "end a task"},
    {"suspend", command_suspend, "TASK", "stop a task"},
    {"resume", command_resume, "TASK", "let a stopped task go on"},
    {"reboot", command_reboot, "", "start the machine anew"},
    {"poweroff", command_poweroff, "", "switch the machine off"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void command_help(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (unsigned i = 0; i < COMMANDS; i++) {
        char usage[48];

        snprintf(usage, sizeof(usage), "%s %s", commands[i].name, commands[i].arguments);
        printf("  %-28s %s\n", usage, commands[i].help);
    }
}

boolean_t worked(const char *what, kern_return_t result)
{
    if (result != KERN_SUCCESS)
        printf("%s: %s\n", what, mach_error_string(result));
    return result == KERN_SUCCESS;
}

void release(const void *data, vm_size_t bytes)
{
    if (bytes > 0)
        vm_deallocate(mach_task_self(), (vm_address_t)data, bytes);
}

int console_get(void)
{
    static io_buf_ptr_inband_t buffer;
    static mach_msg_type_number_t count, at;

    while (at == count) {
        at = 0;
        count = sizeof(buffer);
        if (!worked("read from the console",
                device_read_inband(console, 0, 0, sizeof(buffer), buffer, &count)))
            return -1;
    }
    return (unsigned char)buffer[at++];
}

static void console_put(const char *text, size_t bytes)
{
    int written;

    device_write_inband(console, 0, 0, text, (mach_msg_type_number_t)bytes, &written);
}

static int split(char *line, char **words)
{
    int count = 0;

    for (char *at = line; *at != '\0' && count < WORDS_MAX - 1;) {
        at += strspn(at, " \t");
        if (*at == '\0')
            break;
        words[count++] = at;
        at += strcspn(at, " \t");
        if (*at != '\0')
            *at++ = '\0';
    }
    words[count] = NULL;
    return count;
}

void command_execute(int argc, char **argv)
{
    for (unsigned i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            commands[i].function(argc, argv);
            return;
        }
    }
    printf("%s: no such command; `help` lists them\n", argv[0]);
}

static void execute(char *line)
{
    char *words[WORDS_MAX];
    int count = split(line, words);

    if (count > 0)
        command_execute(count, words);
}

int main(int argc, char **argv)
{
    static struct line_editor editor;
    char line[LINE_BYTES];

    if (argc < 3) {
        printf("usage: shell HOST-PORT DEVICE-PORT [terminal]\n");
        return 1;
    }
    shell.host = (mach_port_t)strtoul(argv[1], NULL, 10);
    shell.device_master = (mach_port_t)strtoul(argv[2], NULL, 10);
    shell.colour = argument_flag(argc, argv, "terminal");
    if (!worked("open the console",
            device_open(shell.device_master, D_READ | D_WRITE, "console", &console)))
        return 1;
    printf("\nPorthole's shell; `help` lists the commands.\n");
    editor.terminal = (struct terminal){console_get, console_put};
    while (line_read(&editor, PROMPT)) {
        strcpy(line, editor.text);
        execute(line);
    }
    return 0;
}
