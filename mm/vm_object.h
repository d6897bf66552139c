/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects: the kernel's cache of one memory object, or anonymous memory.
 *
 * This room knows pages by offset, shadows, and the fields that others drive; who talks to managers
 * is mm/association.h, who drops references mm/object_lifetime.h, who finds data mm/fault.h.
 *
 * Kinds:
 *   internal            anonymous memory; gets the default pager when first paged out
 *   external            the cache of a manager's memory object
 * Association (external, or internal once the default pager has it), spec/emmi.md 3:
 *   NONE -> WAIT_READY (init queued) -> READY -> TERMINATING -> NONE (object dies)
 *   DETACHED: memory_object_destroy or the manager's death; resident pages still serve, absent ones
 *   fault with KERN_MEMORY_FAILURE.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/machine/vm_types.h>
#include <mach/memory_object.h>

#include "kernel/list.h"
#include "kernel/panic.h"
#include "kernel/wait.h"
#include "mm/page.h"
#include "mm/radix.h"

struct kept_pages;
struct port;
struct task;

enum association { ASSOCIATION_NONE, ASSOCIATION_WAIT_READY, ASSOCIATION_READY,
                   ASSOCIATION_TERMINATING, ASSOCIATION_DETACHED };

struct vm_object {
    uint32_t references;          /* map entries, shadows, copies in messages, operations */
    bool alive;                   /* false once termination has begun */
    bool internal;
    bool temporary;               /* contents need not outlive the last mapping */
    bool may_cache;
    bool copy_source;             /* internal and shared by inheritance: copied page by page */
    bool pageout_transport;       /* carries pages to a manager: never merged or shadow-copied */
    bool use_old_pageout;         /* data_write instead of data_return, D-12 */
    bool copy_reusable;           /* a copy object that no entry writes: further copies may show it */
    bool adopted;                 /* external, its manager is dead: the default pager keeps its pages
                                     (D-23); what that one does not have is lost */
    bool termination_wanted;      /* terminate is sent when paging_in_progress ends */

    /* Pages by offset: a radix tree, depth by the largest offset in use. */
    struct radix pages;
    uint32_t resident_count;      /* slots in use, placeholders included */
    uint32_t absent_count;        /* slots REQUESTED (external) */
    uint32_t wired_count;         /* wired pages */

    vm_size_t size;               /* bytes; a hint for external objects: largest mapped extent */
    struct vm_object *shadow;     /* owns a reference; where to look for what is not here */
    vm_offset_t shadow_offset;    /* offset of this object's byte 0 in the shadow */
    uint32_t shadowed_by;         /* objects whose shadow this one is */
    struct vm_object *copy;       /* no reference: the copy object right in front of this one, which
                                     holds one by its shadow (mm/copy_object.h), or NULL */

    /* The manager's side. */
    enum association association;
    struct port *pager;           /* send right on the memory object port, or NULL */
    struct port *control;         /* kernel-held receive right, or NULL */
    struct port *name;            /* kernel-held receive right, or NULL */
    vm_offset_t paging_offset;    /* offset of byte 0 in the memory object (after collapse) */
    struct kept_pages *kept;      /* what its manager could not be given (mm/kept_pages.h), or NULL */
    struct task *owed_by;         /* transport: the manager that keeps its pages (a reference), or NULL */
    memory_object_copy_strategy_t copy_strategy;
    uint32_t cluster_pages;       /* power of two */
    uint8_t behavior;             /* vm_behavior_t of the mapping that faults: how to read ahead */
    uint32_t window_pages;        /* internal: pages in the next request, if it goes on where the */
    vm_offset_t window_end;       /* last one ended: grows up to cluster_pages */
    uint32_t paging_in_progress;  /* operations that need the association to stay */
    struct wait_queue ready_waiters;   /* for READY, or its failure */
    struct wait_queue absent_waiters;  /* for room below the outstanding-request limit */
    struct list pending_replies;  /* lock_request replies that wait for unwiring, D-21 */
    struct list sync_requests;    /* vm_msync: what the manager is to confirm (mm/synchronize.c) */

    uint16_t supply_number;       /* of the last supply that wanted a completion */
    struct list_node work_link;   /* in the reaper's list (mm/object_lifetime.c) */

    struct list_node cache_link;  /* in the list of cached (unreferenced) objects */
    struct list_node all_link;    /* in vm_object_list, for the monitor and leak tests */
};

#define VM_OBJECT_ABSENT_MAX 50u  /* outstanding pages per external object */

extern struct list vm_object_list;
extern uint32_t vm_object_count;

void vm_object_init(void);
/* A new internal object, one reference, no pages; NULL when memory is short. */
struct vm_object *vm_object_create(vm_size_t size);
void vm_object_reference(struct vm_object *object);
/* Frees the structure: no references, no pages, no ports, no shadow left. */
void vm_object_free(struct vm_object *object);

/* The page or placeholder in a slot, or NULL. */
static inline struct page *vm_object_page(const struct vm_object *object, vm_offset_t offset)
{
    /* The tree notes where it was used last: no change that a user of the object could tell. */
    return radix_lookup((struct radix *)&object->pages, offset >> PAGE_SHIFT_BITS);
}
/* The first page at or above offset and below end, or NULL: walks what is there, not the range. */
static inline struct page *vm_object_next_page(const struct vm_object *object, vm_offset_t offset,
                                               vm_offset_t end)
{
    uint64_t index = offset >> PAGE_SHIFT_BITS;
    struct page *page;

    if (offset >= end)
        return NULL;
    page = radix_next((struct radix *)&object->pages, &index);
    return page && page->offset < end ? page : NULL;
}
/*
 * A walk over a range: the next page at or above *at, which moves on behind it; NULL at the end. The body of the
 * loop may take the page away, or sleep.
 */
static inline struct page *vm_object_walk(const struct vm_object *object, vm_offset_t *at,
                                          vm_offset_t end)
{
    struct page *page = vm_object_next_page(object, *at, end);

    if (page)
        *at = page->offset + PAGE_BYTES != 0 ? page->offset + PAGE_BYTES : end;
    return page;
}
/* Puts a page into an empty slot; false (nothing changed) when there is no memory for tree nodes. */
static inline bool vm_object_insert(struct vm_object *object, vm_offset_t offset, struct page *page)
{
    assert(!page->object && page_aligned(offset));
    if (!radix_insert(&object->pages, offset >> PAGE_SHIFT_BITS, page))
        return false;
    page->object = object;
    page->offset = offset;
    object->resident_count++;
    object->wired_count += page->wire_count > 0;
    return true;
}

/* The slot itself, or NULL. */
static inline void **vm_object_slot(struct vm_object *object, vm_offset_t offset)
{
    return radix_slot(&object->pages, offset >> PAGE_SHIFT_BITS);
}
/* Exchanges the page in a used slot for another; cannot fail. The old one belongs to the caller. */
static inline void vm_object_replace(void **slot, struct page *page)
{
    struct page *old = *slot;
    struct vm_object *object = old->object;

    assert(!page->object);
    *slot = page;
    page->object = object;
    page->offset = old->offset;
    old->object = NULL;
    object->wired_count += (page->wire_count > 0) - (old->wire_count > 0);
}
/* Takes a page out of its slot; it then belongs to the caller, still mapped and queued as it was. */
static inline void vm_object_remove(struct page *page)
{
    struct vm_object *object = page->object;

    assert(object->resident_count > 0);
    radix_remove(&object->pages, page->offset >> PAGE_SHIFT_BITS);
    object->resident_count--;
    object->wired_count -= page->wire_count > 0;
    page->object = NULL;
}
/* Moves a page to an empty slot of another object, still mapped and queued as it was. False, nothing changed:
   memory is short. */
bool vm_object_move(struct page *page, struct vm_object *object, vm_offset_t offset);
/* Unmaps, unqueues and frees a page or placeholder together with its slot; wakes its waiters. */
void vm_object_free_page(struct page *page);

/* paging_in_progress: pins association and ports over one operation. */
void vm_object_paging_begin(struct vm_object *object);
void vm_object_paging_end(struct vm_object *object);

/* Makes *object a new internal object in front of the old one, which keeps its reference as the new
   one's shadow; *offset becomes 0. False when memory is short, nothing changed. */
bool vm_object_shadow(struct vm_object **object, vm_offset_t *offset, vm_size_t length);
