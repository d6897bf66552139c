/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to what it shows.
 */
#include "mm/vm_map_lookup.h"

#include "mm/page.h"
#include "mm/vm_object.h"

/*
 * True when nobody else refers to the object any more: what was copied from it is gone or has moved
 * on, and its owner may write to it.
 */
static bool sole_owner(const struct vm_object *object)
{
    return object->internal && object->references == 1;
}

kern_return_t vm_map_entry_own_object(struct vm_map *map, struct vm_map_entry *entry, bool write)
{
    vm_size_t size = entry->end - entry->start;

    if (!entry->object) {
        entry->object = vm_object_create(size);
        entry->offset = 0;
        return entry->object ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
    }
    if (!write || !entry->needs_copy)
        return KERN_SUCCESS;
    if (!sole_owner(entry->object)) {
        if (!vm_object_shadow(&entry->object, &entry->offset, size))
            return KERN_RESOURCE_SHORTAGE;
        map->version++;
    } else {
        entry->object->copy_reusable = false;
    }
    entry->needs_copy = false;
    return KERN_SUCCESS;
}

kern_return_t vm_map_lookup_slowly(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                                   struct vm_map_lookup *result)
{
    struct vm_map_entry *entry;

    if (!vm_map_lookup_entry(map, address, &entry))
        return KERN_INVALID_ADDRESS;
    if (access & ~entry->protection)
        return KERN_PROTECTION_FAILURE;
    if (!entry->object || entry->needs_copy) {
        kern_return_t made = entry->device ? KERN_SUCCESS
                             : vm_map_entry_own_object(map, entry, access & VM_PROT_WRITE);

        if (made != KERN_SUCCESS)
            return made;
    }
    result->entry = entry;
    result->object = entry->object;
    result->offset = entry->offset + (page_trunc(address) - entry->start);
    result->protection = entry->protection & (entry->needs_copy ? ~VM_PROT_WRITE : VM_PROT_ALL);
    result->wired = entry->wired_count > 0;
    result->device = entry->device;
    result->version = map->version;
    return KERN_SUCCESS;
}
