/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection, inheritance, behavior: first the whole range is checked, then changed.
 */
#include "mm/vm_map_protect.h"

#include "mm/page.h"
#include "mm/pmap.h"

/* Rounds a byte range outward; false if it leaves the map. */
static bool page_range(const struct vm_map *map, vm_offset_t address, vm_size_t size,
                       vm_offset_t *start, vm_offset_t *end)
{
    if (!vm_map_range_valid(map, address, size))
        return false;
    *start = page_trunc(address);
    *end = page_round(address + size);
    return true;
}

/* Whether every entry in the range may get the protection. */
static kern_return_t check_maximum(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                                   vm_prot_t protection)
{
    struct vm_map_entry *entry = vm_map_first_entry(map, start);

    for (; entry && entry->start < end; entry = vm_map_next_entry(map, entry))
        if (protection & ~entry->max_protection)
            return KERN_PROTECTION_FAILURE;
    return KERN_SUCCESS;
}

/* Gives one whole entry its protection. Hardware is only ever tightened here: faults loosen it. */
static void protect_entry(struct vm_map *map, struct vm_map_entry *entry, bool set_maximum,
                          vm_prot_t protection)
{
    vm_prot_t old = entry->protection;

    if (set_maximum) {
        entry->max_protection = protection;
        entry->protection &= protection;
    } else {
        entry->protection = protection;
    }
    if ((old & ~entry->protection) && (entry->object || entry->device))
        pmap_protect(map->pmap, entry->start, entry->end,
                     entry->protection & (entry->needs_copy ? ~VM_PROT_WRITE : VM_PROT_ALL));
}

kern_return_t vm_map_protect(struct vm_map *map, vm_offset_t address, vm_size_t size,
                             bool set_maximum, vm_prot_t protection)
{
    struct vm_map_entry *entry;
    vm_offset_t start, end;
    kern_return_t result;

    if (map->dead || (protection & ~VM_PROT_ALL))
        return KERN_INVALID_ARGUMENT;
    if (!page_range(map, address, size, &start, &end))
        return KERN_INVALID_ADDRESS;
    if (size == 0)
        return KERN_SUCCESS;
    result = check_maximum(map, start, end, protection);
    if (result != KERN_SUCCESS)
        return result;
    result = vm_map_clip_range(map, start, end, &entry);
    if (result != KERN_SUCCESS)
        return result;
    for (; entry && entry->start < end; entry = vm_map_next_entry(map, entry))
        protect_entry(map, entry, set_maximum, protection);
    map->version++;
    return KERN_SUCCESS;
}

/* Changes every entry of the range in what is no matter of hardware. */
static kern_return_t set_each(struct vm_map *map, vm_offset_t address, vm_size_t size, int value,
                              void (*set)(struct vm_map_entry *entry, int value))
{
    struct vm_map_entry *entry;
    vm_offset_t start, end;
    kern_return_t result;

    if (!page_range(map, address, size, &start, &end))
        return KERN_INVALID_ADDRESS;
    if (size == 0)
        return KERN_SUCCESS;
    result = vm_map_clip_range(map, start, end, &entry);
    if (result != KERN_SUCCESS)
        return result;
    for (; entry && entry->start < end; entry = vm_map_next_entry(map, entry))
        set(entry, value);
    return KERN_SUCCESS;
}

static void set_inheritance(struct vm_map_entry *entry, int inheritance)
{
    entry->inheritance = inheritance;
}

kern_return_t vm_map_inherit(struct vm_map *map, vm_offset_t address, vm_size_t size,
                             vm_inherit_t inheritance)
{
    if (map->dead || (inheritance != VM_INHERIT_SHARE && inheritance != VM_INHERIT_COPY &&
                      inheritance != VM_INHERIT_NONE))
        return KERN_INVALID_ARGUMENT;
    return set_each(map, address, size, inheritance, set_inheritance);
}

static void set_behavior(struct vm_map_entry *entry, int behavior)
{
    entry->behavior = (uint8_t)behavior;
}

kern_return_t vm_map_behave(struct vm_map *map, vm_offset_t address, vm_size_t size,
                            vm_behavior_t behavior)
{
    if (map->dead || behavior < VM_BEHAVIOR_DEFAULT || behavior > VM_BEHAVIOR_RSEQNTL)
        return KERN_INVALID_ARGUMENT;
    if (vm_map_check_access(map, address, size, VM_PROT_NONE) != KERN_SUCCESS)
        return KERN_INVALID_ADDRESS;
    return set_each(map, address, size, behavior, set_behavior);
}
