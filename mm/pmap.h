/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical maps: the page tables of a task, and for each page where it is mapped.
 *
 * A pmap is a cache of what vm_map and vm_object say: any mapping but a wired one may be dropped at
 * any time and comes back by a fault. No function here sleeps. What a function takes away, no
 * processor has when it returns (kernel/x86_64/tlb.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

struct page;

struct pmap {
    uint64_t root;             /* physical address of the top table */
    uint32_t references;
    uint32_t resident_pages;
    uint32_t table_pages;
    uint64_t *leaf;            /* the page table used last, or NULL */
    struct page *leaf_page;    /* its page; NULL for those that boot made */
    uint64_t leaf_number;      /* address / 2 MiB of what it maps */
};

extern struct pmap kernel_pmap;

void pmap_init(void);
/* An empty user pmap that shares the kernel half; NULL when out of memory. */
struct pmap *pmap_create(void);
/* Frees the tables; all mappings must have been removed, and it is on no other processor. */
void pmap_destroy(struct pmap *pmap);
/* Makes it the current address space. */
void pmap_activate(struct pmap *pmap);

/* Maps a page, replacing what was there. Returns false, with nothing changed, when no memory for
   tables is to be had. Wired mappings are not dropped by others. */
bool pmap_enter(struct pmap *pmap, vm_offset_t address, struct page *page, vm_prot_t protection,
                bool wired);
/* Makes the page table that an address needs; false when no memory for it is to be had. */
bool pmap_make_table(struct pmap *pmap, vm_offset_t address);
/* The same as pmap_enter() for device memory, uncached, that has no struct page. */
bool pmap_enter_device(struct pmap *pmap, vm_offset_t address, uint64_t physical,
                       vm_prot_t protection);
/* Removes all mappings in [start, end); dirty and referenced bits go to the pages. */
void pmap_remove(struct pmap *pmap, vm_offset_t start, vm_offset_t end);
/* Lowers the protection of mappings in [start, end). */
void pmap_protect(struct pmap *pmap, vm_offset_t start, vm_offset_t end, vm_prot_t protection);

/* Every mapping of the page loses all access but the given; VM_PROT_NONE removes them. Harvests. */
void pmap_page_protect(struct page *page, vm_prot_t protection);
/* The same for one of many pages, with an access that is not NONE: other processors may use the old one until
   pmap_flush(), which comes before any sleep. */
void pmap_page_restrict(struct page *page, vm_prot_t protection);
void pmap_flush(void);
/* Moves the hardware's dirty and referenced bits of all mappings into page->dirty, ->referenced and
   clears them there. Other processors forget their translations before the lock is dropped: who
   makes a page clean takes write access away first. */
void pmap_harvest(struct page *page);
bool pmap_page_mapped(const struct page *page);

/* Physical address behind a kernel or user address, or 0. */
uint64_t pmap_extract(struct pmap *pmap, vm_offset_t address);
/* Where the kernel sees the byte at a user address that is mapped with such access; NULL: it is not,
   or shows a device. The page counts as accessed so. */
void *pmap_access(struct pmap *pmap, vm_offset_t address, vm_prot_t access);

/* Kernel half: used by kmem for stacks and device memory. */
bool pmap_kernel_enter(vm_offset_t address, uint64_t physical, vm_prot_t protection, bool cached);
/* Removes one mapping. The frame may have another use only after pmap_kernel_flush(). */
void pmap_kernel_remove(vm_offset_t address);
