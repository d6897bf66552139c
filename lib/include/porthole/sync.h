/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_SYNC_H
#define PORTHOLE_SYNC_H

#include <mach/boolean.h>

/*
 * A lock. Taking a free one and releasing one that nobody waits for is one atomic operation each; who
 * finds it taken sleeps. Not recursive. Between threads of one task. Zeros are a free mutex.
 */
struct mutex {
    volatile unsigned word;
};
#define MUTEX_INITIALIZER { 0 }

void mutex_lock(struct mutex *mutex);
/* Takes it if it is free; whether it did. */
boolean_t mutex_try_lock(struct mutex *mutex);
/* By the thread that holds it. */
void mutex_unlock(struct mutex *mutex);

/*
 * A place to wait for something that a mutex protects. All calls are made with the mutex held. A wait may
 * also end without a signal: look again at what was waited for. Zeros are a condition without waiters.
 */
struct condition {
    volatile unsigned signals; /* so far, but for those that found no waiter */
    unsigned waiters;
};
#define CONDITION_INITIALIZER { 0, 0 }

/* Sleeps, with the mutex released meanwhile, until signalled. */
void condition_wait(struct condition *condition, struct mutex *mutex);
/* FALSE if the time (ms) passed without a signal. */
boolean_t condition_wait_timeout(struct condition *condition, struct mutex *mutex,
                                 unsigned milliseconds);
/* Wakes one waiter, or all. */
void condition_signal(struct condition *condition);
void condition_broadcast(struct condition *condition);

/* As in standard C: of all calls with a flag, one calls the function; the others return after it has. */
typedef struct {
    struct mutex lock;
    boolean_t done;
} once_flag;
#define ONCE_FLAG_INIT { MUTEX_INITIALIZER, FALSE }
void call_once(once_flag *flag, void (*function)(void));

#endif
