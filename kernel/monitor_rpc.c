/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The porthole_debug requests: lists of what there is. Each is built in one piece, without
 * sleeping, so that it shows one moment, and then moves into the reply as out-of-line memory.
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
#include "mm/vm_copy.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

static uint64_t identity(const void *object)
{
    return (uint64_t)object;
}

/* Turns a list in kernel memory into a reply's out-of-line argument; frees the list. */
static kern_return_t answer_list(void *list, unsigned count, size_t element_bytes, void *argument,
                                 mach_msg_type_number_t *argument_count)
{
    struct vm_copy *copy = NULL;

    if (count > 0)
        copy = vm_copy_from_bytes(list, count * element_bytes);
    kmem_free(list, count * element_bytes);
    if (count > 0 && !copy)
        return KERN_RESOURCE_SHORTAGE;
    *(struct vm_copy **)argument = copy;
    *argument_count = count;
    return KERN_SUCCESS;
}

static void describe_task(struct task *task, porthole_task_t *out)
{
    struct thread_times times = thread_times_of_task(task);

    out->identity = identity(task);
    out->virtual_size = task->map->size;
    out->resident_size = task->map->pmap->resident_pages * PAGE_BYTES;
    out->user_time = task->dead_user_ns + times.user_ns;
    out->run_time = out->user_time + task->dead_system_ns + times.system_ns;
    out->thread_count = task->thread_count;
    out->suspend_count = task->suspend_count;
    out->right_count = task->space ? space_name_count(task->space) : 0;
    out->fault_count = task->fault_count;
    out->pager_fault_count = task->pager_fault_count;
    out->essential = task->essential;
    strlcpy(out->name, task->name, sizeof out->name);
}

kern_return_t porthole_tasks(host_t host_priv, porthole_task_array_t *tasks,
                             mach_msg_type_number_t *count)
{
    porthole_task_t *list, *next;

    if (!host_priv)
        return KERN_INVALID_HOST;
    list = next = kmem_alloc(task_count * sizeof *list);
    if (!list)
        return KERN_RESOURCE_SHORTAGE;
    list_for_each(&task_list, node)
        describe_task(list_entry(node, struct task, link), next++);
    return answer_list(list, task_count, sizeof *list, tasks, count);
}

static void describe_thread(const struct task *task, struct thread *thread, porthole_thread_t *out)
{
    struct thread_times times = thread_times(thread);

    out->identity = identity(thread);
    out->task = identity(task);
    out->run_time = times.user_ns + times.system_ns;
    out->user_time = times.user_ns;
    out->priority = thread->priority;
    out->suspend_count = thread->suspend_count;
    out->privileged = thread->vm_privileged;
    strlcpy(out->name, thread->name, sizeof out->name);
    strlcpy(out->task_name, task->name, sizeof out->task_name);
    strlcpy(out->state, monitor_state_text(thread), sizeof out->state);
    monitor_wait_text(thread, out->reason, sizeof out->reason, out->whom, sizeof out->whom);
}

kern_return_t porthole_threads(host_t host_priv, porthole_thread_array_t *threads,
                               mach_msg_type_number_t *count)
{
    porthole_thread_t *list, *next;
    unsigned total = 0;

    if (!host_priv)
        return KERN_INVALID_HOST;
    list_for_each(&task_list, node)
        total += list_entry(node, struct task, link)->thread_count;
    list = next = kmem_alloc(total * sizeof *list);
    if (!list)
        return KERN_RESOURCE_SHORTAGE;
    list_for_each(&task_list, node) {
        struct task *task = list_entry(node, struct task, link);

        list_for_each(&task->threads, member)
            describe_thread(task, list_entry(member, struct thread, task_link), next++);
    }
    return answer_list(list, total, sizeof *list, threads, count);
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

static uint32_t length_of(const struct list *list)
{
    uint32_t length = 0;

    list_for_each(list, node)
        length++;
    return length;
}

/* Dirty bits are harvested first: the hardware may know of writes that the page does not tell
   yet. */
static void describe_object(struct vm_object *object, porthole_object_t *out)
{
    struct task *manager = object->pager ? port_receiver_task(object->pager) : NULL;

    out->identity = identity(object);
    out->shadow = identity(object->shadow);
    out->size = object->size;
    out->references = object->references;
    out->flags = object_flags(object);
    out->association = (uint32_t)object->association;
    out->cluster_pages = object->cluster_pages;
    for (struct page *page = vm_object_next_page(object, 0, ~(vm_offset_t)PAGE_MASK); page;
         page = vm_object_next_page(object, page->offset + PAGE_BYTES, ~(vm_offset_t)PAGE_MASK)) {
        if (!page->fictitious)
            pmap_harvest(page);
        count_page(page, out);
    }
    out->synchronizing = length_of(&object->sync_requests);
    out->flushing = length_of(&object->pending_replies);
    out->unread = object->pager ? object->pager->message_count : 0;
    if (manager)
        strlcpy(out->manager, manager->name, sizeof out->manager);
}

kern_return_t porthole_objects(host_t host_priv, porthole_object_array_t *objects,
                               mach_msg_type_number_t *count)
{
    porthole_object_t *list, *next;
    unsigned total = 0;

    if (!host_priv)
        return KERN_INVALID_HOST;
    list_for_each(&vm_object_list, counted)
        total++;
    list = next = kmem_alloc(total * sizeof *list);
    if (total > 0 && !list)
        return KERN_RESOURCE_SHORTAGE;
    list_for_each(&vm_object_list, node)
        describe_object(list_entry(node, struct vm_object, all_link), next++);
    return answer_list(list, total, sizeof *list, objects, count);
}

static void describe_region(const struct vm_map_entry *entry, porthole_region_t *out)
{
    out->start = entry->start;
    out->end = entry->end;
    out->object = identity(entry->object);
    out->offset = entry->offset;
    out->protection = entry->protection;
    out->max_protection = entry->max_protection;
    out->inheritance = (int32_t)entry->inheritance;
    out->wired_count = entry->wired_count;
    out->flags = (entry->shared ? PORTHOLE_REGION_SHARED : 0) |
                 (entry->needs_copy ? PORTHOLE_REGION_NEEDS_COPY : 0) |
                 (entry->device ? PORTHOLE_REGION_DEVICE : 0);
}

kern_return_t porthole_regions(host_t host_priv, uint64_t task_identity,
                               porthole_region_array_t *regions, mach_msg_type_number_t *count)
{
    struct task *task = task_of_identity(task_identity);
    porthole_region_t *list, *next;
    unsigned total = 0;

    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!task)
        return KERN_INVALID_ARGUMENT;
    list_for_each(&task->map->entries, counted)
        total++;
    list = next = kmem_alloc(total * sizeof *list);
    if (total > 0 && !list)
        return KERN_RESOURCE_SHORTAGE;
    list_for_each(&task->map->entries, node)
        describe_region(list_entry(node, struct vm_map_entry, link), next++);
    return answer_list(list, total, sizeof *list, regions, count);
}

kern_return_t porthole_caches(host_t host_priv, porthole_cache_array_t *caches,
                              mach_msg_type_number_t *count)
{
    porthole_cache_t *list, *next;
    unsigned total = 0;

    if (!host_priv)
        return KERN_INVALID_HOST;
    list_for_each(&kmem_caches, counted)
        total++;
    list = next = kmem_alloc(total * sizeof *list);
    if (!list)
        return KERN_RESOURCE_SHORTAGE;
    list_for_each(&kmem_caches, node) {
        const struct kmem_cache *cache = list_entry(node, struct kmem_cache, link);

        next->object_size = cache->object_bytes;
        next->free = message_count_at_hand(cache) + port_count_at_hand(cache);
        next->in_use = cache->in_use - next->free;
        next->free += cache->free_count;
        next->frames = cache->frames;
        next->limit = cache->limit;
        strlcpy(next++->name, cache->name, PORTHOLE_NAME_MAX);
    }
    return answer_list(list, total, sizeof *list, caches, count);
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
