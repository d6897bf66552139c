/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adding ranges to maps.
 *
 * Untouched memory beside untouched memory of the same kind becomes one entry: no allocation, and a
 * heap that grows by pieces stays one range. Entries with objects are never merged, so that memory in
 * flight to a manager keeps its own life (H-22).
 */
#include "mm/vm_map_enter.h"

#include "kernel/string.h"
#include "mm/page.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_map_tree.h"
#include "mm/vm_map_wire.h"
#include "mm/object_lifetime.h"
#include "mm/vm_object.h"

/* Two entries that lie side by side differ in nothing but their ranges. */
static bool untouched_alike(const struct vm_map_entry *a, const struct vm_map_entry *b)
{
    return !a->object && !b->object && !a->device && !b->device && a->wired_count == 0 &&
           b->wired_count == 0 && a->protection == b->protection &&
           a->max_protection == b->max_protection && a->inheritance == b->inheritance &&
           a->behavior == b->behavior;
}

/* Moves the bounds of an entry outward over free space. */
static void stretch(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start,
                    vm_offset_t end)
{
    map->size += (entry->start - start) + (end - entry->end);
    entry->start = start;
    entry->end = end;
    vm_map_tree_resized(map, entry);
}

/* Lets a neighbour take over the range of `wanted`; false if none is like it. Allocates nothing. */
static bool merge(struct vm_map *map, const struct vm_map_entry *wanted,
                  struct vm_map_entry *previous)
{
    struct vm_map_entry *next = previous ? vm_map_next_entry(map, previous)
                                         : vm_map_first_entry(map, map->minimum);
    bool below = previous && previous->end == wanted->start && untouched_alike(previous, wanted);
    bool above = next && next->start == wanted->end && untouched_alike(next, wanted);

    if (below && above) {
        vm_offset_t end = next->end;

        vm_map_unlink(map, next);
        vm_map_entry_free(next);
        stretch(map, previous, previous->start, end);
    } else if (below) {
        stretch(map, previous, previous->start, wanted->end);
    } else if (above) {
        stretch(map, next, wanted->start, next->end);
    }
    return below || above;
}

/* Puts what `wanted` describes into the map at a free place. */
static kern_return_t place(struct vm_map *map, struct vm_map_entry *wanted, vm_offset_t mask,
                           bool anywhere)
{
    vm_size_t size = wanted->end - wanted->start;
    struct vm_map_entry *previous, *entry;
    kern_return_t result = vm_map_find_space(map, size, mask, anywhere, &wanted->start, &previous);

    if (result != KERN_SUCCESS)
        return result;
    wanted->end = wanted->start + size;
    if (!wanted->object && !wanted->device && merge(map, wanted, previous))
        return KERN_SUCCESS;
    entry = vm_map_entry_alloc();
    if (!entry)
        return KERN_RESOURCE_SHORTAGE;
    *entry = *wanted;
    vm_map_link(map, entry, previous);
    return KERN_SUCCESS;
}

/* Brings the range that a caller asks for to whole pages in wanted->start, ->end. */
static kern_return_t set_range(const struct vm_map *map, struct vm_map_entry *wanted,
                               vm_offset_t address, vm_size_t size, bool anywhere)
{
    if (map->dead || size == 0)
        return KERN_INVALID_ARGUMENT;
    if (size > map->maximum - map->minimum)
        return anywhere ? KERN_NO_SPACE : KERN_INVALID_ADDRESS;
    wanted->start = anywhere ? 0 : page_trunc(address);
    wanted->end = wanted->start + page_round(size);
    return KERN_SUCCESS;
}

/* Wires a range that has just been added; takes it out again when that fails. */
static kern_return_t wire_new(struct vm_map *map, const struct vm_map_entry *wanted)
{
    vm_size_t size = wanted->end - wanted->start;
    kern_return_t result;

    if (!map->wire_future || wanted->protection == VM_PROT_NONE || wanted->device)
        return KERN_SUCCESS;
    result = vm_map_wire(map, wanted->start, size, wanted->protection);
    if (result != KERN_SUCCESS)
        vm_map_remove(map, wanted->start, size);
    return result;
}

kern_return_t vm_map_enter(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                           vm_offset_t mask, bool anywhere, struct vm_object *object,
                           vm_offset_t offset, bool needs_copy, vm_prot_t protection,
                           vm_prot_t max_protection, vm_inherit_t inheritance)
{
    struct vm_map_entry wanted = {
        .object = object,
        .offset = object ? offset : 0,
        .needs_copy = object && needs_copy,
        .shared = object && !needs_copy,
        .protection = protection,
        .max_protection = max_protection,
        .inheritance = inheritance,
    };
    kern_return_t result = set_range(map, &wanted, *address, size, anywhere);

    if (result != KERN_SUCCESS)
        return result;
    result = place(map, &wanted, mask, anywhere);
    if (result != KERN_SUCCESS)
        return result;
    *address = wanted.start;
    if (!map->wire_future)
        return KERN_SUCCESS;
    if (object)
        vm_object_reference(object);   /* the caller's, should the wiring fail */
    result = wire_new(map, &wanted);
    if (object && result == KERN_SUCCESS)
        vm_object_release(object);
    return result;
}

kern_return_t vm_map_enter_device(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                                  vm_offset_t mask, bool anywhere, uint64_t physical,
                                  vm_prot_t protection, vm_prot_t max_protection,
                                  vm_inherit_t inheritance)
{
    struct vm_map_entry wanted = {
        .device = true,
        .shared = true,
        .offset = physical,
        .protection = protection,
        .max_protection = max_protection,
        .inheritance = inheritance,
    };
    kern_return_t result = set_range(map, &wanted, *address, size, anywhere);

    if (result != KERN_SUCCESS)
        return result;
    if (!page_aligned(physical) || physical + (wanted.end - wanted.start) < physical)
        return KERN_INVALID_ARGUMENT;
    result = place(map, &wanted, mask, anywhere);
    if (result == KERN_SUCCESS)
        *address = wanted.start;
    return result;
}
