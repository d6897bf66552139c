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

/* A range to be added. */
struct addition {
    vm_offset_t start;
    vm_size_t size;
    struct vm_object *object;
    vm_offset_t offset;
    bool needs_copy, device;
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
};

/* The addition beside this entry would differ in nothing but its range. */
static bool untouched_alike(const struct vm_map_entry *entry, const struct addition *addition)
{
    return !entry->object && !entry->device && entry->wired_count == 0 &&
           entry->protection == addition->protection &&
           entry->max_protection == addition->max_protection &&
           entry->inheritance == addition->inheritance && entry->behavior == 0;
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
static bool merge(struct vm_map *map, const struct addition *addition,
                  struct vm_map_entry *previous)
{
    vm_offset_t end = addition->start + addition->size;
    struct vm_map_entry *next = vm_map_next_entry(map, previous);
    bool below = previous && previous->end == addition->start &&
                 untouched_alike(previous, addition);
    bool above = next && next->start == end && untouched_alike(next, addition);

    if (below && above) {
        end = next->end;
        vm_map_unlink(map, next);
        vm_map_entry_free(next);
    }
    if (below)
        stretch(map, previous, previous->start, end);
    else if (above)
        stretch(map, next, addition->start, next->end);
    return below || above;
}

/* Makes an entry of its own for the addition, behind `previous`. */
static kern_return_t insert(struct vm_map *map, const struct addition *addition,
                            struct vm_map_entry *previous)
{
    struct vm_map_entry *entry = vm_map_entry_alloc();

    if (!entry)
        return KERN_RESOURCE_SHORTAGE;
    entry->needs_copy = addition->needs_copy;
    entry->shared = addition->device || (addition->object && !addition->needs_copy);
    entry->device = addition->device;
    entry->start = addition->start;
    entry->end = addition->start + addition->size;
    entry->object = addition->object;
    entry->offset = addition->offset;
    entry->protection = addition->protection;
    entry->max_protection = addition->max_protection;
    entry->inheritance = addition->inheritance;
    entry->wired_count = 0;
    entry->behavior = 0;
    entry->wired_end = 0;
    vm_map_link(map, entry, previous);
    return KERN_SUCCESS;
}

/* Brings the range that a caller asks for to whole pages, finds a place and puts it there. */
static kern_return_t add(struct vm_map *map, struct addition *addition, vm_offset_t address,
                         vm_offset_t mask, bool anywhere)
{
    struct vm_map_entry *previous;
    kern_return_t result;

    if (map->dead || addition->size == 0)
        return KERN_INVALID_ARGUMENT;
    if (addition->size > map->maximum - map->minimum)
        return anywhere ? KERN_NO_SPACE : KERN_INVALID_ADDRESS;
    addition->start = page_trunc(address);
    addition->size = page_round(addition->size);
    result = vm_map_find_space(map, addition->size, mask, anywhere, &addition->start, &previous);
    if (result != KERN_SUCCESS)
        return result;
    if (!addition->object && !addition->device && merge(map, addition, previous))
        return KERN_SUCCESS;
    return insert(map, addition, previous);
}

/* Wires a range that has just been added; takes it out again when that fails, but for the object
   reference, which is the caller's again. */
static kern_return_t wire_new(struct vm_map *map, const struct addition *addition)
{
    kern_return_t result;

    if (addition->protection == VM_PROT_NONE)
        return KERN_SUCCESS;
    if (addition->object)
        vm_object_reference(addition->object);
    result = vm_map_wire(map, addition->start, addition->size, addition->protection);
    if (result != KERN_SUCCESS)
        vm_map_remove(map, addition->start, addition->size);
    else
        vm_object_release(addition->object);
    return result;
}

kern_return_t vm_map_allocate(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                              bool anywhere)
{
    struct addition addition = {
        .size = size,
        .protection = VM_PROT_DEFAULT,
        .max_protection = VM_PROT_ALL,
        .inheritance = VM_INHERIT_DEFAULT,
    };
    kern_return_t result = add(map, &addition, *address, 0, anywhere);

    if (result != KERN_SUCCESS)
        return result;
    *address = addition.start;
    return map->wire_future ? wire_new(map, &addition) : KERN_SUCCESS;
}

kern_return_t vm_map_enter(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                           vm_offset_t mask, bool anywhere, struct vm_object *object,
                           vm_offset_t offset, bool needs_copy, vm_prot_t protection,
                           vm_prot_t max_protection, vm_inherit_t inheritance)
{
    struct addition addition = {
        .size = size,
        .object = object,
        .offset = object ? offset : 0,
        .needs_copy = object && needs_copy,
        .protection = protection,
        .max_protection = max_protection,
        .inheritance = inheritance,
    };
    kern_return_t result = add(map, &addition, *address, mask, anywhere);

    if (result != KERN_SUCCESS)
        return result;
    *address = addition.start;
    return map->wire_future ? wire_new(map, &addition) : KERN_SUCCESS;
}

kern_return_t vm_map_enter_device(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                                  vm_offset_t mask, bool anywhere, uint64_t physical,
                                  vm_prot_t protection, vm_prot_t max_protection,
                                  vm_inherit_t inheritance)
{
    struct addition addition = {
        .size = size,
        .device = true,
        .offset = physical,
        .protection = protection,
        .max_protection = max_protection,
        .inheritance = inheritance,
    };
    kern_return_t result;

    if (!page_aligned(physical) || page_round(physical + size) < physical)
        return KERN_INVALID_ARGUMENT;
    result = add(map, &addition, *address, mask, anywhere);
    if (result == KERN_SUCCESS)
        *address = addition.start;
    return result;
}
