/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/wait.h"

#include "kernel/clock.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

#define EVENT_QUEUES 256u /* a power of two */

/* Sleepers on addresses, hashed by address; each thread remembers its own in wait_event. */
static struct wait_queue event_queues[EVENT_QUEUES];

void wait_init(void)
{
    for (unsigned i = 0; i < EVENT_QUEUES; i++)
        wait_queue_init(&event_queues[i]);
}

/*
 * Ends a sleep: the thread is on no queue afterwards, and not yet runnable. The other fields of
 * the wait mean nothing from here on. This and wait_begin() are on the path of every message.
 */
static inline void wait_end(struct thread *thread, wait_result_t result)
{
    list_remove(&thread->wait_link);
    if (list_node_linked(&thread->wait_timeout.link))
        timeout_cancel(&thread->wait_timeout);
    thread->wait_result = result;
    thread->state = THREAD_RUNNABLE;
}

void wait_wake(struct thread *thread, wait_result_t result)
{
    wait_end(thread, result);
    sched_make_runnable(thread);
}

static void wait_timed_out(void *thread)
{
    wait_wake(thread, WAIT_TIMED_OUT);
}

/* True if the current thread may not begin an interruptible sleep: an abort is used up by this. */
static inline bool wait_refused(struct thread *thread, enum wait_mode mode)
{
    if (__builtin_expect(!(thread->ast & (AST_TERMINATE | AST_ABORT)), 1) ||
        mode != WAIT_INTERRUPTIBLE)
        return false;
    thread->ast &= ~AST_ABORT;
    return true;
}

/* Puts the current thread to sleep on a queue; the caller then gives the processor away. */
static inline void wait_begin(struct thread *thread, struct wait_queue *queue,
                              const struct wait_reason *reason, const void *object,
                              enum wait_mode mode, uint64_t deadline_ns)
{
    thread->state = THREAD_WAITING;
    thread->wait_queue = queue;
    thread->wait_reason = reason;
    thread->wait_object = object;
    thread->wait_mode = mode;
    thread->wait_result = WAIT_AWAKENED; /* unless its waker says otherwise */
    list_insert_tail(&queue->waiters, &thread->wait_link);
    if (deadline_ns != DEADLINE_NEVER)
        timeout_start(&thread->wait_timeout, deadline_ns, wait_timed_out, thread);
}

/*
 * Sleeps on the queue until woken, interrupted, or past the deadline.
 *
 * Conditions: the caller has just tested its predicate and holds no pointer over the sleep that it
 * does not own a reference for.
 * Results: the waker's value; WAIT_TIMED_OUT; WAIT_INTERRUPTED, in mode WAIT_INTERRUPTIBLE only,
 * also at once when an abort or a termination is pending.
 */
wait_result_t wait_queue_sleep(struct wait_queue *queue, const struct wait_reason *reason,
                               const void *object, enum wait_mode mode, uint64_t deadline_ns)
{
    struct thread *thread = thread_current();

    if (wait_refused(thread, mode))
        return WAIT_INTERRUPTED;
    wait_begin(thread, queue, reason, object, mode, deadline_ns);
    sched_switch();
    return thread->wait_result;
}

/*
 * As wait_queue_sleep(), running `next` at once instead of the best runnable thread: a message has
 * just been given to it, and its answer is what the sleeper waits for.
 *
 * Conditions: next was taken with wait_queue_take() and is on no queue. If the sleep is refused,
 * next becomes runnable in the ordinary way.
 */
wait_result_t wait_queue_sleep_switch(struct wait_queue *queue, const struct wait_reason *reason,
                                      const void *object, enum wait_mode mode,
                                      uint64_t deadline_ns, struct thread *next)
{
    struct thread *thread = thread_current();

    if (wait_refused(thread, mode)) {
        sched_make_runnable(next);
        return WAIT_INTERRUPTED;
    }
    wait_begin(thread, queue, reason, object, mode, deadline_ns);
    sched_switch_to(next);
    return thread->wait_result;
}

struct thread *wait_queue_take(struct wait_queue *queue, wait_result_t result)
{
    struct list_node *node = list_first(&queue->waiters);
    struct thread *thread;

    if (!node)
        return NULL;
    thread = list_entry(node, struct thread, wait_link);
    wait_end(thread, result);
    return thread;
}

wait_result_t wait_queue_hand_over_slowly(struct wait_queue *queue,
                                          const struct wait_reason *reason, const void *object,
                                          struct wait_queue *from)
{
    return wait_queue_sleep_switch(queue, reason, object, WAIT_INTERRUPTIBLE, DEADLINE_NEVER,
                                   wait_queue_take(from, WAIT_AWAKENED));
}

struct thread *wait_queue_wake_one(struct wait_queue *queue, wait_result_t result)
{
    struct thread *thread = wait_queue_take(queue, result);

    if (thread)
        sched_make_runnable(thread);
    return thread;
}

void wait_move(struct thread *thread, struct wait_queue *queue)
{
    list_remove(&thread->wait_link);
    list_insert_tail(&queue->waiters, &thread->wait_link);
    thread->wait_queue = queue;
}

unsigned wait_queue_wake_all(struct wait_queue *queue, wait_result_t result)
{
    unsigned count = 0;

    while (wait_queue_wake_one(queue, result))
        count++;
    return count;
}

static struct wait_queue *event_queue(const void *event)
{
    uintptr_t bits = (uintptr_t)event >> 4;

    return &event_queues[(bits ^ bits >> 8 ^ bits >> 16) % EVENT_QUEUES];
}

wait_result_t event_sleep(const void *event, const struct wait_reason *reason, const void *object,
                          enum wait_mode mode, uint64_t deadline_ns)
{
    struct thread *thread = thread_current(), *next = thread->successor;

    thread->successor = NULL;
    if (wait_refused(thread, mode)) {
        if (next)
            sched_make_runnable(next);
        return WAIT_INTERRUPTED;
    }
    thread->wait_event = event;
    wait_begin(thread, event_queue(event), reason, object, mode, deadline_ns);
    if (next)
        sched_switch_to(next);
    else
        sched_switch();
    return thread->wait_result;
}

unsigned event_wake_all(const void *event, wait_result_t result)
{
    unsigned count = 0;

    list_for_each_safe(&event_queue(event)->waiters, node) {
        struct thread *thread = list_entry(node, struct thread, wait_link);

        if (thread->wait_event != event)
            continue;
        wait_wake(thread, result);
        count++;
    }
    return count;
}

int wait_interrupt(struct thread *thread)
{
    if (thread->state != THREAD_WAITING || thread->wait_mode != WAIT_INTERRUPTIBLE)
        return false;
    wait_wake(thread, WAIT_INTERRUPTED);
    return true;
}
