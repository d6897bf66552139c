/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much a thread has run, in user mode and in the kernel. The sum is exact, taken at each dispatch. Its
 * parts are estimated: each tick of the clock notes where it found the thread, and the sum is divided
 * in that proportion. Neither part ever goes back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct task;
struct thread;

struct thread_times {
    uint64_t user_ns, system_ns;
};

/* The tick has found the current thread in user mode, or not. */
void thread_times_sample(struct thread *thread, bool user);
struct thread_times thread_times(struct thread *thread);
/* The sum over the task's living threads. */
struct thread_times thread_times_of_task(const struct task *task);
