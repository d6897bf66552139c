/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forgetting translations, on every processor that may have them.
 *
 * Who lowers an entry of a page table calls tlb_note(), for as many entries as it likes, and then
 * tlb_flush(): when that returns, no processor uses an old translation. Until then no frame that
 * was mapped and no table that was unlinked may get another use. What nobody has to wait for
 * (pmap_harvest) is flushed with what comes next, or as the lock is dropped.
 *
 * Why this is exact. A processor loads translations of the table in its root register alone, and
 * changes that register only while it holds the lock, telling by cpu->root; the one that flushes
 * holds the lock. So the others with another root have nothing to forget, and those with this one
 * cannot leave it: they run in user mode, or wait for the lock. In the first case the interrupt
 * comes at once, in the second they look themselves. A processor that idles has the kernel's own
 * root (sched.c), so that user memory costs it nothing.
 *
 * Of the kernel half, a processor without the lock touches nothing but what is never unmapped while
 * it does: code, its own struct cpu and tables, and the stack of the thread that it runs. So it is
 * soon enough when it forgets the rest as it takes the lock (kernel_lock.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/kernel_lock.h"

#define TLB_EVERY_ROOT UINT64_C(0) /* the kernel half, which all roots share */

/* Notes that an entry for the address has lost something. tables: so has one of a higher level. */
void tlb_note_for_others(uint64_t root, uint64_t address, bool tables);
static inline void tlb_note(uint64_t root, uint64_t address, bool tables)
{
    if (root == TLB_EVERY_ROOT || root == this_cpu()->root)
        __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
    if (kernel_lock_shared)
        tlb_note_for_others(root, address, tables);
}

/* Has all processors forget what was noted, and returns when they have. */
void tlb_flush(void);
/* Forgets what another processor wants this one to; without the lock. */
void tlb_serve(void);
/* Forgets all, when this processor has just taken the lock and finds cpu->stale. */
void tlb_refresh(void);
