/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of several processors; with one they hold as well. */
#include "kernel/clock.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/wait.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/kernel_lock.h"
#include "kernel/x86_64/time.h"
#include "mm/kmem.h"
#include "tests/kernel/selftest.h"

#define THREADS_EACH 2u     /* for each processor */
#define PATIENCE_MS  10000u
#define LARGE_BYTES  (16 * 4096u)

static const struct wait_reason reason = {"a test", NULL};

static uint32_t seen;       /* processors on which the threads have run, a bit for each */
static unsigned held, running;

static uint32_t all_processors(void)
{
    return (uint32_t)((UINT64_C(1) << cpu_count) - 1);
}

/* Gives way until every processor has had one of the threads. */
static void wander(void *deadline_ns)
{
    while (seen != all_processors() && clock_now_ns() < *(uint64_t *)deadline_ns) {
        seen |= UINT32_C(1) << this_cpu()->number;
        held += kernel_lock_held() || !kernel_lock_shared;
        running++;
        sched_yield();
    }
}

SELFTEST(processors_all_take_threads_and_run_them_with_the_lock)
{
    static uint64_t deadline_ns;
    struct wait_queue nobody;

    wait_queue_init(&nobody);
    seen = held = running = 0;
    deadline_ns = deadline_after_ms(PATIENCE_MS);
    for (unsigned i = 0; i < THREADS_EACH * cpu_count; i++)
        thread_create_kernel("wanderer", SCHED_PRIORITY_USER, wander, &deadline_ns);
    while (seen != all_processors() && clock_now_ns() < deadline_ns)
        wait_queue_sleep(&nobody, &reason, NULL, WAIT_UNINTERRUPTIBLE, deadline_after_ms(2));
    expect(seen == all_processors());
    expect(running > 0 && held == running);
}

SELFTEST(processors_are_told_of_what_the_kernel_unmaps)
{
    void *large = kmem_alloc(LARGE_BYTES);

    expect(large != NULL);
    for (unsigned i = 0; i < cpu_count; i++)
        cpus[i]->stale = false; /* nobody else can look: this one holds the lock */
    kmem_free(large, LARGE_BYTES);
    for (unsigned i = 0; i < cpu_count; i++)
        expect(cpus[i]->stale == (cpus[i] != this_cpu()));
}

SELFTEST(processors_forget_what_is_stale_as_they_take_the_lock)
{
    static uint64_t deadline_ns;

    deadline_ns = deadline_after_ms(PATIENCE_MS);
    seen = 0;
    for (unsigned i = 0; i < cpu_count; i++)
        cpus[i]->stale = cpus[i] != this_cpu();
    for (unsigned i = 0; i < THREADS_EACH * cpu_count; i++)
        thread_create_kernel("wanderer", SCHED_PRIORITY_USER, wander, &deadline_ns);
    wander(&deadline_ns);
    expect(seen == all_processors());
    for (unsigned i = 0; i < cpu_count; i++)
        expect(!cpus[i]->stale);
}
