/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bootstrap: the first program. Starts the servers in order, knows services by name, and says when
 * a server has died.
 *
 * boot.cfg: bootstrap ${host-port} ${device-port} ${kernel-command-line} $(task-create)
 * $(task-resume)
 */
#include <mach.h>
#include <mig/bootstrap_server.h>
#include <stdio.h>
#include <stdlib.h>

#include "names.h"
#include "programs.h"
#include "script.h"

#define MESSAGE_BYTES 4096
#define SCRIPT "servers.cfg"

static mach_port_t notify_port;

static mach_port_t new_member(mach_port_t set)
{
    mach_port_t port;

    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port) != KERN_SUCCESS ||
        mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) !=
            KERN_SUCCESS ||
        mach_port_move_member(mach_task_self(), port, set) != KERN_SUCCESS) {
        printf("bootstrap: no ports\n");
        exit(1);
    }
    return port;
}

/* A death, or a service request. Genuine notifications come by a send-once right to the notify port
   alone (H-48). */
static boolean_t demultiplex(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    if (request->msgh_local_port == notify_port) {
        const mach_dead_name_notification_t *notice = (void *)request;

        mig_reply_setup(request, reply);
        ((mig_reply_header_t *)reply)->RetCode = MIG_NO_REPLY;
        if (request->msgh_id == MACH_NOTIFY_DEAD_NAME &&
            MACH_MSGH_BITS_LOCAL(request->msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE)
            programs_died(notice->not_port);
        return TRUE;
    }
    return bootstrap_server(request, reply);
}

kern_return_t bootstrap_start_program(mach_port_t bootstrap, const_bootstrap_name_t name,
    const_bootstrap_arguments_t arguments, mach_port_t *task)
{
    (void)bootstrap;
    return programs_start(name, arguments, task);
}

int main(int argc, char **argv)
{
    struct archive_file file;
    mach_port_t set, service;

    if (argc < 3) {
        printf("usage: bootstrap HOST-PORT DEVICE-PORT [COMMAND-LINE]\n");
        return 1;
    }
    mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set);
    service = new_member(set);
    notify_port = new_member(set);
    programs_init((mach_port_t)strtoul(argv[1], NULL, 10), (mach_port_t)strtoul(argv[2], NULL, 10),
        argc > 3 ? argv[3] : "", service, notify_port);
    if (programs_file(SCRIPT, &file))
        script_begin(SCRIPT, file.data, file.bytes, argc > 3 ? argv[3] : "");
    else
        printf("bootstrap: the boot archive has no %s: nothing to start\n", SCRIPT);
    for (;;) {
        script_continue();
        mach_msg_server_once(demultiplex, MESSAGE_BYTES, set, MACH_MSG_OPTION_NONE, 0);
    }
}
