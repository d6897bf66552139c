/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proxies (mach4 4010, 4011), with GNU Mach's results.
 *
 * A proxy of a proxy holds what is behind that one, with the narrower range and protection of both: so
 * look-up and end are one step, however many are made of each other (H-32).
 */
#include "mm/proxy.h"

#include <mig/mach4_server.h>

#include "ipc/port.h"
#include "kernel/task.h"
#include "mm/kmem.h"
#include "mm/object_lifetime.h"
#include "mm/vm_map.h"
#include "mm/vm_map_fork.h"
#include "mm/vm_object.h"

#define PROXIES_MAX 65536u

static struct kmem_cache proxy_cache;

void proxy_init(void)
{
    kmem_cache_init(&proxy_cache, "proxies", sizeof(struct proxy_target), 0, PROXIES_MAX);
}

bool proxy_lookup(struct port *port, struct proxy_target *target)
{
    const struct proxy_target *proxy = port_kobject(port, KOBJECT_MEMORY_PROXY);

    if (proxy)
        *target = *proxy;
    return proxy != NULL;
}

static void target_release(const struct proxy_target *target)
{
    port_release_send(target->memory_object);
    vm_object_release(target->object);
}

void proxy_no_senders(struct port *port)
{
    struct proxy_target *proxy = port->kobject;
    struct proxy_target target = *proxy;

    port_destroy_kernel(port);
    kmem_cache_free(&proxy_cache, proxy);
    target_release(&target);
}

/* Makes a proxy, which takes over right or reference on success; *port is a send right. */
static kern_return_t create(const struct proxy_target *target, struct port **result)
{
    struct proxy_target *proxy = kmem_cache_alloc(&proxy_cache);
    struct port *port;

    if (!proxy)
        return KERN_RESOURCE_SHORTAGE;
    *proxy = *target;
    port = port_create_kernel(KOBJECT_MEMORY_PROXY, proxy);
    if (!port) {
        kmem_cache_free(&proxy_cache, proxy);
        return KERN_RESOURCE_SHORTAGE;
    }
    /* The kernel asks itself to be told when the last send right goes: kobject_serve() hears it. */
    port->no_senders_request = port_make_send_once(port);
    *result = port_make_send(port);
    return KERN_SUCCESS;
}

/* Narrows a target to what another proxy, behind which it lies, allows. */
static void narrow(struct proxy_target *target, const struct proxy_target *inner)
{
    vm_size_t rest = target->start < inner->length ? inner->length - target->start : 0;

    target->memory_object = inner->memory_object;
    target->object = inner->object;
    target->protection &= inner->protection;
    if (target->length > rest)
        target->length = rest;
    target->start = rest > 0 ? inner->start + target->start : inner->start;
}

/* A proxy of the port that a right names; the right is the caller's still. */
static kern_return_t create_for_port(struct port *right, vm_prot_t max_protection, vm_offset_t start,
                                     vm_size_t length, struct port **proxy)
{
    struct proxy_target target = {
        .memory_object = right,
        .protection = max_protection & VM_PROT_ALL,
        .start = start,
        .length = length,
    };
    struct proxy_target inner;
    kern_return_t result;

    if (proxy_lookup(right, &inner))
        narrow(&target, &inner);
    target.memory_object = port_copy_send(target.memory_object);
    if (target.memory_object == PORT_DEAD) /* it died behind the other proxy */
        return KERN_INVALID_NAME;
    if (target.object)
        vm_object_reference(target.object);
    result = create(&target, proxy);
    if (result != KERN_SUCCESS)
        target_release(&target);
    return result;
}

/*
 * One object alone may be behind a proxy, from the proxy's offset 0 on. Consumes its right on success.
 * KERN_INVALID_TASK; KERN_INVALID_ARGUMENT: other numbers, offsets, a range that wraps;
 * KERN_INVALID_NAME: null or dead; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t memory_object_create_proxy(ipc_space_t space, vm_prot_t max_protection,
                                         memory_object_array_t objects,
                                         mach_msg_type_number_t object_count,
                                         rpc_vm_offset_array_t offsets,
                                         mach_msg_type_number_t offset_count,
                                         rpc_vm_offset_array_t starts,
                                         mach_msg_type_number_t start_count,
                                         rpc_vm_size_array_t lengths,
                                         mach_msg_type_number_t length_count, ipc_port_t *proxy)
{
    kern_return_t result;

    if (!space)
        return KERN_INVALID_TASK;
    if (object_count != 1 || offset_count != 1 || start_count != 1 || length_count != 1)
        return KERN_INVALID_ARGUMENT;
    if (!PORT_VALID(objects[0]))
        return KERN_INVALID_NAME;
    if (offsets[0] != 0 || starts[0] + lengths[0] < starts[0])
        return KERN_INVALID_ARGUMENT;
    result = create_for_port(objects[0], max_protection, starts[0], lengths[0], proxy);
    if (result == KERN_SUCCESS)
        port_release_send(objects[0]);
    return result;
}

/*
 * A proxy of the region at the address, or the next one above: from the address on, for as long as the
 * region goes on. KERN_INVALID_ARGUMENT: no task, longer than the region, a device; KERN_NO_SPACE: there
 * is no region; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_region_create_proxy(task_t task, vm_address_t address, vm_prot_t max_protection,
                                     vm_size_t length, ipc_port_t *proxy)
{
    struct proxy_target target = {0};
    struct vm_map_entry *entry;
    kern_return_t result;

    if (!task)
        return KERN_INVALID_ARGUMENT;
    entry = vm_map_first_entry(task->map, address);
    if (!entry)
        return KERN_NO_SPACE;
    if (length > entry->end - entry->start || entry->device)
        return KERN_INVALID_ARGUMENT;
    if (address < entry->start)
        address = entry->start;
    if (length > entry->end - address)
        length = entry->end - address;
    result = vm_map_entry_share(task->map, entry);
    if (result != KERN_SUCCESS)
        return result;
    target.start = entry->offset + (address - entry->start);
    target.length = length;
    target.protection = max_protection & entry->max_protection;
    if (!entry->object->internal && entry->object->pager)
        return create_for_port(entry->object->pager, target.protection, target.start, length, proxy);
    target.object = entry->object;
    vm_object_reference(target.object);
    result = create(&target, proxy);
    if (result != KERN_SUCCESS)
        vm_object_release(target.object);
    return result;
}
