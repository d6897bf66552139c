/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving the processor to whoever has been given a message: inline in the short ways of ipc/.
 */
#ifndef KERNEL_HAND_OVER_H
#define KERNEL_HAND_OVER_H

#include "kernel/list.h"
#include "kernel/sched_leave.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

/*
 * Sleeps on the queue and runs the first sleeper of `from` at once, who wakes with WAIT_AWAKENED. Does
 * what wait_queue_hand_over_slowly() does, where neither has anything else on its mind: no time-out, no
 * abort, no termination.
 * Conditions: thread is the current one; `from` has a sleeper. Results: as for wait_queue_sleep(), interruptible.
 */
static inline wait_result_t wait_queue_hand_over(struct thread *thread, struct wait_queue *queue,
                                                 const struct wait_reason *reason,
                                                 const void *object, struct wait_queue *from)
{
    struct thread *next = list_entry(from->waiters.head.next, struct thread, wait_link);

    if (__builtin_expect((thread->ast & (AST_TERMINATE | AST_ABORT)) != 0 ||
                         list_node_linked(&next->wait_timeout.link), 0))
        return wait_queue_hand_over_slowly(queue, reason, object, from);
    list_remove(&next->wait_link);
    next->state = THREAD_RUNNABLE;
    thread->state = THREAD_WAITING;
    thread->wait_queue = queue;
    thread->wait_reason = reason;
    thread->wait_object = object;
    thread->wait_mode = WAIT_INTERRUPTIBLE;
    thread->wait_result = WAIT_AWAKENED; /* unless its waker says otherwise */
    list_insert_tail(&queue->waiters, &thread->wait_link);
    sched_leave(thread, next);
    return thread->wait_result;
}

#endif
