/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adding ranges to maps.
 *
 * Untouched memory beside untouched memory of the same kind becomes one entry: no allocation, and a
 * heap that grows by pieces stays one range. Entries with objects are never merged, so that memory in
 * flight to a manager keeps its own life (H-22).
 */
#include "mm/vm_map_enter.h"

#include "mm/page.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_map_tree.h"
#include "mm/vm_map_wire.h"
#include "mm/object_lifetime.h"
#include "mm/vm_object.h"

/* The mapping beside this entry would differ in nothing but its range. */
static bool untouched_alike(const struct vm_map_entry *entry, const struct mapping *mapping)
{
    return !entry->object && !entry->device && entry->wired_count == 0 &&
           entry->protection == mapping->protection &&
           entry->max_protection == mapping->max_protection &&
           entry->inheritance == mapping->inheritance && entry->behavior == 0;
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

/* Lets a neighbour take over the range; false if none is like it. Allocates nothing. */
static bool merge(struct vm_map *map, const struct mapping *mapping,
                  struct vm_map_entry *previous)
{
    vm_offset_t end = mapping->start + mapping->size;
    struct vm_map_entry *next = vm_map_next_entry(map, previous);
    bool below = previous && previous->end == mapping->start &&
                 untouched_alike(previous, mapping);
    bool above = next && next->start == end && untouched_alike(next, mapping);

    if (below && above) {
        end = next->end;
        vm_map_unlink(map, next);
        vm_map_entry_free(next);
    }
    if (below)
        stretch(map, previous, previous->start, end);
    else if (above)
        stretch(map, next, mapping->start, next->end);
    return below || above;
}

/* Makes an entry of its own for the mapping, behind `previous`. */
static kern_return_t insert(struct vm_map *map, const struct mapping *mapping,
                            struct vm_map_entry *previous)
{
    struct vm_map_entry *entry = vm_map_entry_alloc();

    if (!entry)
        return KERN_RESOURCE_SHORTAGE;
    entry->needs_copy = mapping->needs_copy;
    entry->shared = mapping->device || (mapping->object && !mapping->needs_copy);
    entry->device = mapping->device;
    entry->start = mapping->start;
    entry->end = mapping->start + mapping->size;
    entry->object = mapping->object;
    entry->offset = mapping->offset;
    entry->protection = mapping->protection;
    entry->max_protection = mapping->max_protection;
    entry->inheritance = mapping->inheritance;
    entry->wired_count = 0;
    entry->behavior = 0;
    entry->wired_end = 0;
    vm_map_link(map, entry, previous);
    return KERN_SUCCESS;
}

/* Brings the range that a caller asks for to whole pages, finds a place and puts it there. */
static kern_return_t add(struct vm_map *map, struct mapping *mapping)
{
    struct vm_map_entry *previous;
    kern_return_t result;

    if (map->dead || mapping->size == 0)
        return KERN_INVALID_ARGUMENT;
    if (mapping->size > map->maximum - map->minimum)
        return mapping->anywhere ? KERN_NO_SPACE : KERN_INVALID_ADDRESS;
    mapping->start = page_trunc(mapping->start);
    mapping->size = page_round(mapping->size);
    result = vm_map_find_space(map, mapping->size, mapping->mask, mapping->anywhere, &mapping->start,
                               &previous);
    if (result != KERN_SUCCESS)
        return result;
    if (!mapping->object && !mapping->device && merge(map, mapping, previous))
        return KERN_SUCCESS;
    return insert(map, mapping, previous);
}

/* Wires a range that has just been added; takes it out again when that fails, but for the object
   reference, which is the caller's again. */
static kern_return_t wire_new(struct vm_map *map, const struct mapping *mapping)
{
    kern_return_t result;

    if (mapping->protection == VM_PROT_NONE)
        return KERN_SUCCESS;
    if (mapping->object)
        vm_object_reference(mapping->object);
    result = vm_map_wire(map, mapping->start, mapping->size, mapping->protection);
    if (result != KERN_SUCCESS)
        vm_map_remove(map, mapping->start, mapping->size);
    else
        vm_object_release(mapping->object);
    return result;
}

kern_return_t vm_map_enter(struct vm_map *map, struct mapping *mapping)
{
    kern_return_t result;

    if (mapping->device && (!page_aligned(mapping->offset) ||
                            page_round(mapping->offset + mapping->size) < mapping->offset))
        return KERN_INVALID_ARGUMENT;
    result = add(map, mapping);
    return result == KERN_SUCCESS && map->wire_future && !mapping->device ? wire_new(map, mapping)
                                                                          : result;
}

kern_return_t vm_map_allocate(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                              bool anywhere)
{
    struct mapping mapping = {
        .start = *address,
        .size = size,
        .anywhere = anywhere,
        .protection = VM_PROT_DEFAULT,
        .max_protection = VM_PROT_ALL,
        .inheritance = VM_INHERIT_DEFAULT,
    };
    kern_return_t result = add(map, &mapping);

    if (result != KERN_SUCCESS)
        return result;
    *address = mapping.start;
    return map->wire_future ? wire_new(map, &mapping) : KERN_SUCCESS;
}
