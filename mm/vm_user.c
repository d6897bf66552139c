/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to a task's address space: ranges and their attributes (spec/vm.md 1).
 * A task port that names no live task gives no map, or a dead one: KERN_INVALID_ARGUMENT (V-01).
 */
#include <mig/mach_server.h>
#include <mig/vm_osf_server.h>

#include "ipc/port.h"
#include "mm/page.h"
#include "mm/vm_map.h"
#include "mm/vm_map_enter.h"
#include "mm/vm_map_protect.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_object.h"

static bool usable(const struct vm_map *map)
{
    return map && !map->dead;
}

/*
 * Zero-fill memory, private, readable and writable: the lowest gap, or from the page of *address on.
 * Size 0 succeeds with address 0. KERN_NO_SPACE, KERN_INVALID_ADDRESS, KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_allocate(struct vm_map *map, vm_address_t *address, vm_size_t size,
                          boolean_t anywhere)
{
    if (!usable(map))
        return KERN_INVALID_ARGUMENT;
    if (size == 0) {
        *address = 0;
        return KERN_SUCCESS;
    }
    return vm_map_allocate(map, address, size, anywhere);
}

/* Removes what is mapped; holes are fine (V-02). KERN_INVALID_ADDRESS, KERN_RESOURCE_SHORTAGE. */
kern_return_t vm_deallocate(struct vm_map *map, vm_address_t address, vm_size_t size)
{
    if (!usable(map))
        return KERN_INVALID_ARGUMENT;
    return size == 0 ? KERN_SUCCESS : vm_map_remove(map, address, size);
}

kern_return_t vm_protect(struct vm_map *map, vm_address_t address, vm_size_t size,
                         boolean_t set_maximum, vm_prot_t protection)
{
    if (!usable(map))
        return KERN_INVALID_ARGUMENT;
    return size == 0 ? KERN_SUCCESS
                     : vm_map_protect(map, address, size, set_maximum, protection);
}

kern_return_t vm_inherit(struct vm_map *map, vm_address_t address, vm_size_t size,
                         vm_inherit_t inheritance)
{
    if (!usable(map))
        return KERN_INVALID_ARGUMENT;
    return size == 0 ? KERN_SUCCESS : vm_map_inherit(map, address, size, inheritance);
}

/* How the range will be gone through; all of it must be mapped. KERN_INVALID_ADDRESS, KERN_INVALID_ARGUMENT. */
kern_return_t vm_behavior_set(struct vm_map *map, vm_address_t address, vm_size_t size,
                              vm_behavior_t behavior)
{
    return usable(map) ? vm_map_behave(map, address, size, behavior) : KERN_INVALID_ARGUMENT;
}

/* A send right to the name port of what memory comes from in the end; NULL for anonymous memory. */
static struct port *object_name(const struct vm_object *object)
{
    while (object && object->shadow)
        object = object->shadow;
    return object && object->name ? port_make_send(object->name) : NULL;
}

/* The first region at or above *address. KERN_INVALID_ADDRESS when there is none. */
kern_return_t vm_region(struct vm_map *map, vm_address_t *address, vm_size_t *size,
                        vm_prot_t *protection, vm_prot_t *max_protection,
                        vm_inherit_t *inheritance, boolean_t *is_shared, struct port **name,
                        vm_offset_t *offset)
{
    struct vm_map_entry *entry;

    if (!usable(map))
        return KERN_INVALID_ARGUMENT;
    entry = vm_map_first_entry(map, *address);
    if (!entry)
        return KERN_INVALID_ADDRESS;
    *address = entry->start;
    *size = entry->end - entry->start;
    *protection = entry->protection;
    *max_protection = entry->max_protection;
    *inheritance = entry->inheritance;
    *is_shared = entry->shared && (!entry->object || entry->object->references > 1);
    *name = object_name(entry->object);
    *offset = entry->offset;
    return KERN_SUCCESS;
}

/* Caches are coherent on this machine: flushing them succeeds, nothing else exists (V-10). */
kern_return_t vm_machine_attribute(struct vm_map *map, vm_address_t address, vm_size_t size,
                                   vm_machine_attribute_t attribute,
                                   vm_machine_attribute_val_t *value)
{
    if (!usable(map) || attribute != MATTR_CACHE)
        return KERN_INVALID_ARGUMENT;
    if (!vm_map_range_valid(map, address, size))
        return KERN_INVALID_ADDRESS;
    switch (*value) {
    case MATTR_VAL_CACHE_FLUSH:
    case MATTR_VAL_DCACHE_FLUSH:
    case MATTR_VAL_ICACHE_FLUSH:
        return KERN_SUCCESS;
    default:
        return KERN_INVALID_ARGUMENT;
    }
}
