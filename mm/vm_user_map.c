/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_map: a memory object shown in a task's address space.
 */
#include <mig/mach_server.h>

#include "ipc/port.h"
#include "ipc/space.h"
#include "kernel/device_map.h"
#include "kernel/task.h"
#include "mm/association.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/proxy.h"
#include "mm/vm_copy_capture.h"
#include "mm/vm_map.h"
#include "mm/vm_map_enter.h"
#include "mm/vm_object.h"

/* Where and how; what the request says besides the object. */
struct mapping {
    vm_address_t *address;
    vm_size_t size;
    vm_offset_t mask;
    bool anywhere;
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
};

static bool valid(const struct mapping *mapping)
{
    if (mapping->size == 0 || (mapping->max_protection & ~VM_PROT_ALL))
        return false;
    if (mapping->protection & ~mapping->max_protection) /* V-05 */
        return false;
    return mapping->inheritance == VM_INHERIT_SHARE || mapping->inheritance == VM_INHERIT_COPY ||
           mapping->inheritance == VM_INHERIT_NONE;
}

static kern_return_t enter(struct vm_map *map, const struct mapping *mapping,
                           struct vm_object *object, vm_offset_t offset, bool private)
{
    return vm_map_enter(map, mapping->address, mapping->size, mapping->mask, mapping->anywhere,
                        object, offset, private, mapping->protection, mapping->max_protection,
                        mapping->inheritance);
}

/* Maps a piece of physical memory; the port says how much of it and how. */
static kern_return_t map_device(struct vm_map *map, const struct mapping *mapping,
                                struct port *memory_object, vm_offset_t offset)
{
    uint64_t physical;
    vm_size_t available;
    vm_prot_t allowed;

    device_map_lookup(memory_object, &physical, &available, &allowed);
    if (offset > available || mapping->size > available - offset)
        return KERN_INVALID_ARGUMENT;
    if (mapping->protection & ~allowed)
        return KERN_PROTECTION_FAILURE;
    return vm_map_enter_device(map, mapping->address, mapping->size, mapping->mask,
                               mapping->anywhere, physical + offset, mapping->protection,
                               mapping->max_protection & allowed, mapping->inheritance);
}

/* A manager that maps its own object could never make it ready while it waits (D-16, H-44). */
static bool receives(struct task *task, const struct port *port)
{
    return PORT_VALID(port) && port->receiver && space_task(port->receiver) == task;
}

/* Maps an object, or a copy of it as it is now; takes over the reference. May sleep. */
static kern_return_t map_object(struct vm_map *map, const struct mapping *mapping,
                                struct vm_object *object, vm_offset_t offset, bool copy)
{
    struct vm_object *snapshot;
    kern_return_t result;

    if (copy) {
        result = vm_capture_object(object, &offset, page_round(mapping->size), &snapshot);
        vm_object_release(object);
        if (result != KERN_SUCCESS)
            return result;
        object = snapshot;
    }
    result = enter(map, mapping, object, offset, copy);
    if (result != KERN_SUCCESS)
        vm_object_release(object);
    return result;
}

/* Maps a manager's object, as map_object(). */
static kern_return_t map_managed(struct vm_map *map, const struct mapping *mapping,
                                struct port *memory_object, vm_offset_t offset, bool copy)
{
    bool wait = !receives(task_current(), memory_object);
    struct vm_object *object;
    kern_return_t result = association_enter(memory_object, offset + page_round(mapping->size),
                                             wait, &object);

    return result == KERN_SUCCESS ? map_object(map, mapping, object, offset, copy) : result;
}

/* Maps a memory object of any kind but a proxy. The offset is sound. */
static kern_return_t map_real(struct vm_map *map, const struct mapping *mapping,
                              struct port *memory_object, vm_offset_t offset, bool copy)
{
    uint64_t physical;
    vm_size_t available;
    vm_prot_t allowed;

    if (device_map_lookup(memory_object, &physical, &available, &allowed))
        return map_device(map, mapping, memory_object, offset);
    return map_managed(map, mapping, memory_object, offset, copy);
}

/* Maps what is behind a proxy, as far as that allows; a copy may be written. */
static kern_return_t map_proxy(struct vm_map *map, const struct mapping *mapping,
                               const struct proxy_target *target, vm_offset_t offset, bool copy)
{
    struct mapping limited = *mapping;

    if (copy && !(target->protection & VM_PROT_READ))
        return KERN_PROTECTION_FAILURE;
    if (offset > target->length || page_round(mapping->size) > target->length - offset)
        return KERN_INVALID_ARGUMENT;
    offset += target->start;
    if (!page_aligned(offset))
        return KERN_INVALID_ARGUMENT;
    if (!copy) {
        limited.protection &= target->protection;
        limited.max_protection &= target->protection;
    }
    if (!target->object)
        return map_real(map, &limited, target->memory_object, offset, copy);
    vm_object_reference(target->object);
    return map_object(map, &limited, target->object, offset, copy);
}

/* How a request with a memory object is served; borrows the right. */
static kern_return_t map_port(struct vm_map *map, const struct mapping *mapping,
                              struct port *memory_object, vm_offset_t offset, bool copy)
{
    struct proxy_target target;

    if (!page_aligned(offset)) /* V-04 */
        return KERN_INVALID_ARGUMENT;
    if (mapping->size > map->maximum - map->minimum)
        return mapping->anywhere ? KERN_NO_SPACE : KERN_INVALID_ADDRESS;
    if (offset + page_round(mapping->size) < offset)
        return KERN_INVALID_ARGUMENT;
    if (proxy_lookup(memory_object, &target))
        return map_proxy(map, mapping, &target, offset, copy);
    return map_real(map, mapping, memory_object, offset, copy);
}

/*
 * Consumes the memory object right exactly on success. A null one is zero-fill memory. May sleep
 * interruptibly for the manager (D-16). KERN_INVALID_ARGUMENT, KERN_INVALID_OBJECT, KERN_NO_SPACE,
 * KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE, KERN_ABORTED, KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_map(struct vm_map *map, vm_address_t *address, vm_size_t size, vm_address_t mask,
                     boolean_t anywhere, struct port *memory_object, vm_offset_t offset,
                     boolean_t copy, vm_prot_t protection, vm_prot_t max_protection,
                     vm_inherit_t inheritance)
{
    struct mapping mapping = {
        .address = address,
        .size = size,
        .mask = mask,
        .anywhere = anywhere,
        .protection = protection,
        .max_protection = max_protection,
        .inheritance = inheritance,
    };
    kern_return_t result;

    if (!map || map->dead || !valid(&mapping) || memory_object == PORT_DEAD)
        return KERN_INVALID_ARGUMENT;
    if (!memory_object)
        return enter(map, &mapping, NULL, 0, false);
    result = map_port(map, &mapping, memory_object, offset, copy);
    if (result == KERN_SUCCESS)
        port_release_send(memory_object);
    return result;
}
