/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/mach_traps.h"

#include <mig/mach_port_server.h>

#include "ipc/port.h"
#include "ipc/space.h"
#include "ipc/space_table.h"
#include "kernel/console.h"
#include "kernel/host.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/user_copy.h"
#include "mm/vm_shortage.h"

#define PRINT_MAX 1024u /* characters that one mach_print writes at most, with the end */

/* The port traps of early Mach, which later ones replaced. */
mach_port_name_t null_port(void)
{
    return MACH_PORT_NAME_NULL;
}

/* A new receive right of the caller's, or MACH_PORT_NULL. */
mach_port_name_t mach_reply_port(void)
{
    mach_port_name_t name;
    kern_return_t result;
    unsigned tries = 0;

    do
        result = mach_port_allocate(task_current()->space, MACH_PORT_RIGHT_RECEIVE, &name);
    while (vm_shortage_wait(result, &tries));
    return result == KERN_SUCCESS ? name : MACH_PORT_NAME_NULL;
}

/* Gives the caller a send right; consumes the right. */
static mach_port_name_t give(struct port *right)
{
    mach_port_name_t name;
    kern_return_t result;
    unsigned tries = 0;

    do
        result = space_insert_send(task_current()->space, right, &name);
    while (vm_shortage_wait(result, &tries));
    if (result == KERN_SUCCESS)
        return name;
    port_release_send(right);
    return MACH_PORT_NAME_NULL;
}

mach_port_name_t mach_thread_self(void)
{
    return give(port_copy_send(thread_current()->self_send));
}

/* The task has no such name yet, or not any more. Apart, so that the common case needs no stack frame. */
static __attribute__((noinline)) mach_port_name_t name_task(struct task *task)
{
    task->self_name = give(port_copy_send(task->self_send));
    return task->self_name;
}

/* Mostly the name that the task was given before, with one more reference. */
mach_port_name_t mach_task_self(void)
{
    struct task *task = task_current();
    mach_port_name_t name = task->self_name;

    return space_reuse_send(task->space, name, task->self_send) ? name : name_task(task);
}

mach_port_name_t mach_host_self(void)
{
    return give(port_make_send(host.port));
}

/* The text goes out as a whole: the kernel is not preempted. KERN_INVALID_ADDRESS: not a string. */
kern_return_t mach_print(uint64_t string)
{
    char text[PRINT_MAX];
    size_t length;

    if (!copyin_string(string, text, sizeof text, &length))
        return KERN_INVALID_ADDRESS;
    console_write(text, length);
    return KERN_SUCCESS;
}
