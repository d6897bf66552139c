/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting: a queue, a reason, an object.
 *
 * To wait, test the predicate, call one of the sleep functions, and test the predicate again:
 * wake-ups may be spurious and anything may have changed meanwhile. Every sleep names its reason
 * and the object waited for, from which the monitor draws who waits for what on whom.
 * Wakers are never interrupts unless they run with interrupts off; sleepers hold nothing that a
 * waker needs.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/list.h"

struct thread;

/* Result of a sleep. A waker may pass any value >= 0; page waiters receive kern_return codes so. */
typedef int wait_result_t;
#define WAIT_AWAKENED 0
#define WAIT_TIMED_OUT (-1)
#define WAIT_INTERRUPTED (-2)

/* WAIT_INTERRUPTIBLE sleeps end with WAIT_INTERRUPTED on thread_abort and termination. */
enum wait_mode { WAIT_UNINTERRUPTIBLE, WAIT_INTERRUPTIBLE };

/* Why a thread sleeps; constant, one per place that sleeps. */
struct wait_reason {
    const char *text;
    /* Writes who must act for the sleeper to go on, in words; may be NULL. */
    void (*describe)(const void *object, char *buffer, size_t bytes);
};

struct wait_queue {
    struct list waiters; /* threads by wait_link, first come first */
};

static inline void wait_queue_init(struct wait_queue *queue)
{
    list_init(&queue->waiters);
}

static inline int wait_queue_empty(const struct wait_queue *queue)
{
    return list_empty(&queue->waiters);
}

/* Sleeps on the queue until woken, interrupted, or past the deadline (DEADLINE_NEVER: none). */
wait_result_t wait_queue_sleep(struct wait_queue *queue, const struct wait_reason *reason,
                               const void *object, enum wait_mode mode, uint64_t deadline_ns);
/* The same, giving the processor directly to next, a thread taken with wait_queue_take(). */
wait_result_t wait_queue_sleep_switch(struct wait_queue *queue, const struct wait_reason *reason,
                                      const void *object, enum wait_mode mode,
                                      uint64_t deadline_ns, struct thread *next);
/* The same without a deadline, the thread being the first sleeper of another queue: it is
   woken with WAIT_AWAKENED and runs at once. Interruptible. See kernel/hand_over.h. */
wait_result_t wait_queue_hand_over_slowly(struct wait_queue *queue,
                                          const struct wait_reason *reason, const void *object,
                                          struct wait_queue *from);
/* Wakes the first sleeper and returns it, or NULL. */
struct thread *wait_queue_wake_one(struct wait_queue *queue, wait_result_t result);
/* Wakes all sleepers; returns how many. */
unsigned wait_queue_wake_all(struct wait_queue *queue, wait_result_t result);
/* Takes the first sleeper off without making it runnable: the caller must at once pass it to
   wait_queue_sleep_switch() or sched_make_runnable(). */
struct thread *wait_queue_take(struct wait_queue *queue, wait_result_t result);
/* Wakes one thread that sleeps, wherever. */
void wait_wake(struct thread *thread, wait_result_t result);
/* Lets a sleeper stand at the end of another queue. */
void wait_move(struct thread *thread, struct wait_queue *queue);

/* Sleeps on an address that has no queue of its own (pages); hashed. */
wait_result_t event_sleep(const void *event, const struct wait_reason *reason, const void *object,
                          enum wait_mode mode, uint64_t deadline_ns);
/* Wakes all sleepers on the address with the result; returns how many. */
unsigned event_wake_all(const void *event, wait_result_t result);

/* Ends one thread's interruptible sleep with WAIT_INTERRUPTED; true if it was in one. */
int wait_interrupt(struct thread *thread);

void wait_init(void);
