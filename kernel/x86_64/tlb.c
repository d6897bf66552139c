/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/tlb.h"

#include "kernel/panic.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/kernel_lock.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"

#define PAGE_BYTES      UINT64_C(4096)
#define PAGES_ONE_BY_ONE 32u    /* more are forgotten by loading the root anew: none is global */

/* What has been noted and not flushed. Written by the holder of the lock; others read it while he
   waits for them. */
static struct {
    bool pending;
    bool everything;
    uint64_t root;
    uint64_t first, last;       /* pages */
} noted;

void tlb_note_for_others(uint64_t root, uint64_t address, bool tables)
{
    if (noted.pending && noted.root != root)
        tlb_flush();
    if (!noted.pending) {
        noted.pending = true;
        noted.everything = false;
        noted.root = root;
        noted.first = noted.last = address;
    }
    if (address < noted.first)
        noted.first = address;
    if (address > noted.last)
        noted.last = address;
    noted.everything |= tables;
}

/* Asks the others that have the noted root, and waits for them. */
static void ask_others(void)
{
    struct cpu *self = this_cpu();

    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpus[i] == self || cpus[i]->root != noted.root)
            continue;
        __atomic_store_n(&cpus[i]->flush_wanted, true, __ATOMIC_RELEASE);
        apic_send(cpus[i]->apic_id, VECTOR_FLUSH);
        self->flushes_asked++;
    }
    for (unsigned i = 0; i < cpu_count; i++)
        while (__atomic_load_n(&cpus[i]->flush_wanted, __ATOMIC_ACQUIRE))
            cpu_pause();
}

void tlb_flush(void)
{
    if (!noted.pending)
        return;
    assert(kernel_lock_held());
    if (noted.root != TLB_EVERY_ROOT)
        ask_others();
    else
        for (unsigned i = 0; i < cpu_count; i++)
            cpus[i]->stale = cpus[i] != this_cpu();
    noted.pending = false;
}

void tlb_refresh(void)
{
    this_cpu()->stale = false;
    cr3_write(cr3_read());
}

void tlb_serve(void)
{
    struct cpu *cpu = this_cpu();

    if (!__atomic_load_n(&cpu->flush_wanted, __ATOMIC_ACQUIRE))
        return;
    if (noted.everything ||
        (noted.last - noted.first) / PAGE_BYTES >= PAGES_ONE_BY_ONE)
        cr3_write(cr3_read());
    else
        for (uint64_t at = noted.first; at <= noted.last; at += PAGE_BYTES)
            __asm__ volatile("invlpg (%0)" : : "r"(at) : "memory");
    __atomic_store_n(&cpu->flush_wanted, false, __ATOMIC_RELEASE);
}
