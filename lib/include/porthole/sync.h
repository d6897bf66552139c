/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_SYNC_H
#define PORTHOLE_SYNC_H

#include <mach/boolean.h>
#include <mach/port.h>

/* A lock for short stretches: who finds it taken lets others run and tries again. */
struct mutex {
    volatile int taken;
};
#define MUTEX_INITIALIZER { 0 }

void mutex_lock(struct mutex *mutex);
boolean_t mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

/*
 * A place to wait for something that a mutex protects. All calls are made with the mutex held. A
 * waiter sleeps in mach_msg on a port of its own, so it costs no processor time.
 */
struct condition_waiter;
struct condition {
    struct condition_waiter *first, *last;
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

#endif
