/* SPDX-License-Identifier: BSD-2-Clause */
/* task_notify: who registered hears of each new task, by a server from the reference's task_notify.defs. */
#include "module.h"

#include "gnumach.h"
#include "mach.h"
#include "mach_port.h"
#include "task_notify_server.h"

static mach_port_t told_task, told_parent;
static unsigned calls;

kern_return_t mach_notify_new_task(mach_port_t port, mach_port_t task, mach_port_t parent)
{
    (void)port;
    told_task = task;
    told_parent = parent;
    calls++;
    return KERN_SUCCESS;
}

void module(void)
{
    mach_port_t port = port_make(0), child = MACH_PORT_NULL;
    char message[256];

    check_code(register_new_task_notification(self, port, MACH_MSG_TYPE_MAKE_SEND), KERN_INVALID_HOST,
               "registering takes the privileged host port");
    check_ok(register_new_task_notification(host_port, port, MACH_MSG_TYPE_MAKE_SEND),
             "register_new_task_notification");
    check_code(register_new_task_notification(host_port, port, MACH_MSG_TYPE_MAKE_SEND),
               KERN_NO_ACCESS, "one can be registered");
    check_ok(task_create(self, FALSE, &child), "task_create");
    serve_one(task_notify_server, port);
    check(calls == 1 && served_id == 4400, "mach_notify_new_task arrives");
    check(told_task == child && told_parent == self, "with the new task and its parent");
    check(port_refs(child, MACH_PORT_RIGHT_SEND) == 2, "as a right of its own");
    check_code(receive(port, message, sizeof message, 0), MACH_RCV_TIMED_OUT, "once");
    check_ok(mach_port_destroy(self, port), "nobody listens any more");
    check_ok(task_terminate(child), "task_terminate");
    check_ok(mach_port_destroy(self, child), "its name goes");
    check_ok(task_create(self, FALSE, &child), "tasks are still made");
    check_ok(task_terminate(child), "and ended");
}
