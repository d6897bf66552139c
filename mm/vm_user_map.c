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

static bool valid(const struct mapping *mapping)
{
    if (mapping->size == 0 || (mapping->max_protection & ~VM_PROT_ALL))
        return false;
    if (mapping->protection & ~mapping->max_protection) /* V-05 */
        return false;
    return mapping->inheritance == VM_INHERIT_SHARE || mapping->inheritance == VM_INHERIT_COPY ||
           mapping->inheritance == VM_INHERIT_NONE;
}

/* Maps a piece of physical memory, as far as its port allows. */
static kern_return_t map_device(struct vm_map *map, struct mapping *mapping, uint64_t physical,
                                vm_size_t available, vm_prot_t allowed)
{
    if (mapping->offset > available || mapping->size > available - mapping->offset)
        return KERN_INVALID_ARGUMENT;
    if (mapping->protection & ~allowed)
        return KERN_PROTECTION_FAILURE;
    mapping->device = true;
    mapping->offset += physical;
    mapping->max_protection &= allowed;
    return vm_map_enter(map, mapping);
}

/* A manager that maps its own object could never make it ready while it waits (D-16, H-44). */
static bool receives(struct task *task, const struct port *port)
{
    return PORT_VALID(port) && port->receiver && space_task(port->receiver) == task;
}

/* Maps an object, or a copy of it as it is now; takes over the reference. May sleep. */
static kern_return_t map_object(struct vm_map *map, struct mapping *mapping, struct vm_object *object,
                                bool copy)
{
    kern_return_t result;

    mapping->object = object;
    mapping->needs_copy = copy;
    if (copy) {
        result = vm_capture_object(object, &mapping->offset, page_round(mapping->size),
                                   &mapping->object);
        vm_object_release(object);
        if (result != KERN_SUCCESS)
            return result;
    }
    result = vm_map_enter(map, mapping);
    if (result != KERN_SUCCESS)
        vm_object_release(mapping->object);
    return result;
}

/* Maps a memory object of any kind but a proxy; a manager's as map_object(). The offset is sound. */
static kern_return_t map_real(struct vm_map *map, struct mapping *mapping,
                              struct port *memory_object, bool copy)
{
    struct vm_object *object;
    kern_return_t result;
    uint64_t physical;
    vm_size_t available;
    vm_prot_t allowed;

    if (device_map_lookup(memory_object, &physical, &available, &allowed))
        return map_device(map, mapping, physical, available, allowed);
    result = association_enter(memory_object, mapping->offset + page_round(mapping->size),
                               !receives(task_current(), memory_object), &object);
    return result == KERN_SUCCESS ? map_object(map, mapping, object, copy) : result;
}

/* Maps what is behind a proxy, as far as that allows; a copy may be written. */
static kern_return_t map_proxy(struct vm_map *map, struct mapping *mapping,
                               const struct proxy_target *target, bool copy)
{
    if (copy && !(target->protection & VM_PROT_READ))
        return KERN_PROTECTION_FAILURE;
    if (mapping->offset > target->length ||
        page_round(mapping->size) > target->length - mapping->offset)
        return KERN_INVALID_ARGUMENT;
    mapping->offset += target->start;
    if (!page_aligned(mapping->offset))
        return KERN_INVALID_ARGUMENT;
    if (!copy) {
        mapping->protection &= target->protection;
        mapping->max_protection &= target->protection;
    }
    if (!target->object)
        return map_real(map, mapping, target->memory_object, copy);
    vm_object_reference(target->object);
    return map_object(map, mapping, target->object, copy);
}

/* How a request with a memory object is served; borrows the right. */
static kern_return_t map_port(struct vm_map *map, struct mapping *mapping,
                              struct port *memory_object, bool copy)
{
    struct proxy_target target;

    if (!page_aligned(mapping->offset)) /* V-04 */
        return KERN_INVALID_ARGUMENT;
    if (mapping->size > map->maximum - map->minimum)
        return mapping->anywhere ? KERN_NO_SPACE : KERN_INVALID_ADDRESS;
    if (mapping->offset + page_round(mapping->size) < mapping->offset)
        return KERN_INVALID_ARGUMENT;
    if (proxy_lookup(memory_object, &target))
        return map_proxy(map, mapping, &target, copy);
    return map_real(map, mapping, memory_object, copy);
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
        .start = *address,
        .size = size,
        .mask = mask,
        .anywhere = anywhere,
        .offset = memory_object ? offset : 0,
        .protection = protection,
        .max_protection = max_protection,
        .inheritance = inheritance,
    };
    kern_return_t result;

    if (!map || map->dead || !valid(&mapping) || memory_object == PORT_DEAD)
        return KERN_INVALID_ARGUMENT;
    result = memory_object ? map_port(map, &mapping, memory_object, copy) : vm_map_enter(map, &mapping);
    if (result != KERN_SUCCESS)
        return result;
    *address = mapping.start;
    port_release_send(memory_object);
    return KERN_SUCCESS;
}
