/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocations that fail on purpose, so that each place that allocates can be tried (porthole_debug.defs).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FAILURE_CALLERS 12u

/* How one thread's allocations fail: `number` - 1 succeed, then `times` fail. */
struct failure {
    uint32_t number, times;             /* what is left of them; times 0: none fails (any more) */
    uint64_t callers[FAILURE_CALLERS];  /* return addresses, innermost first, of the first that failed */
};

struct thread;

/* There is such a thread: each allocation takes its slow way. */
extern bool failure_armed;
/* Counts an allocation of the current thread; true: this one must fail. */
bool failure_due(void);

/*
 * Lets allocations of the thread fail, and those of no other; NULL: of none. Gives what is left of
 * the order before, whose thread is forgotten.
 */
void failure_arm(const struct thread *thread, uint32_t number, uint32_t times, struct failure *before);
/* The thread ends: so does its order. True: it had one, and things may be kept at hand again. */
bool failure_forget(const struct thread *thread);
