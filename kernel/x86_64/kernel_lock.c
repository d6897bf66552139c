/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/kernel_lock.h"

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/x86_64/time.h"
#include "kernel/x86_64/tlb.h"
#include "mm/pmap.h"

#include <stdint.h>

bool kernel_lock_shared;

#define GIVE_WAY_LOOKS 1000u    /* how long the holder stands aside, at most */

static uint32_t word = 1; /* 1: held */
static uint32_t waiting;  /* processors that want it */

/* The holder may be waiting for this processor to forget translations: do so between the looks. */
static void wait_and_take(struct cpu_lock_statistics *statistics)
{
    uint64_t start = time_stamp();

    __atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED);
    do {
        while (__atomic_load_n(&word, __ATOMIC_RELAXED)) {
            tlb_serve();
            cpu_pause();
        }
    } while (__atomic_exchange_n(&word, 1, __ATOMIC_ACQUIRE));
    __atomic_sub_fetch(&waiting, 1, __ATOMIC_RELAXED);
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

void kernel_lock_give_way(void)
{
    uint32_t wanted = __atomic_load_n(&waiting, __ATOMIC_RELAXED);

    if (wanted == 0)
        return;
    if (thread_is_kernel(thread_current())) /* the user memory that it borrows may go meanwhile */
        pmap_activate(&kernel_pmap);
    kernel_lock_drop();
    for (unsigned i = 0; i < GIVE_WAY_LOOKS; i++) {
        if (__atomic_load_n(&waiting, __ATOMIC_RELAXED) < wanted)
            break;
        tlb_serve();
        cpu_pause();
    }
    kernel_lock_take();
}
