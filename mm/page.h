/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical pages.
 *
 * Every frame has a struct page; it is on at most one queue. A page belongs to one object (object,
 * offset) or to none (free, kernel memory, on its way in a message). Placeholders are pages without
 * a frame (fictitious) that stand in an object's slot for data that has been asked for.
 *
 * Slot states (spec/emmi.md 4):
 *   REQUESTED    busy, absent, fictitious (external) or with a reserved frame (internal)
 *   UNAVAILABLE  absent, not busy, fictitious
 *   RESIDENT     a frame with data; clean, dirty, precious
 *   RETURNING    busy placeholder while the frame leaves for its manager
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

#include "kernel/list.h"
#include "kernel/wait.h"

#define PAGE_SHIFT_BITS 12
#define PAGE_BYTES ((vm_size_t)4096)
#define PAGE_MASK (PAGE_BYTES - 1)
#define page_trunc(address) ((vm_offset_t)(address) & ~PAGE_MASK)
/* Check for wrap before rounding: page_round(~0) is 0. */
#define page_round(address) (((vm_offset_t)(address) + PAGE_MASK) & ~PAGE_MASK)
#define page_aligned(address) (((vm_offset_t)(address) & PAGE_MASK) == 0)

struct boot_info;
struct pmap;
struct vm_object;

enum page_queue { PAGE_QUEUE_NONE, PAGE_QUEUE_FREE, PAGE_QUEUE_ACTIVE, PAGE_QUEUE_INACTIVE };

/* One mapping of a page; the first is inside the page, more come from a cache (mm/pmap.c). */
struct page_mapping {
    struct pmap *pmap; /* NULL: unused */
    vm_offset_t address;
    struct page_mapping *next;
};

struct page {
    struct list_node queue_link;
    struct vm_object *object;
    vm_offset_t offset;               /* in the object, bytes, page aligned */
    struct page_mapping mapping;
    uint32_t frame;                   /* physical address >> 12; PAGE_NO_FRAME when fictitious */
    uint16_t wire_count;
    uint8_t queue;                    /* enum page_queue */
    uint16_t supply_pending;          /* number of the supply whose completion is not queued yet: not
                                         evictable until then (D-33); 0: none */
    vm_prot_t lock : 8;               /* access that its manager prohibits */
    vm_prot_t unlock_request : 8;     /* access asked for by data_unlock and not answered yet */

    bool busy : 1;                    /* slot pinned by an operation; others wait on the page */
    bool absent : 1;                  /* no data: REQUESTED when busy, UNAVAILABLE when not */
    bool needs_push : 1;              /* a copy object shows it: gets it before it is written */
    bool returning : 1;               /* RETURNING placeholder */
    bool fictitious : 1;
    bool dirty : 1;                   /* harvested from hardware, see pmap_harvest() */
    bool referenced : 1;
    bool precious : 1;
    bool wanted : 1;                  /* somebody sleeps on it: page_wake() has work */
    bool flush_pending : 1;           /* a flush waits for its unwiring, D-21 */
    bool laundry : 1;                 /* in flight to the default pager; counted until freed */
    bool external_laundry : 1;        /* in flight to another manager */
    bool kernel : 1;                  /* kernel memory or page table */
    bool re_requested : 1;            /* REQUESTED, and asked for a second time, D-10 */
};

#define PAGE_NO_FRAME UINT32_MAX
/* Frames that one step of a fault may take: who found too little waits until so many are there above
   the reserve. Below free_min. */
#define PAGE_WAIT_MARGIN 8u

/* Counts kept as pages move; vm_statistics reads them. */
struct page_counts {
    uint32_t total, free, active, inactive, wired;
    uint32_t laundry, external_laundry;
    uint32_t zero_fills, reactivations, pageins, pageouts, faults, cow_faults, lookups, hits;
};
extern struct page_counts page_counts;

/* Levels, in frames; one table, asserted in order (V-11). */
struct page_levels {
    uint32_t reserved_really; /* below, with laundry > 0: page-out stops sending */
    uint32_t reserved_internal; /* below: external managers are not relied on */
    uint32_t reserved;        /* below: only privileged threads allocate */
    uint32_t plenty;          /* above: an allocation looks no further; `reserved`, or no number (failure.h) */
    uint32_t free_min;        /* below: page-out starts */
    uint32_t free_target;     /* page-out stops */
    uint32_t wired_max;       /* vm_wire refuses beyond */
};
extern struct page_levels page_levels;

/* Takes over all memory that boot left. */
void page_bootstrap(const struct boot_info *info);

/* The current thread may draw on reserves; so may everything before there are threads. */
bool page_privileged(void);
/* A frame with unknown contents, on no queue, in no object; never sleeps. NULL: below the reserve (for privileged
   threads: none is left). */
struct page *page_alloc(void);
/* Clears a page's frame. */
void page_zero(struct page *page);
void page_copy(struct page *from, struct page *to);
/* Frees a frame or a placeholder that is in no object and unmapped; wakes allocators. */
void page_free(struct page *page);
/* Physically contiguous frames, wired, for devices and kernel stacks; NULL when there are none.
   Below physical address limit, aligned to align bytes (power of two). */
struct page *page_alloc_contiguous(uint32_t pages, uint64_t limit, uint64_t align);
/* Sleeps until the caller may allocate; WAIT_INTERRUPTED when interrupted. The predicate may be false
   again when it returns. */
wait_result_t page_wait_for_memory(enum wait_mode mode);
/* Makes all who sleep for memory look again (page-out gave up, or caught up). */
void page_wake_waiters(void);
/* A placeholder for a slot; from a bounded pool (R11); NULL when it is used up. */
struct page *page_alloc_fictitious(void);
/* Sleeps until a placeholder was given back. */
wait_result_t page_wait_for_fictitious(enum wait_mode mode);

/* Queues; the page is unwired and has a frame. */
void page_activate(struct page *page);
void page_deactivate(struct page *page);
/* Takes the page off its queue, if any. */
void page_unqueue(struct page *page);
/* Wired pages are on no queue. page_unwire puts it on the active queue at zero. */
void page_wire(struct page *page);
void page_unwire(struct page *page);
struct list *page_queue_list(enum page_queue queue);

/* Ends busy and wakes all who sleep on the page, with the result (0 or an error for all of them). */
void page_wake(struct page *page, wait_result_t result);
/* Sleeps until the busy page changes; the caller restarts its look-up afterwards. */
wait_result_t page_sleep(struct page *page, const struct wait_reason *reason, enum wait_mode mode);

uint64_t page_physical(const struct page *page);
/* Kernel address of the frame's bytes in the direct map. */
void *page_address(const struct page *page);
/* The page of a physical address in RAM, or NULL (device memory). */
struct page *page_of_physical(uint64_t physical);
/* The page behind a direct-map address that page_address() gave. */
struct page *page_of_address(const void *address);
