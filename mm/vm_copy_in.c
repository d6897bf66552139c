/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a map into a copy, the cheapest way that keeps it a snapshot:
 *   moved    private memory that the sender gives away, whole pages: the entries change hands
 *   marked   private memory, whole pages: copied by whoever writes first
 *   copied   everything else, and little pieces, for which marking costs more than it saves
 */
#include "mm/vm_copy_in.h"

#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_capture.h"
#include "mm/vm_map.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_map_wire.h"
#include "mm/vm_object.h"
#include "mm/vm_shortage.h"

/* Up to this many pages are copied at once rather than marked. */
#define COPY_NOW_PAGES 2u

struct range {
    vm_offset_t address, end;           /* the bytes */
    vm_offset_t first_page, last_page;  /* rounded outward: [first_page, last_page) */
};

static bool whole_pages(const struct range *range)
{
    return range->address == range->first_page && range->end == range->last_page;
}

/* The entry is private memory: it may change hands. */
static bool may_move(const struct vm_map_entry *entry)
{
    return !entry->device && !entry->shared && (!entry->object || entry->object->internal);
}

/* All of the range is private memory: its entries may change hands. The range is mapped. */
static bool movable(struct vm_map *map, const struct range *range)
{
    struct vm_map_entry *entry = vm_map_first_entry(map, range->first_page);

    for (; entry && entry->start < range->last_page; entry = vm_map_next_entry(map, entry))
        if (!may_move(entry))
            return false;
    return true;
}

/* Takes one entry out of the map and puts it behind what the copy has. It still is mapped. */
static void move_entry(struct vm_map *map, struct vm_map_entry *entry, struct vm_copy *copy)
{
    if (entry->wired_count > 0)
        vm_map_entry_unwire_range(map, entry, entry->start, entry->end);
    vm_map_unlink(map, entry);
    vm_copy_append(copy, entry);
}

/* The common gift: one whole entry of private memory. NULL if it is not that; then nothing happened. */
static struct vm_copy *move_whole_entry(struct vm_map *map, vm_offset_t start, vm_size_t size)
{
    struct vm_map_entry *entry;
    struct vm_copy *copy;

    if (!vm_map_lookup_entry(map, start, &entry) || entry->start != start ||
            entry->end - start != size || !may_move(entry) || !(entry->protection & VM_PROT_READ))
        return NULL;
    copy = vm_copy_create(start, 0, size);
    if (!copy)
        return NULL;
    if (entry->object)
        pmap_remove(map->pmap, entry->start, entry->end);
    move_entry(map, entry, copy);
    return copy;
}

/* Moves the entries of the range out of the map. Does not sleep. */
static kern_return_t move(struct vm_map *map, const struct range *range, struct vm_copy *copy)
{
    struct vm_map_entry *entry;
    bool touched = false;
    kern_return_t result = vm_map_clip_range(map, range->first_page, range->last_page, &entry);

    if (result != KERN_SUCCESS)
        return result;
    while (entry && entry->start < range->last_page) {
        struct vm_map_entry *next = vm_map_next_entry(map, entry);

        touched |= entry->object != NULL;
        move_entry(map, entry, copy);
        entry = next;
    }
    if (touched)
        pmap_remove(map->pmap, range->first_page, range->last_page);
    return KERN_SUCCESS;
}

/* Marks [start, end), a part of an entry, as copied; `into` gets it. */
static kern_return_t mark_piece(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start,
                                vm_offset_t end, struct vm_map_entry *into)
{
    kern_return_t result;

    if (!entry->object) {
        vm_map_entry_copy_range(into, entry, start, end);
        return KERN_SUCCESS;
    }
    result = vm_map_clip_range(map, start, end, &entry);
    if (result != KERN_SUCCESS)
        return result;
    vm_capture_marked(map, entry, into);
    return KERN_SUCCESS;
}

/* Where the next piece to capture ends, and whether it may be marked instead of copied. */
static vm_offset_t piece_end(const struct range *range, const struct vm_map_entry *entry,
                             vm_offset_t start, bool *mark)
{
    vm_offset_t end = entry->end < range->last_page ? entry->end : range->last_page;

    *mark = vm_capture_can_mark(entry) &&
            (!entry->object ||
             range->last_page - range->first_page > COPY_NOW_PAGES * PAGE_BYTES);
    if (!entry->object || (!*mark && entry->object->internal))
        return end;
    /* Only whole pages are marked, or left to a manager: the first and the last may hold bytes that are
       not to be seen. */
    if (start < range->address) {
        *mark = false;
        return start + PAGE_BYTES;
    }
    if (end > range->end) {
        if (end - PAGE_BYTES > start)
            return end - PAGE_BYTES;
        *mark = false;
    }
    return end;
}

/* Captures one piece from `*at` on, and advances it. */
static kern_return_t capture_piece(struct vm_map *map, const struct range *range, vm_offset_t *at,
                                   struct vm_copy *copy)
{
    struct vm_map_entry *entry, *into;
    vm_offset_t start = *at, end;
    kern_return_t result;
    bool mark;

    if (map->dead || !vm_map_lookup_entry(map, start, &entry))
        return KERN_INVALID_ADDRESS;
    if (!(entry->protection & VM_PROT_READ))
        return KERN_PROTECTION_FAILURE;
    into = vm_map_entry_alloc();
    if (!into)
        return KERN_RESOURCE_SHORTAGE;
    end = piece_end(range, entry, start, &mark);
    if (mark)
        result = mark_piece(map, entry, start, end, into);
    else
        result = vm_capture_pages(entry, start, end, range->address, range->end, into);
    if (result != KERN_SUCCESS) {
        vm_map_entry_free(into);
        return result;
    }
    vm_copy_append(copy, into);
    *at = end;
    return KERN_SUCCESS;
}

static kern_return_t capture(struct vm_map *map, const struct range *range, struct vm_copy *copy)
{
    vm_offset_t at = range->first_page;

    while (at < range->last_page) {
        kern_return_t result = capture_piece(map, range, &at, copy);

        if (result != KERN_SUCCESS)
            return result;
    }
    return KERN_SUCCESS;
}

/* One try of vm_copy_in(); size is not 0. */
static kern_return_t try_copy_in(struct vm_map *map, vm_offset_t address, vm_size_t size,
                                 bool deallocate, struct vm_copy **copy)
{
    struct range range = {.address = address, .end = address + size};
    kern_return_t result;

    *copy = NULL;
    if (map->dead)
        return KERN_INVALID_ARGUMENT;
    if (deallocate && (*copy = move_whole_entry(map, address, size)) != NULL)
        return KERN_SUCCESS;
    result = vm_map_check_access(map, address, size, VM_PROT_READ);
    if (result != KERN_SUCCESS)
        return result;
    range.first_page = page_trunc(address);
    range.last_page = page_round(range.end);
    *copy = vm_copy_create(range.first_page, address - range.first_page, size);
    if (!*copy)
        return KERN_RESOURCE_SHORTAGE;
    if (deallocate && whole_pages(&range) && movable(map, &range)) {
        result = move(map, &range, *copy);
    } else {
        result = capture(map, &range, *copy);
        if (result == KERN_SUCCESS && deallocate)
            result = vm_map_remove(map, address, size);
    }
    if (result != KERN_SUCCESS) {
        vm_copy_discard(*copy);
        *copy = NULL;
    }
    return result;
}

kern_return_t vm_copy_in(struct vm_map *map, vm_offset_t address, vm_size_t size, bool deallocate,
                         struct vm_copy **copy)
{
    unsigned tries = 0;
    kern_return_t result;

    *copy = NULL;
    if (size == 0)
        return KERN_SUCCESS;
    do
        result = try_copy_in(map, address, size, deallocate, copy);
    while (vm_shortage_wait(result, &tries));
    return result;
}
