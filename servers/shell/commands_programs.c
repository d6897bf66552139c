/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of the archive, services, the machine.
 */
#include <porthole/archive.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define REBOOT_HALT 0x8
#define NOTICE_BYTES 128

void command_files(int argc, char **argv)
{
    const void *archive;
    size_t bytes;
    struct archive_file file;

    (void)argc, (void)argv;
    if (!worked("archive", archive_load(shell.device_master, &archive, &bytes)))
        return;
    for (size_t at = 0; archive_read(archive, bytes, at, &file); at = file.next)
        printf("  %8lu  %s\n", (unsigned long)file.bytes, file.name);
    release(archive, bytes);
}

void command_services(int argc, char **argv)
{
    bootstrap_list_t names;
    mach_msg_type_number_t count = sizeof(names);

    (void)argc, (void)argv;
    if (worked("services", bootstrap_list(bootstrap_port, names, &count)))
        printf("%.*s", (int)count, names);
}

/* Waits until the task has ended. */
static void wait_for(mach_port_t task)
{
    struct {
        mach_msg_header_t header;
        char body[NOTICE_BYTES];
    } notice;
    mach_port_t notify, previous = MACH_PORT_NULL;

    if (!worked("port", mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &notify)))
        return;
    if (worked("notification",
            mach_port_request_notification(mach_task_self(), task, MACH_NOTIFY_DEAD_NAME, TRUE,
                notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous))) {
        mach_msg(&notice.header, MACH_RCV_MSG, 0, sizeof(notice), notify, 0, MACH_PORT_NULL);
        mach_port_deallocate(mach_task_self(), task); /* the notice's reference on the dead name */
    }
    mach_port_mod_refs(mach_task_self(), notify, MACH_PORT_RIGHT_RECEIVE, -1);
}

void command_run(int argc, char **argv)
{
    bootstrap_arguments_t arguments = "";
    boolean_t wait = argc < 2 || strcmp(argv[argc - 1], "&") != 0;
    size_t length = 0;
    mach_port_t task;

    if (argc < 2) {
        printf("usage: run PROGRAM [ARGUMENT...]; ${host-port} and ${device-port} stand for rights\n");
        return;
    }
    for (int i = 2; i < (wait ? argc : argc - 1) && length < sizeof(arguments); i++)
        length += (size_t)snprintf(arguments + length, sizeof(arguments) - length, "%s ", argv[i]);
    if (!worked(argv[1], bootstrap_start_program(bootstrap_port, argv[1], arguments, &task)))
        return;
    if (wait)
        wait_for(task);
    mach_port_deallocate(mach_task_self(), task);
}

void command_poweroff(int argc, char **argv)
{
    (void)argc, (void)argv;
    worked("poweroff", host_reboot(shell.host, REBOOT_HALT));
}

void command_reboot(int argc, char **argv)
{
    (void)argc, (void)argv;
    worked("reboot", host_reboot(shell.host, 0));
}
