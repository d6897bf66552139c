/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time-outs on the monotonic clock. Time inside the kernel is in nanoseconds since boot;
 * 0 as a deadline means "never".
 */
#pragma once

#include <stdint.h>

#include "kernel/list.h"

#define NANOSECONDS_PER_MILLISECOND UINT64_C(1000000)
#define NANOSECONDS_PER_SECOND UINT64_C(1000000000)
#define DEADLINE_NEVER UINT64_C(0)

/* A call that is due at a deadline. Owned by whoever embeds it; not pending when unlinked. */
struct timeout {
    struct list_node link;
    uint64_t deadline_ns;
    void (*function)(void *argument);
    void *argument;
};

void clock_init(void);
/* Starts this processor's timer, if it rests: it is about to run threads. */
void clock_resume(void);
/* Schedules function(argument) once, in interrupt context, at or soon after the deadline. */
void timeout_start(struct timeout *timeout, uint64_t deadline_ns, void (*function)(void *),
                   void *argument);
/* Forgets a pending time-out; harmless when it is not pending. */
void timeout_cancel(struct timeout *timeout);
/* Runs what is due and arms the timer for the next; called by the timer interrupt. */
void clock_interrupt(void);
/* Deadline that many milliseconds from now; never DEADLINE_NEVER, saturating. */
uint64_t deadline_after_ms(uint32_t milliseconds);
