/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving the processor to whoever has been given a message: inline in the short ways of ipc/.
 */
#pragma once

#include "kernel/list.h"
#include "kernel/sched_leave.h"
#include "kernel/thread.h"
#include "kernel/trace.h"
#include "kernel/wait.h"

/* What is told of a hand-over: the port that the message goes to, its id and sequence number. */
struct hand_over_event {
    const void *port;
    uint64_t message;
};

/*
 * Sleeps on the queue and runs the first sleeper of `from` at once, who wakes with WAIT_AWAKENED. Does
 * what wait_queue_hand_over_slowly() does, where neither has anything else on its mind: no time-out, no
 * abort, no termination.
 * Conditions: thread is the current one; `from` has a sleeper. Results: as for wait_queue_sleep(), interruptible.
 */
static inline wait_result_t wait_queue_hand_over(struct thread *thread, struct wait_queue *queue,
                                                 const struct wait_reason *reason,
                                                 const void *object, struct wait_queue *from,
                                                 const struct hand_over_event *event)
{
    struct thread *next = list_entry(from->waiters.head.next, struct thread, wait_link);
    uint64_t now;


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
    now = time_stamp();
    trace_at(now, PORTHOLE_TRACE_HAND_OVER, (uint64_t)next, (uint64_t)event->port, event->message);
    sched_leave(thread, next, now);
    return thread->wait_result;
}
