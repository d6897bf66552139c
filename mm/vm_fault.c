/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to a mapping (spec/vm.md 3, F1, F7, F8, F10, F11).
 *
 * Two cases are common and done without a sleep: the page is there, or the memory is new and is filled
 * with zeros. In all others a reference on the object that the look-up found is held over the sleeps,
 * nothing else. If the map has changed meanwhile, the look-up is done anew: what was found stays
 * resident, so that the second time is short.
 */
#include <mach/vm_behavior.h>

#include "kernel/thread.h"
#include "mm/fault.h"
#include "mm/fault_count.h"
#include "mm/fault_request.h"
#include "mm/object_lifetime.h"
#include "mm/page_trace.h"
#include "mm/pmap.h"
#include "mm/vm_map_lookup.h"
#include "mm/vm_object.h"

/* How far a step brought the fault. */
enum progress {
    PROGRESS_DONE,      /* mapped */
    PROGRESS_NOT_COMMON /* nothing was changed */
};

/* Who goes through memory in order leaves pages behind that are not needed soon. */
static __attribute__((noinline, cold)) void leave_behind(vm_offset_t address,
                                                         const struct vm_map_lookup *lookup)
{
    const struct vm_map_entry *entry = lookup->entry;
    bool up = entry->behavior == VM_BEHAVIOR_SEQUENTIAL;
    struct page *page;

    if (up ? address == entry->start : address + PAGE_BYTES == entry->end)
        return;
    page = vm_object_page(lookup->object,
                          up ? lookup->offset - PAGE_BYTES : lookup->offset + PAGE_BYTES);
    if (!page || page->busy || page->queue != PAGE_QUEUE_ACTIVE)
        return;
    pmap_harvest(page);
    page->referenced = false;
    page_deactivate(page);
}

/* In line: the ordinary fault must not pay for the call. */
static inline __attribute__((always_inline)) bool enter(struct vm_map *map, vm_offset_t address,
                                                        const struct vm_map_lookup *lookup,
                                                        struct page *page, bool writable)
{
    vm_prot_t protection = lookup->protection & ~page->lock;

    if (!writable)
        protection &= ~VM_PROT_WRITE;
    if (lookup->entry->behavior >= VM_BEHAVIOR_SEQUENTIAL)
        leave_behind(address, lookup);
    return pmap_enter(map->pmap, address, page, protection,
                      lookup->wired && page->wire_count > 0);
}

/*
 * A manager's page has come: maps what has come with it in its cluster and is mapped nowhere yet, so that the
 * rest of the cluster does not fault page by page. What is not used is not referenced either. What is mapped can
 * be read: a page that is locked against that is left out.
 */
static void enter_cluster(struct vm_map *map, vm_offset_t address,
                          const struct vm_map_lookup *lookup)
{
    const struct vm_map_entry *entry = lookup->entry;
    vm_size_t bytes = lookup->object->cluster_pages * PAGE_BYTES;
    vm_offset_t at = lookup->offset & ~(bytes - 1), end = at + bytes;

    if (at < entry->offset)
        at = entry->offset;
    if (end - entry->offset > entry->end - entry->start)
        end = entry->offset + (entry->end - entry->start);
    for (; at < end; at += PAGE_BYTES) {
        struct page *page = vm_object_page(lookup->object, at);

        if (page && !page->busy && !page->absent && !(page->lock & VM_PROT_READ) &&
            !pmap_page_mapped(page) &&
            !enter(map, address + (at - lookup->offset), lookup, page, !page->needs_push))
            return;
    }
}

/* A page of zeros in an empty slot that nothing stands behind; NULL: that is not so, or not now. */
static struct page *new_page(struct vm_object *object, vm_offset_t offset)
{
    struct page *page;

    if (object->shadow || object->association != ASSOCIATION_NONE ||
        !(page = page_alloc()))
        return NULL;
    if (!vm_object_insert(object, offset, page)) {
        page_free(page);
        return NULL;
    }
    page_zero(page);
    page->referenced = true;
    page_activate(page);
    fault_count_zero_fill();
    return page;
}

/* The common cases. */
static enum progress try_common(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                                const struct vm_map_lookup *lookup)
{
    struct page *page = vm_object_page(lookup->object, lookup->offset);
    uint8_t event = PORTHOLE_TRACE_FAULT_MAPPED;

    if (!page) {
        page = new_page(lookup->object, lookup->offset);
        event = PORTHOLE_TRACE_FAULT_ZERO;
    }
    if (!page || page->busy || page->absent || page->needs_push || (page->lock & access))
        return PROGRESS_NOT_COMMON;
    if (page->queue == PAGE_QUEUE_INACTIVE) {
        fault_count_reactivation();
        page_activate(page);
    }
    if (!enter(map, address, lookup, page, true))
        return PROGRESS_NOT_COMMON;
    trace(event, 0, (uint64_t)lookup->object, lookup->offset);
    return PROGRESS_DONE;
}

/*
 * Waits for memory for a page table, and has it made. The page itself is there by now, but clean, and page-out
 * may be taking it: if the next try got the page first and then again lacked the table, both would go on so for
 * ever, one frame above the reserve.
 */
static kern_return_t wait_for_table(struct pmap *pmap, vm_offset_t address, enum wait_mode mode)
{
    kern_return_t code;

    do
        code = fault_wait_memory(mode);
    while (code == KERN_SUCCESS && !pmap_make_table(pmap, address));
    return code;
}

/* A manager's object that is read as it is by clusters of a size that are worth to be mapped at once. */
static bool has_clusters(const struct vm_map_lookup *lookup)
{
    return lookup->object->cluster_pages - 2 < VM_OBJECT_ABSENT_MAX && !lookup->object->internal &&
           lookup->entry->behavior == VM_BEHAVIOR_DEFAULT && !lookup->wired;
}

/* Finds or gets the page, which may sleep, and maps it if the map is still what it was. */
static kern_return_t resolve(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                             enum wait_mode mode, const struct vm_map_lookup *lookup, bool *done)
{
    struct page *page;
    bool writable;
    kern_return_t code;

    vm_object_reference(lookup->object);
    lookup->object->behavior = lookup->entry->behavior;
    code = vm_fault_page(lookup->object, lookup->offset, access, mode, &page, &writable);
    if (code == KERN_SUCCESS) {
        page_wake(page, WAIT_AWAKENED);
        if (lookup->version == map->version) {
            *done = enter(map, address, lookup, page, writable);
            if (!*done)
                code = wait_for_table(map->pmap, address, mode);
            else if (has_clusters(lookup))
                enter_cluster(map, address, lookup);
        }
    }
    vm_object_release(lookup->object);
    return code;
}

static kern_return_t enter_device(struct vm_map *map, vm_offset_t address, enum wait_mode mode,
                                  const struct vm_map_lookup *lookup, bool *done)
{
    *done = pmap_enter_device(map->pmap, address, lookup->offset, lookup->protection);
    return *done ? KERN_SUCCESS : fault_wait_memory(mode);
}

/* See fault.h. */
kern_return_t vm_fault(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                       enum wait_mode mode)
{
    kern_return_t code;
    bool done = false;

    trace(PORTHOLE_TRACE_FAULT, thread_current()->fault_pc, address, (uint64_t)access);
    address = page_trunc(address);
    fault_count_fault();
    do {
        struct vm_map_lookup lookup;

        code = vm_map_lookup(map, address, access, &lookup);
        if (code == KERN_RESOURCE_SHORTAGE)
            code = fault_wait_memory(mode);
        else if (code == KERN_SUCCESS && lookup.device)
            code = enter_device(map, address, mode, &lookup, &done);
        else if (code == KERN_SUCCESS &&
                 try_common(map, address, access, &lookup) == PROGRESS_DONE)
            return KERN_SUCCESS;
        else if (code == KERN_SUCCESS)
            code = resolve(map, address, access, mode, &lookup, &done);
    } while (code == KERN_SUCCESS && !done);
    trace(PORTHOLE_TRACE_FAULT_DONE, (uint32_t)code, address, 0);
    return code;
}
