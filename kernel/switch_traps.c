/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps by which a thread gives the processor away. */
#include <mach/thread_switch.h>

#include "ipc/port.h"
#include "ipc/space.h"
#include "kernel/clock.h"
#include "kernel/depress.h"
#include "kernel/mach_traps.h"
#include "kernel/mig/mig_types.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"

/* The thread that a name of the caller's stands for: a new reference, or NULL. */
static struct thread *thread_named(mach_port_name_t name)
{
    struct port *port = space_copy_send(task_current()->space, name);
    struct thread *thread = convert_port_to_thread(port);

    port_release_send(port);
    return thread;
}

/* Lets others of the same priority or better run; true if there are some. */
boolean_t swtch(void)
{
    bool others = sched_others_ready();

    sched_yield();
    return others;
}

/* As swtch, giving way to threads of every priority, for a time slice: who computes all the time must not
   keep the caller away for ever. The argument has no meaning any more. */
boolean_t swtch_pri(int priority)
{
    bool others;

    (void)priority;
    depress_begin(SCHED_SLICE_NS / NANOSECONDS_PER_MILLISECOND);
    others = swtch();
    depress_end(thread_current());
    return others;
}

/* Runs that thread now, if it is ready, else whatever is best. */
static void hand_over(struct thread *thread)
{
    if (!thread || thread == thread_current() || !list_node_linked(&thread->run_link) ||
        thread->state != THREAD_RUNNABLE) {
        sched_yield();
        return;
    }
    sched_remove(thread);
    sched_make_runnable(thread_current());
    sched_switch_to(thread);
}

static void pause_ms(uint32_t milliseconds)
{
    static const struct wait_reason reason = {"thread_switch: time", NULL};
    struct wait_queue nobody;

    wait_queue_init(&nobody);
    wait_queue_sleep(&nobody, &reason, NULL, WAIT_INTERRUPTIBLE, deadline_after_ms(milliseconds));
}

/*
 * Gives the processor to a named thread, or to any; with an option to give way to all for a time,
 * or to pause that long. A name that stands for no thread counts as none.
 */
kern_return_t thread_switch(mach_port_name_t name, int option, mach_msg_timeout_t time)
{
    struct thread *thread;

    if (option < SWITCH_OPTION_NONE || option > SWITCH_OPTION_WAIT)
        return KERN_INVALID_ARGUMENT;
    thread = MACH_PORT_NAME_VALID(name) ? thread_named(name) : NULL;
    if (option == SWITCH_OPTION_WAIT) {
        pause_ms(time);
    } else {
        if (option == SWITCH_OPTION_DEPRESS)
            depress_begin(time);
        hand_over(thread);
        if (option == SWITCH_OPTION_DEPRESS)
            depress_end(thread_current()); /* it has had its turn, maybe on a processor nobody wanted */
    }
    thread_release(thread);
    return KERN_SUCCESS;
}

kern_return_t syscall_thread_depress_abort(mach_port_name_t name)
{
    struct thread *thread = thread_named(name);

    if (!thread)
        return MACH_SEND_INTERRUPTED;
    depress_end(thread);
    thread_release(thread);
    return KERN_SUCCESS;
}
