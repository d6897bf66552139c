/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 page tables: entries, and finding them. Shared by the files of the pmap alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

#include "kernel/panic.h"
#include "kernel/x86_64/tlb.h"
#include "mm/page.h"
#include "mm/pmap.h"

typedef uint64_t pte_t;

#define PTE_PRESENT UINT64_C(0x001)
#define PTE_WRITE UINT64_C(0x002)
#define PTE_USER UINT64_C(0x004)
#define PTE_WRITE_THROUGH UINT64_C(0x008)
#define PTE_UNCACHED UINT64_C(0x010)
#define PTE_ACCESSED UINT64_C(0x020)
#define PTE_DIRTY UINT64_C(0x040)
#define PTE_GLOBAL UINT64_C(0x100)
#define PTE_WIRED UINT64_C(0x200)    /* ours: not to be dropped for lack of memory */
#define PTE_DEVICE UINT64_C(0x400)   /* ours: no struct page behind it */
#define PTE_NO_EXECUTE (UINT64_C(1) << 63)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)

#define TABLE_ENTRIES 512u
#define TABLE_LEVELS 4u

/* Bytes of address space that one entry of a level covers; level 0 is the page table. */
static inline vm_size_t table_entry_span(unsigned level)
{
    return (vm_size_t)1 << (12 + 9 * level);
}

static inline unsigned table_index(vm_offset_t address, unsigned level)
{
    return (unsigned)(address >> (12 + 9 * level)) & (TABLE_ENTRIES - 1);
}

static inline void write_root(uint64_t physical)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(physical) : "memory");
}

/* Changes bits of an entry in which another processor may be setting some (accessed, dirty) just
   now. Returns the old value. */
static inline pte_t pmap_entry_change(pte_t *entry, pte_t clear, pte_t set)
{
    pte_t old = *entry;

    while (!__atomic_compare_exchange_n(entry, &old, (old & ~clear) | set, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
        ;
    return old;
}

/* The table at a physical address. */
pte_t *table_at(uint64_t physical);
/* The page-table entry of an address; NULL when its table is missing and `create` is false or there
   is no memory. */
pte_t *pmap_entry_walk(struct pmap *pmap, vm_offset_t address, bool create);
static inline pte_t *pmap_entry(struct pmap *pmap, vm_offset_t address, bool create)
{
    if (pmap->leaf && address / table_entry_span(1) == pmap->leaf_number)
        return &pmap->leaf[table_index(address, 0)];
    return pmap_entry_walk(pmap, address, create);
}

/* Sets an empty entry of the pmap that pmap_entry() has given last (counts it in its table). */
static inline void pmap_entry_set(struct pmap *pmap, pte_t *entry, pte_t value)
{
    assert(*entry == 0 && value != 0);
    *entry = value;
    if (pmap->leaf_page)
        pmap->leaf_page->offset++;
}

/* Notes for tlb_flush() that an entry has lost something. Every public function flushes at its end. */
static inline void pmap_note(struct pmap *pmap, vm_offset_t address)
{
    tlb_note(pmap == &kernel_pmap ? TLB_EVERY_ROOT : pmap->root, address, false);
}

/* Removes the tables on the way to an address that have become empty, leaf first. */
void pmap_prune(struct pmap *pmap, vm_offset_t address);
/* Clears an entry that pmap_entry() has given last, and frees tables that become empty; notes it. Returns the
   old value with the hardware's last word in it. */
static inline pte_t pmap_entry_clear(struct pmap *pmap, pte_t *entry, vm_offset_t address)
{
    pte_t old = __atomic_exchange_n(entry, 0, __ATOMIC_SEQ_CST);

    if (pmap->leaf_page && --pmap->leaf_page->offset == 0 && pmap != &kernel_pmap) {
        pmap_prune(pmap, address);
        tlb_note(pmap->root, address, true);
    } else {
        pmap_note(pmap, address);
    }
    return old;
}

/* The first address in [address, end) whose page table exists, or end. */
vm_offset_t pmap_next_table(struct pmap *pmap, vm_offset_t address, vm_offset_t end);
/* PTE_NO_EXECUTE, or 0 on a processor that has none. */
extern pte_t pmap_no_execute;
/* Bits of an entry for that protection. */
static inline pte_t pmap_protection_bits(vm_prot_t protection)
{
    return PTE_PRESENT | (protection & VM_PROT_WRITE ? PTE_WRITE : 0) |
           (protection & VM_PROT_EXECUTE ? 0 : pmap_no_execute);
}

/* Frees all tables below the user half. */
void pmap_free_tables(struct pmap *pmap);
/* A cleared page for a table, counted; NULL when memory is short. */
struct page *table_alloc(struct pmap *pmap);
void pmap_tables_init(void);
