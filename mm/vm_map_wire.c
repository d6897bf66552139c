/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wiring.
 *
 * First every entry of the range is counted as wired (wired_count), then its pages are pinned from the
 * lowest up; wired_end tells how far that got. Finding a page may sleep, and meanwhile anybody may
 * change the map, take the entry apart or wire it too: each part of an entry knows by wired_end which
 * of its pages it has pinned, so nobody has to wait for a wiring under way. Whoever finds on waking
 * that the entry has gone gives up.
 *
 * Invariant: exactly the pages in [start, wired_end) of an entry with wired_count > 0 carry one
 * page_wire() for it.
 */
#include "mm/vm_map_wire.h"

#include <mach/vm_wire.h>

#include "kernel/sched.h"
#include "mm/fault.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/vm_map_lookup.h"
#include "mm/vm_object.h"
#include "mm/vm_shortage.h"

#define PAUSE_PAGES 256u    /* wired without letting others run */

/* What of a map is to be wired. */
struct wiring {
    vm_offset_t start, end;
    vm_prot_t access;
    bool all;           /* vm_wire_all: holes, devices and inaccessible memory are passed over */
};

static bool concerned(const struct wiring *wiring, const struct vm_map_entry *entry)
{
    return !wiring->all || (entry->protection != VM_PROT_NONE && !entry->device);
}

void vm_map_entry_unwire_range(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start,
                               vm_offset_t end)
{
    vm_offset_t last = end < entry->wired_end ? end : entry->wired_end;

    if (!entry->object)
        return;
    for (vm_offset_t at = start; at < last; at += PAGE_BYTES)
        page_unwire(vm_object_page(entry->object, entry->offset + (at - entry->start)));
    /* The hardware mappings count as wired; the next access makes ordinary ones. */
    pmap_remove(map->pmap, start, end);
}

/* Takes back `count` wirings of an entry, or all that there are. */
static void unwire_entry(struct vm_map *map, struct vm_map_entry *entry, uint16_t count)
{
    if (entry->wired_count == 0)
        return;
    if (entry->wired_count > count) {
        entry->wired_count -= count;
        return;
    }
    vm_map_entry_unwire_range(map, entry, entry->start, entry->end);
    entry->wired_count = 0;
    entry->wired_end = 0;
}

/* Takes one wiring back from all that the range is made of now. */
static void undo(struct vm_map *map, const struct wiring *wiring)
{
    struct vm_map_entry *entry = vm_map_first_entry(map, wiring->start);

    for (; entry && entry->start < wiring->end; entry = vm_map_next_entry(map, entry))
        if (concerned(wiring, entry) && entry->start >= wiring->start &&
                entry->end <= wiring->end)
            unwire_entry(map, entry, 1);
}

/* Whether the range may be wired, and how many more pages that pins at most. */
static kern_return_t check(struct vm_map *map, const struct wiring *wiring)
{
    struct vm_map_entry *entry = vm_map_first_entry(map, wiring->start);
    vm_offset_t at = wiring->start;
    vm_size_t pages = 0;

    for (; entry && entry->start < wiring->end; entry = vm_map_next_entry(map, entry)) {
        vm_offset_t end = entry->end < wiring->end ? entry->end : wiring->end;

        if (!wiring->all && entry->start > at)
            return KERN_NO_SPACE;
        if (!wiring->all && (wiring->access & ~entry->protection))
            return KERN_PROTECTION_FAILURE;
        if (entry->wired_count == UINT16_MAX)
            return KERN_RESOURCE_SHORTAGE;
        if (entry->wired_count == 0 && !entry->device && concerned(wiring, entry))
            pages += (end - (entry->start > at ? entry->start : at)) / PAGE_BYTES;
        at = entry->end;
    }
    if (!wiring->all && at < wiring->end)
        return KERN_NO_SPACE;
    if (pages > page_levels.wired_max || page_counts.wired + pages > page_levels.wired_max)
        return KERN_RESOURCE_SHORTAGE;
    return KERN_SUCCESS;
}

/* Counts the wiring in every entry of the range, which is made of whole entries. */
static void count(struct vm_map *map, const struct wiring *wiring)
{
    struct vm_map_entry *entry = vm_map_first_entry(map, wiring->start);

    for (; entry && entry->start < wiring->end; entry = vm_map_next_entry(map, entry)) {
        if (!concerned(wiring, entry))
            continue;
        if (entry->wired_count++ == 0)
            entry->wired_end = entry->device ? entry->end : entry->start;
    }
    map->version++;
}

/* The entry still waits for this very page to be pinned. */
static struct vm_map_entry *still_wanted(struct vm_map *map, vm_offset_t address,
                                         const struct vm_object *object, vm_offset_t offset)
{
    struct vm_map_entry *entry;

    if (map->dead || !vm_map_lookup_entry(map, address, &entry))
        return NULL;
    if (entry->wired_count == 0 || entry->wired_end != address || entry->object != object ||
            entry->offset + (address - entry->start) != offset)
        return NULL;
    return entry;
}

/* Pins a busy page at wired_end of its entry and maps it. */
static kern_return_t pin(struct vm_map *map, struct vm_map_entry *entry, struct page *page,
                         bool writable)
{
    vm_prot_t protection = entry->protection & (writable ? VM_PROT_ALL : ~VM_PROT_WRITE);

    if (page_counts.wired >= page_levels.wired_max || page->wire_count == UINT16_MAX)
        return KERN_RESOURCE_SHORTAGE;
    page_wire(page);
    if (!pmap_enter(map->pmap, entry->wired_end, page, protection & ~page->lock, true)) {
        page_unwire(page);
        return KERN_RESOURCE_SHORTAGE;
    }
    entry->wired_end += PAGE_BYTES;
    return KERN_SUCCESS;
}

/* Finds and pins the next page of an entry being wired; the entry may be gone afterwards. */
static kern_return_t wire_page(struct vm_map *map, struct vm_map_entry *entry, vm_prot_t access)
{
    vm_offset_t address = entry->wired_end, offset;
    struct vm_object *object;
    struct page *page;
    bool writable;
    kern_return_t result = vm_map_entry_own_object(map, entry, true);

    if (result != KERN_SUCCESS)
        return result;
    object = entry->object;
    offset = entry->offset + (address - entry->start);
    /* Anonymous memory is made the entry's own now, so that no later write copies a pinned page. */
    access = object->internal ? VM_PROT_READ | VM_PROT_WRITE
                              : VM_PROT_READ | (access & entry->protection); /* what is mapped can be read */
    vm_object_reference(object);
    result = vm_fault_page(object, offset, access, WAIT_INTERRUPTIBLE, &page, &writable);
    if (result == KERN_SUCCESS) {
        entry = still_wanted(map, address, object, offset);
        if (entry)
            result = pin(map, entry, page, writable);
        page_wake(page, WAIT_AWAKENED);
    }
    vm_object_release(object);
    return result;
}

/* Pins all pages of the counted range. */
static kern_return_t pin_range(struct vm_map *map, const struct wiring *wiring)
{
    vm_offset_t at = wiring->start;
    unsigned tries = 0, steps = 0;

    while (at < wiring->end) {
        struct vm_map_entry *entry = vm_map_first_entry(map, at);
        kern_return_t result;

        if (!entry || entry->start >= wiring->end)
            return wiring->all ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
        if (concerned(wiring, entry) && (entry->wired_count == 0 || entry->start > at) &&
                !wiring->all)
            return KERN_INVALID_ADDRESS;
        if (!concerned(wiring, entry) || entry->wired_count == 0 ||
                entry->wired_end >= entry->end) {
            at = entry->end;
            continue;
        }
        if (++steps % PAUSE_PAGES == 0) {
            sched_yield();
            continue;
        }
        result = wire_page(map, entry, wiring->access);
        if (vm_shortage_wait(result, &tries))
            continue;
        if (result != KERN_SUCCESS)
            return result;
    }
    return KERN_SUCCESS;
}

static kern_return_t wire(struct vm_map *map, const struct wiring *wiring)
{
    struct vm_map_entry *first;
    kern_return_t result = check(map, wiring);

    if (result != KERN_SUCCESS)
        return result;
    result = vm_map_clip_range(map, wiring->start, wiring->end, &first);
    if (result != KERN_SUCCESS)
        return result;
    count(map, wiring);
    result = pin_range(map, wiring);
    if (result != KERN_SUCCESS)
        undo(map, wiring);
    return result;
}

static kern_return_t unwire(struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
    struct wiring wiring = {.start = start, .end = end};
    struct vm_map_entry *first;
    kern_return_t result = check(map, &wiring);

    if (result == KERN_NO_SPACE)
        return result;
    result = vm_map_clip_range(map, start, end, &first);
    if (result != KERN_SUCCESS)
        return result;
    undo(map, &wiring);
    return KERN_SUCCESS;
}

kern_return_t vm_map_wire(struct vm_map *map, vm_offset_t address, vm_size_t size,
                          vm_prot_t access)
{
    struct wiring wiring = {.access = access};

    if (map->dead || (access & ~VM_PROT_ALL))
        return KERN_INVALID_ARGUMENT;
    if (!vm_map_range_valid(map, address, size))
        return KERN_INVALID_ADDRESS;
    if (size == 0)
        return KERN_SUCCESS;
    wiring.start = page_trunc(address);
    wiring.end = page_round(address + size);
    if (access == VM_PROT_NONE)
        return unwire(map, wiring.start, wiring.end);
    return wire(map, &wiring);
}

kern_return_t vm_map_wire_all(struct vm_map *map, int flags)
{
    struct wiring wiring = {.start = map->minimum, .end = map->maximum, .access = VM_PROT_ALL,
                            .all = true};
    kern_return_t result;

    if (map->dead || (flags & ~VM_WIRE_ALL))
        return KERN_INVALID_ARGUMENT;
    if (flags == VM_WIRE_NONE) {
        map->wire_future = false;
        for (struct vm_map_entry *entry = vm_map_first_entry(map, map->minimum); entry;
             entry = vm_map_next_entry(map, entry))
            unwire_entry(map, entry, UINT16_MAX);
        return KERN_SUCCESS;
    }
    if (flags & VM_WIRE_CURRENT) {
        result = wire(map, &wiring);
        if (result != KERN_SUCCESS)
            return result;
    }
    if (flags & VM_WIRE_FUTURE)
        map->wire_future = true;
    return KERN_SUCCESS;
}
