/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to what it shows, for faults (spec/vm.md 3, F1).
 */
#pragma once

#include "mm/page.h"
#include "mm/vm_map.h"

struct vm_map_lookup {
    struct vm_map_entry *entry;        /* valid until the version changes */
    struct vm_object *object;          /* the entry's: to be referenced before a sleep */
    vm_offset_t offset;                /* of the page */
    vm_prot_t protection;              /* most that may be mapped (no write while needs_copy) */
    bool wired;                        /* to be mapped as wired */
    bool device;                       /* object NULL: offset is a physical address */
    uint32_t version;
};

/*
 * Resolves a fault's address: makes the zero-fill object or, for a write, the shadow that is needed.
 * KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE, KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_map_lookup_slowly(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                                   struct vm_map_lookup *result);
static inline kern_return_t vm_map_lookup(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                                          struct vm_map_lookup *result)
{
    struct vm_map_entry *entry = map->hint;

    if (!entry || address < entry->start || address >= entry->end || !entry->object ||
        entry->needs_copy || access & ~entry->protection)
        return vm_map_lookup_slowly(map, address, access, result);
    *result = (struct vm_map_lookup){
        .entry = entry,
        .object = entry->object,
        .offset = entry->offset + (page_trunc(address) - entry->start),
        .protection = entry->protection,
        .wired = entry->wired_count > 0,
        .version = map->version,
    };
    return KERN_SUCCESS;
}

/*
 * Gives the entry an object of its own if it has none or must not write to the one that it has.
 * KERN_RESOURCE_SHORTAGE. The entry is no device.
 */
kern_return_t vm_map_entry_own_object(struct vm_map *map, struct vm_map_entry *entry, bool write);
