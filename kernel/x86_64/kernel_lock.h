/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The big lock: whoever runs kernel code holds it, from its entry to its exit.
 *
 * It belongs to a processor, not to a thread: it stays held over a thread switch. Let go on the way
 * to user mode, in cpu_idle() and in sched_yield(), and nowhere else: a thread gives way to other
 * processors only where it gives way to other threads. NMI and machine check come without it.
 *
 * It is born held, by the boot processor, and not let go while there is only that one: entry and
 * exit then cost a test each. It is not fair: of virtual processors the next in a queue is as
 * often as not one that does not run. The statistics show who waits for how long.
 */
#pragma once

#include <stdbool.h>

#include "kernel/x86_64/cpu.h"

/* More than one processor runs; set once, by the boot processor. The entry code tests it. */
extern bool kernel_lock_shared;

/* Takes the lock, serving requests of its holder meanwhile (tlb.h). Interrupts are off. */
void kernel_lock_take(void);
/* Lets it go. From here on nothing that it guards may be touched. */
void kernel_lock_drop(void);
/* Lets a processor that waits for it go first, between two steps of long work: afterwards all may be
   different, as after a sleep. The thread keeps its processor. */
void kernel_lock_give_way(void);

static inline bool kernel_lock_held(void)
{
    return this_cpu()->holds_lock;
}
