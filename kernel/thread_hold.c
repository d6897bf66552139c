/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/thread_hold.h"

#include "kernel/clock.h"
#include "kernel/depress.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

#define LOOK_AGAIN_MS 1u

kern_return_t thread_wait_still(struct thread *thread)
{
    static const struct wait_reason reason = {"thread to stand still", NULL};
    kern_return_t result = KERN_SUCCESS;
    int best = thread_current()->priority;
    bool lent = false;

    /* One that stops wakes us; one that begins to wait does not: so look again now and then. It is
       to get as far as its next halt, whoever runs for ever above it: so it is lent our priority. */
    while (thread->state == THREAD_RUNNABLE && result == KERN_SUCCESS) {
        if (thread->priority > best && !thread->terminating) {
            sched_set_priority(thread, best);
            lent = true;
        }
        if (event_sleep(&thread->holds, &reason, thread, WAIT_INTERRUPTIBLE,
                        deadline_after_ms(LOOK_AGAIN_MS)) == WAIT_INTERRUPTED)
            result = KERN_ABORTED;
    }
    if (lent && !thread->terminating) /* who lends it too does so again */
        sched_set_priority(thread, depress_entitled(thread));
    return result;
}

kern_return_t thread_hold(struct thread *thread)
{
    kern_return_t result;

    if (thread->terminating)
        return KERN_TERMINATED;
    thread->holds++;
    sched_set_ast(thread, AST_SUSPEND);
    result = thread_wait_still(thread);
    if (result == KERN_SUCCESS && thread->terminating)
        result = KERN_TERMINATED;
    if (result != KERN_SUCCESS)
        thread_unhold(thread);
    return result;
}

void thread_unhold(struct thread *thread)
{
    thread->holds--;
    thread_release_stopped(thread);
}
