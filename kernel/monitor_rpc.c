/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The porthole_debug requests: lists of what there is, each of one moment.
 */
#include <mig/porthole_debug_server.h>

#include "ipc/port.h"
#include "ipc/message.h"
#include "ipc/space.h"
#include "kernel/monitor.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/thread_times.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/record_list.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

static uint64_t identity(const void *object)
{
    return (uint64_t)object;
}

static void list_task(struct record_list *list, struct task *task)
{
    struct thread_times times = thread_times_of_task(task);
    uint64_t user_ns = task->dead_user_ns + times.user_ns;
    porthole_task_t out = {
        .identity = identity(task),
        .virtual_size = task->map->size,
        .resident_size = task->map->pmap->resident_pages * PAGE_BYTES,
        .user_time = user_ns,
        .run_time = user_ns + task->dead_system_ns + times.system_ns,
        .thread_count = task->thread_count,
        .suspend_count = task->suspend_count,
        .right_count = task->space ? space_name_count(task->space) : 0,
        .fault_count = task->fault_count,
        .pager_fault_count = task->pager_fault_count,
        .essential = task->essential,
    };

    strlcpy(out.name, task->name, sizeof out.name);
    record_list_add(list, &out);
}

kern_return_t porthole_tasks(host_t host_priv, porthole_task_array_t *tasks,
                             mach_msg_type_number_t *count)
{
    struct record_list list;

    if (!host_priv)
        return KERN_INVALID_HOST;
    record_list_init(&list, sizeof(porthole_task_t), task_count);
    list_for_each(&task_list, node)
        list_task(&list, list_entry(node, struct task, link));
    return record_list_give(&list, tasks, count);
}

static void list_thread(struct record_list *list, struct thread *thread)
{
    struct thread_times times = thread_times(thread);
    porthole_thread_t out = {
        .identity = identity(thread),
        .task = identity(thread->task),
        .run_time = times.user_ns + times.system_ns,
        .user_time = times.user_ns,
        .priority = thread->priority,
        .suspend_count = thread->suspend_count,
        .privileged = thread->vm_privileged,
    };

    strlcpy(out.name, thread->name, sizeof out.name);
    strlcpy(out.task_name, thread->task->name, sizeof out.task_name);
    strlcpy(out.state, monitor_state_text(thread), sizeof out.state);
    monitor_wait_text(thread, out.reason, sizeof out.reason, out.whom, sizeof out.whom);
    record_list_add(list, &out);
}

kern_return_t porthole_threads(host_t host_priv, porthole_thread_array_t *threads,
                               mach_msg_type_number_t *count)
{
    struct record_list list;

    if (!host_priv)
        return KERN_INVALID_HOST;
    record_list_init(&list, sizeof(porthole_thread_t), task_count_threads());
    list_for_each(&task_list, node) {
        list_for_each(&list_entry(node, struct task, link)->threads, member)
            list_thread(&list, list_entry(member, struct thread, task_link));
    }
    return record_list_give(&list, threads, count);
}

static uint32_t object_flags(const struct vm_object *object)
{
    return (object->internal ? PORTHOLE_OBJECT_INTERNAL : 0) |
           (object->temporary ? PORTHOLE_OBJECT_TEMPORARY : 0) |
           (object->may_cache ? PORTHOLE_OBJECT_MAY_CACHE : 0) |
           (object->alive ? PORTHOLE_OBJECT_ALIVE : 0) |
           (object->pageout_transport ? PORTHOLE_OBJECT_TRANSPORT : 0);
}

/* Counts one page or placeholder under its state. */
static void count_page(const struct page *page, porthole_object_t *out)
{
    if (page->returning) {
        out->returning++;
    } else if (page->absent) {
        if (page->busy)
            out->requested++;
        else
            out->unavailable++;
    } else {
        if (page->dirty)
            out->dirty++;
        else
            out->clean++;
        out->precious += page->precious;
        out->wired += page->wire_count > 0;
        out->busy += page->busy;
        out->unlocking += page->unlock_request != VM_PROT_NONE;
    }
}

/* Dirty bits are harvested first: the hardware may know of writes that the page does not tell
   yet. */
static void list_object(struct record_list *list, struct vm_object *object)
{
    struct task *manager = object->pager ? port_receiver_task(object->pager) : NULL;
    vm_offset_t at = 0;
    struct page *page;
    porthole_object_t out = {
        .identity = identity(object),
        .shadow = identity(object->shadow),
        .size = object->size,
        .references = object->references,
        .flags = object_flags(object),
        .association = (uint32_t)object->association,
        .cluster_pages = object->cluster_pages,
        .synchronizing = list_length(&object->sync_requests),
        .flushing = list_length(&object->pending_replies),
        .unread = object->pager ? object->pager->message_count : 0,
    };

    while ((page = vm_object_walk(object, &at, ~(vm_offset_t)PAGE_MASK)) != NULL) {
        if (!page->fictitious)
            pmap_harvest(page);
        count_page(page, &out);
    }
    if (manager)
        strlcpy(out.manager, manager->name, sizeof out.manager);
    record_list_add(list, &out);
}

kern_return_t porthole_objects(host_t host_priv, porthole_object_array_t *objects,
                               mach_msg_type_number_t *count)
{
    struct record_list list;

    if (!host_priv)
        return KERN_INVALID_HOST;
    record_list_init(&list, sizeof(porthole_object_t), vm_object_count);
    list_for_each(&vm_object_list, node)
        list_object(&list, list_entry(node, struct vm_object, all_link));
    return record_list_give(&list, objects, count);
}

static void list_region(struct record_list *list, const struct vm_map_entry *entry)
{
    porthole_region_t out = {
        .start = entry->start,
        .end = entry->end,
        .object = identity(entry->object),
        .offset = entry->offset,
        .protection = entry->protection,
        .max_protection = entry->max_protection,
        .inheritance = (int32_t)entry->inheritance,
        .wired_count = entry->wired_count,
        .flags = (entry->shared ? PORTHOLE_REGION_SHARED : 0) |
                 (entry->needs_copy ? PORTHOLE_REGION_NEEDS_COPY : 0) |
                 (entry->device ? PORTHOLE_REGION_DEVICE : 0),
    };

    record_list_add(list, &out);
}

kern_return_t porthole_regions(host_t host_priv, uint64_t task_identity,
                               porthole_region_array_t *regions, mach_msg_type_number_t *count)
{
    struct task *task = task_of_identity(task_identity);
    struct record_list list;

    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!task)
        return KERN_INVALID_ARGUMENT;
    record_list_init(&list, sizeof(porthole_region_t), task->map->entry_count);
    list_for_each(&task->map->entries, node)
        list_region(&list, list_entry(node, struct vm_map_entry, link));
    return record_list_give(&list, regions, count);
}

/* Objects kept at hand for the next who asks count as free. */
static void list_cache(struct record_list *list, const struct kmem_cache *cache)
{
    unsigned at_hand = message_count_at_hand(cache) + port_count_at_hand(cache);
    porthole_cache_t out = {
        .object_size = cache->object_bytes,
        .free = cache->free_count + at_hand,
        .in_use = cache->in_use - at_hand,
        .frames = cache->frames,
        .limit = cache->limit,
    };

    strlcpy(out.name, cache->name, sizeof out.name);
    record_list_add(list, &out);
}

kern_return_t porthole_caches(host_t host_priv, porthole_cache_array_t *caches,
                              mach_msg_type_number_t *count)
{
    struct record_list list;

    if (!host_priv)
        return KERN_INVALID_HOST;
    record_list_init(&list, sizeof(porthole_cache_t), list_length(&kmem_caches));
    list_for_each(&kmem_caches, node)
        list_cache(&list, list_entry(node, struct kmem_cache, link));
    return record_list_give(&list, caches, count);
}

kern_return_t porthole_memory(host_t host_priv, porthole_memory_t *memory)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    *memory = (porthole_memory_t){
        .total = page_counts.total,
        .free = page_counts.free,
        .active = page_counts.active,
        .inactive = page_counts.inactive,
        .wired = page_counts.wired,
        .laundry = page_counts.laundry,
        .external_laundry = page_counts.external_laundry,
        .zero_fills = page_counts.zero_fills,
        .reactivations = page_counts.reactivations,
        .pageins = page_counts.pageins,
        .pageouts = page_counts.pageouts,
        .faults = page_counts.faults,
        .cow_faults = page_counts.cow_faults,
        .lookups = page_counts.lookups,
        .hits = page_counts.hits,
        .level_reserved_really = page_levels.reserved_really,
        .level_reserved_internal = page_levels.reserved_internal,
        .level_reserved = page_levels.reserved,
        .level_free_min = page_levels.free_min,
        .level_free_target = page_levels.free_target,
        .level_wired_max = page_levels.wired_max,
        .objects = vm_object_count,
        .tasks = task_count,
    };
    return KERN_SUCCESS;
}
