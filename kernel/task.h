/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks: an address space, a port name space, threads.
 *
 * A task is alive until task_terminate; then active is false, its space and map are emptied, its
 * port is detached, and the structure stays until the last reference goes.
 * References: one for being alive, one per thread, one per kernel pointer kept over a wait.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/port.h>

#include "kernel/list.h"
#include "kernel/thread.h"

struct io_permissions;
struct pc_samples;
struct port;
struct space;
struct vm_map;

#define TASK_PORT_REGISTER_MAX 4

struct task {
    uint32_t references;
    bool active;
    struct list_node link;        /* in task_list */
    struct list threads;          /* by task_link */
    unsigned thread_count;
    unsigned threads_made;        /* ever; numbers the nameless ones */
    unsigned suspend_count;

    struct vm_map *map;           /* owns a reference */
    struct space *space;          /* owns a reference */

    struct port *self;            /* kernel-held receive right of the task port */
    struct port *self_send;       /* TASK_KERNEL_PORT: a send right */
    mach_port_name_t self_name;   /* what mach_task_self() answered last, or MACH_PORT_NULL */
    struct port *exception_port;  /* TASK_EXCEPTION_PORT: a send right or NULL */
    struct port *bootstrap_port;  /* TASK_BOOTSTRAP_PORT: a send right or NULL */
    struct port *registered[TASK_PORT_REGISTER_MAX]; /* mach_ports_register: send rights or NULL */

    int priority;                 /* of new threads */
    uint64_t dead_user_ns, dead_system_ns; /* times of threads that are gone */
    uint64_t created_ns;

    uint64_t pages_owed;          /* returned to it as a manager, and not freed yet */
    unsigned pager_fault_count;   /* faults by its threads that waited for a pager */
    unsigned fault_count, zero_fill_count, cow_fault_count, pagein_count, reactivation_count;
    uint64_t messages_sent, messages_received; /* through mach_msg, by threads that are gone */
    struct pc_samples *pc_samples; /* owned; NULL: it is not sampled */
    bool vm_privileged_wanted;    /* threads made later are privileged too (vm_wire_all by a server) */
    bool essential;               /* never chosen as the last-resort victim */

    struct io_permissions *io_permissions; /* owned; NULL when it has none */
    char name[32];
};

extern struct list task_list;     /* all live tasks */
extern unsigned task_count;
extern struct task *kernel_task;

/* Makes kernel_task, which owns kernel_map and the kernel's threads and has no ports. */
void task_init(void);
/* Makes a task: empty map, or the parent's by inheritance. New reference returned; may sleep
   (interruptibly, spec D-34) for managers of objects to copy. */
kern_return_t task_create_from(struct task *parent, bool inherit_memory, struct task **result);
/* Ends a task: its threads, rights and memory go at once, the structure with the last
   reference. May be the current task: then the caller's thread ends on its way to user mode.
   KERN_FAILURE: dead already. */
kern_return_t task_terminate_task(struct task *task);
/* suspend_count + 1: none of its threads executes user instructions. KERN_TERMINATED for a
   dead task. */
kern_return_t task_suspend_task(struct task *task);
/* suspend_count - 1. KERN_FAILURE: it was 0 already. */
kern_return_t task_resume_task(struct task *task);
/* The live task at an address that somebody gives, which may be any number; borrowed, or NULL. */
struct task *task_of_identity(uint64_t identity);
/* How many threads all tasks have together. */
unsigned task_count_threads(void);
void task_reference(struct task *task);
/* Drops a reference (NULL is allowed). */
void task_release(struct task *task);
/* The current thread's task. */
static inline struct task *task_current(void)
{
    return thread_current()->task;
}
