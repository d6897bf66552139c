/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/kernel_lock.h"

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/x86_64/time.h"
#include "kernel/x86_64/tlb.h"

#include <stdint.h>

bool kernel_lock_shared;

static uint32_t word = 1; /* 1: held */

/* The holder may be waiting for this processor to forget translations: do so between the looks. */
static void wait_and_take(struct cpu_lock_statistics *statistics)
{
    uint64_t start = time_stamp();

    do {
        while (__atomic_load_n(&word, __ATOMIC_RELAXED)) {
            tlb_serve();
            cpu_pause();
        }
    } while (__atomic_exchange_n(&word, 1, __ATOMIC_ACQUIRE));
    statistics->contended++;
    statistics->waited += time_stamp() - start;
}

void kernel_lock_take(void)
{
    struct cpu *cpu = this_cpu();

    if (!kernel_lock_shared)
        return;
    assert(!cpu->holds_lock);
    if (__atomic_exchange_n(&word, 1, __ATOMIC_ACQUIRE))
        wait_and_take(&cpu->lock);
    cpu->holds_lock = true;
    if (cpu->stale)
        tlb_refresh();
    cpu->lock.acquisitions++;
    cpu->lock.taken_at = time_stamp();
}

void kernel_lock_drop(void)
{
    struct cpu *cpu = this_cpu();
    uint64_t held;

    if (!kernel_lock_shared)
        return;
    assert(cpu->holds_lock);
    tlb_flush();
    sched_share();
    held = time_stamp() - cpu->lock.taken_at;
    cpu->lock.held += held;
    if (held > cpu->lock.longest)
        cpu->lock.longest = held;
    cpu->holds_lock = false;
    __atomic_store_n(&word, 0, __ATOMIC_RELEASE);
}
