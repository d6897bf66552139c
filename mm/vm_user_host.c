/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests about memory that need the host's privilege, and statistics.
 */
#include <mig/gnumach_server.h>
#include <mig/mach_host_server.h>
#include <mig/mach_server.h>

#include "ipc/port.h"
#include "kernel/kobject.h"
#include "mm/manager.h"
#include "mm/page.h"
#include "mm/vm_map.h"
#include "mm/vm_map_wire.h"
#include "mm/vm_object.h"

#define UNPRIVILEGED_WIRED (8u << 20) /* bytes */
#define BACKLOG_MAX 256u              /* messages at a manager, beyond which a name sends it no pages */

static bool privileged(struct port *host)
{
    return port_kobject(host, KOBJECT_HOST_PRIV);
}

/* Either of the host's ports. */
static bool is_host(struct port *host)
{
    return privileged(host) || port_kobject(host, KOBJECT_HOST);
}

/* Address space that is wired, in bytes. */
static vm_size_t wired_size(struct vm_map *map)
{
    vm_size_t size = 0;

    list_for_each(&map->entries, node) {
        const struct vm_map_entry *entry = list_entry(node, struct vm_map_entry, link);

        if (entry->wired_count > 0)
            size += entry->end - entry->start;
    }
    return size;
}

/*
 * Wires or (VM_PROT_NONE) unwires; with the plain host port up to UNPRIVILEGED_WIRED of a task.
 * KERN_INVALID_HOST, KERN_INVALID_TASK, KERN_NO_ACCESS: more than that; as vm_map_wire().
 */
kern_return_t vm_wire(struct port *host, struct vm_map *map, vm_address_t address, vm_size_t size,
                      vm_prot_t access)
{
    if (!is_host(host))
        return KERN_INVALID_HOST;
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    if (access != VM_PROT_NONE && !privileged(host) &&
        (size > UNPRIVILEGED_WIRED || wired_size(map) + size > UNPRIVILEGED_WIRED))
        return KERN_NO_ACCESS;
    return vm_map_wire(map, address, size, access);
}

/* KERN_INVALID_HOST, KERN_INVALID_TASK, as vm_map_wire_all(). */
kern_return_t vm_wire_all(struct port *host, struct vm_map *map, vm_wire_t flags)
{
    if (!privileged(host))
        return KERN_INVALID_HOST;
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    return vm_map_wire_all(map, flags);
}

kern_return_t vm_statistics(struct vm_map *map, vm_statistics_data_t *statistics)
{
    if (!map)
        return KERN_INVALID_ARGUMENT;
    *statistics = (vm_statistics_data_t){
        .pagesize = PAGE_BYTES,
        .free_count = (integer_t)page_counts.free,
        .active_count = (integer_t)page_counts.active,
        .inactive_count = (integer_t)page_counts.inactive,
        .wire_count = (integer_t)page_counts.wired,
        .zero_fill_count = (integer_t)page_counts.zero_fills,
        .reactivations = (integer_t)page_counts.reactivations,
        .pageins = (integer_t)page_counts.pageins,
        .pageouts = (integer_t)page_counts.pageouts,
        .faults = (integer_t)page_counts.faults,
        .cow_faults = (integer_t)page_counts.cow_faults,
        .lookups = (integer_t)page_counts.lookups,
        .hits = (integer_t)page_counts.hits,
    };
    return KERN_SUCCESS;
}

/* Counts a queue's pages by the kind of object they are in. */
static void count_queue(enum page_queue queue, integer_t *temporary, integer_t *permanent,
                        integer_t *dirty)
{
    list_for_each(page_queue_list(queue), node) {
        const struct page *page = list_entry(node, struct page, queue_link);

        if (!page->object || page->object->temporary)
            ++*temporary;
        else
            ++*permanent;
        if (page->dirty)
            ++*dirty;
    }
}

/* What is cached. `dirty` is as known so far: the hardware's bits are not gathered for this. */
kern_return_t vm_cache_statistics(struct vm_map *map, vm_cache_statistics_data_t *statistics)
{
    if (!map)
        return KERN_INVALID_ARGUMENT;
    *statistics = (vm_cache_statistics_data_t){0};
    list_for_each(&vm_object_list, node) {
        const struct vm_object *object = list_entry(node, struct vm_object, all_link);

        if (object->references == 0 && list_node_linked(&object->cache_link)) {
            statistics->cache_object_count++;
            statistics->cache_count += (integer_t)object->resident_count;
        }
    }
    count_queue(PAGE_QUEUE_ACTIVE, &statistics->active_tmp_count, &statistics->active_perm_count,
                &statistics->dirty_count);
    count_queue(PAGE_QUEUE_INACTIVE, &statistics->inactive_tmp_count,
                &statistics->inactive_perm_count, &statistics->dirty_count);
    statistics->laundry_count = (integer_t)page_counts.laundry;
    statistics->writeback_count = (integer_t)page_counts.external_laundry;
    return KERN_SUCCESS;
}

/*
 * Has the kernel return and/or flush what it caches of an object, named by its name port; whole pages.
 * A name is no right to destroy: what nobody else has is returned before it is flushed; nor to fill a silent
 * manager's queue. KERN_INVALID_ARGUMENT; KERN_RESOURCE_SHORTAGE: too much waits there.
 */
kern_return_t vm_object_sync(struct vm_object *object, vm_offset_t offset, vm_size_t size,
                             boolean_t should_flush, boolean_t should_return,
                             boolean_t should_iosync)
{
    vm_offset_t end = offset + size;

    (void)should_iosync;
    if (!object || end < offset)
        return KERN_INVALID_ARGUMENT;
    if (object->association == ASSOCIATION_READY && manager_backlog(object) >= BACKLOG_MAX)
        return KERN_RESOURCE_SHORTAGE;
    offset = page_trunc(offset);
    size = (end > ~PAGE_MASK ? ~PAGE_MASK : page_round(end)) - offset;
    (void)memory_object_lock_request(object, offset, size,
                                     should_return || should_flush
                                         ? MEMORY_OBJECT_RETURN_ALL : MEMORY_OBJECT_RETURN_NONE,
                                     should_flush, VM_PROT_NO_CHANGE, NULL, 0);
    return KERN_SUCCESS;
}

/*
 * How much a task may map. The current limit holds for what is mapped from now on; both pass to children. The maximum may be raised
 * with the privileged host port alone. KERN_INVALID_ARGUMENT: a current limit above the maximum;
 * KERN_INVALID_TASK; KERN_INVALID_HOST; KERN_NO_ACCESS.
 */
kern_return_t vm_set_size_limit(mach_port_t host_port, struct vm_map *map, vm_size_t current_limit,
                                vm_size_t max_limit)
{
    if (current_limit > max_limit)
        return KERN_INVALID_ARGUMENT;
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    if (!is_host(host_port))
        return KERN_INVALID_HOST;
    if (max_limit > map->size_limit_max && !privileged(host_port))
        return KERN_NO_ACCESS;
    map->size_limit = current_limit;
    map->size_limit_max = max_limit;
    return KERN_SUCCESS;
}

/* KERN_INVALID_TASK. */
kern_return_t vm_get_size_limit(struct vm_map *map, vm_size_t *current_limit, vm_size_t *max_limit)
{
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    *current_limit = map->size_limit;
    *max_limit = map->size_limit_max;
    return KERN_SUCCESS;
}
