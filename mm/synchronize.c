/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_msync and its conversation with managers (spec/emmi.md 5.7, D-29).
 *
 * For each part of the range that shows a manager's object, the caller waits for his turn, pages go back or are
 * dropped as the flags say, memory_object_synchronize is queued behind them, and the caller waits until the
 * manager has answered with the same numbers. A request stays on the object's list until it is answered, also
 * when its caller was interrupted: the manager owes the answer still, and it must not count for a
 * later request. So a client can send a silent manager only so many pages.
 */
#include "mm/synchronize.h"

#include <mig/gnumach_server.h>
#include <mig/mach_server.h>
#include <mig/vm_osf_server.h>

#include "kernel/clock.h"
#include "mm/kmem.h"
#include "mm/lock_request.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/vm_map.h"

#define REQUESTS_MAX 1024u           /* in all */
#define OBJECT_REQUESTS_MAX 50u      /* of one object, that a silent manager may let pile up */
#define FLAGS_ALL (VM_SYNC_ASYNCHRONOUS | VM_SYNC_SYNCHRONOUS | VM_SYNC_INVALIDATE)

/* An answer that a manager owes; on object->sync_requests, oldest first, until it has come. */
struct sync_request {
    struct list_node link;
    struct object_range range;
    bool asked;                       /* the manager has been told */
    bool answered;                    /* off the list; its caller's to free */
    bool abandoned;                   /* its caller was interrupted */
    kern_return_t result;
};

static struct kmem_cache request_cache;
static const struct wait_reason waits_for_answer = {"memory to be stored by", manager_describe};
static const struct wait_reason waits_for_turn = {"an earlier vm_msync to be answered by",
                                                  manager_describe};

void synchronize_init(void)
{
    kmem_cache_init(&request_cache, "sync-request", sizeof(struct sync_request), 0, REQUESTS_MAX);
}

static bool has_manager(const struct vm_object *object)
{
    return object->association == ASSOCIATION_READY && !object->adopted;
}

/* Another request must be answered first: one that overlaps, or any when there are too many. */
static bool must_wait(const struct vm_object *object, struct object_range range)
{
    unsigned count = 0;

    list_for_each(&object->sync_requests, node) {
        const struct sync_request *other = list_entry(node, struct sync_request, link);

        if (other->range.start < range.end && range.start < other->range.end)
            return true;
        count++;
    }
    return count >= OBJECT_REQUESTS_MAX;
}

/* Takes a request off the list, answered; wakes its caller, and who waits for his turn. */
static void answer(struct vm_object *object, struct sync_request *request, kern_return_t result)
{
    list_remove(&request->link);
    request->answered = true;
    request->result = result;
    if (request->abandoned)
        kmem_cache_free(&request_cache, request);
    else
        event_wake_all(request, WAIT_AWAKENED);
    event_wake_all(&object->sync_requests, WAIT_AWAKENED);
}

static kern_return_t wait_for_answer(struct vm_object *object, struct sync_request *request)
{
    kern_return_t result;

    while (!request->answered)
        if (event_sleep(request, &waits_for_answer, object, WAIT_INTERRUPTIBLE, DEADLINE_NEVER) ==
                WAIT_INTERRUPTED && !request->answered) {
            request->abandoned = true;
            return KERN_ABORTED;
        }
    result = request->result;
    kmem_cache_free(&request_cache, request);
    return result;
}

/* Waits until no other request is in the way, and puts one on the list. */
static kern_return_t begin(struct vm_object *object, struct object_range range,
                           struct sync_request **result)
{
    struct sync_request *request;

    while (must_wait(object, range))
        if (event_sleep(&object->sync_requests, &waits_for_turn, object, WAIT_INTERRUPTIBLE,
                        DEADLINE_NEVER) == WAIT_INTERRUPTED)
            return KERN_ABORTED;
    if (!has_manager(object))
        return KERN_MEMORY_FAILURE;
    request = kmem_cache_alloc(&request_cache);
    if (!request)
        return KERN_RESOURCE_SHORTAGE;
    *request = (struct sync_request){.range = range};
    list_insert_tail(&object->sync_requests, &request->link);
    *result = request;
    return KERN_SUCCESS;
}

/* What goes back. Who may only read does not throw away what others have written. */
static memory_object_return_t what_returns(bool writable, vm_sync_t flags)
{
    if (writable && (flags & (VM_SYNC_SYNCHRONOUS | VM_SYNC_ASYNCHRONOUS)))
        return MEMORY_OBJECT_RETURN_ALL;
    if (!(flags & VM_SYNC_INVALIDATE))
        return MEMORY_OBJECT_RETURN_NONE;
    return writable ? LOCK_RETURN_PRECIOUS : MEMORY_OBJECT_RETURN_ALL;
}

/* Cleans or flushes, and has the manager confirm that what came back is stored. The caller holds a reference. */
static kern_return_t converse(struct vm_object *object, struct object_range range, bool writable,
                              vm_sync_t flags)
{
    memory_object_return_t what = what_returns(writable, flags);
    struct sync_request *request;
    bool returned;
    kern_return_t result = begin(object, range, &request);

    if (result != KERN_SUCCESS)
        return result;
    result = lock_request_sync(object, range, what, flags & VM_SYNC_INVALIDATE, &returned);
    request->asked = result == KERN_SUCCESS && !request->answered && (returned || writable);
    if (request->asked)
        result = manager_synchronize(object, range.start, range.end - range.start, flags);
    if (!request->answered && (result != KERN_SUCCESS || !request->asked))
        answer(object, request, result);
    return wait_for_answer(object, request);
}

/* [start, end) of a map's entry, which may be gone when this returns. */
static kern_return_t sync_part(const struct vm_map_entry *entry, vm_offset_t start, vm_offset_t end,
                               vm_sync_t flags)
{
    struct vm_object *object = entry->object;
    vm_offset_t offset = entry->offset - entry->start;
    struct object_range range = {start + offset, end + offset};
    bool writable = entry->protection & VM_PROT_WRITE;
    kern_return_t result;

    /* Anonymous memory; a manager that has not answered yet has nothing to store, nor who may only read. */
    if (!object || object->internal || object->association == ASSOCIATION_WAIT_READY ||
        (!writable && !(flags & VM_SYNC_INVALIDATE)))
        return KERN_SUCCESS;
    if (!has_manager(object))
        return KERN_MEMORY_FAILURE;
    vm_object_reference(object);
    result = converse(object, range, writable, flags);
    vm_object_release(object);
    return result;
}

/*
 * Has what the range shows of managers' objects stored and/or dropped; holes and anonymous memory are
 * skipped (V-09). Sleeps interruptibly for the managers. KERN_INVALID_ARGUMENT: flags;
 * KERN_INVALID_ADDRESS: outside the map; KERN_MEMORY_FAILURE: no manager is left, or it ends its object
 * without having answered; KERN_ABORTED; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_msync(struct vm_map *map, vm_address_t address, vm_size_t size, vm_sync_t flags)
{
    vm_offset_t at = page_trunc(address), end = page_round(address + size);
    struct vm_map_entry *entry;
    kern_return_t result = KERN_SUCCESS;

    if (!map || map->dead || (flags & ~FLAGS_ALL) ||
        ((flags & VM_SYNC_SYNCHRONOUS) && (flags & VM_SYNC_ASYNCHRONOUS)))
        return KERN_INVALID_ARGUMENT;
    if (size == 0)
        return KERN_SUCCESS;
    if (!vm_map_range_valid(map, address, size))
        return KERN_INVALID_ADDRESS;
    while (result == KERN_SUCCESS && (entry = vm_map_first_entry(map, at)) && entry->start < end) {
        vm_offset_t start = at > entry->start ? at : entry->start;

        at = end < entry->end ? end : entry->end;
        result = sync_part(entry, start, at, flags);
        if (at == end)
            break;
    }
    return result;
}

/* The same under the number that is ours. */
kern_return_t vm_msync_osf(struct vm_map *map, vm_address_t address, vm_size_t size, vm_sync_t flags)
{
    return vm_msync(map, address, size, flags);
}

/* KERN_INVALID_ARGUMENT, and nothing happens: nobody waits for an answer with these numbers. */
kern_return_t memory_object_synchronize_completed(vm_object_t object, vm_offset_t offset,
                                                  vm_size_t length)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    list_for_each(&object->sync_requests, node) {
        struct sync_request *request = list_entry(node, struct sync_request, link);

        if (request->asked && request->range.start + object->paging_offset == offset &&
            request->range.end - request->range.start == length) {
            answer(object, request, KERN_SUCCESS);
            return KERN_SUCCESS;
        }
    }
    return KERN_INVALID_ARGUMENT;
}

void synchronize_abandon(struct vm_object *object)
{
    struct list_node *node;

    while ((node = list_first(&object->sync_requests)) != NULL)
        answer(object, list_entry(node, struct sync_request, link), KERN_MEMORY_FAILURE);
}
