/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to managers (spec/emmi.md 5.2, 5.4; spec/vm.md F2, F4; D-25).
 *
 * Over a sleep only a reference on the object is held, and that for the monitor's sake: the fault looks
 * everything up again when it goes on.
 */
#include "mm/fault_request.h"

#include <mach/vm_behavior.h>

#include "kernel/clock.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "mm/fault_count.h"
#include "mm/kept_pages.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/pageout.h"
#include "mm/placeholder.h"
#include "mm/vm_object.h"

#define PAUSE_MS 20u

static const struct wait_reason waits_for_data = {"page from", manager_describe};
static const struct wait_reason waits_for_page = {"page in use", manager_describe};
static const struct wait_reason waits_for_access = {"access to a page from", manager_describe};
static const struct wait_reason waits_for_room = {"an answer to any of many requests from",
                                                  manager_describe};

/* A sleep's end as a fault sees it. */
static kern_return_t code_of(wait_result_t result)
{
    if (result == WAIT_INTERRUPTED)
        return KERN_ABORTED;
    return result == WAIT_AWAKENED || result == WAIT_TIMED_OUT ? KERN_SUCCESS : result;
}

static kern_return_t sleep_on_page(struct page *page, const struct wait_reason *reason,
                                   enum wait_mode mode)
{
    struct vm_object *object = page->object;
    wait_result_t result;

    vm_object_reference(object);
    result = page_sleep(page, reason, mode);
    vm_object_release(object);
    return code_of(result);
}

kern_return_t fault_wait_page(struct page *page, enum wait_mode mode)
{
    bool asked = page_is_requested(page);

    if (asked) {
        thread_current()->fault_count++;
        task_current()->pager_fault_count++;
    }
    return sleep_on_page(page, asked ? &waits_for_data : &waits_for_page, mode);
}

bool fault_memory_is_refused(void)
{
    return pageout_is_exhausted() && page_counts.free <= page_levels.free_min &&
           !task_current()->essential && !thread_current()->vm_privileged;
}

/* Nobody would end the wait of who needs new memory when nothing can be paged out (R8). */
kern_return_t fault_wait_memory(enum wait_mode mode)
{
    if (fault_memory_is_refused())
        return KERN_RESOURCE_SHORTAGE;
    return code_of(page_wait_for_memory(mode));
}

kern_return_t fault_alloc_page(struct page **page)
{
    kern_return_t code = KERN_SUCCESS;

    while ((*page = page_alloc()) == NULL && code == KERN_SUCCESS)
        code = fault_wait_memory(WAIT_INTERRUPTIBLE);
    return *page ? KERN_SUCCESS : code;
}

kern_return_t fault_wait_memory_with(struct page *page, enum wait_mode mode)
{
    struct vm_object *object = page->object;
    kern_return_t code;

    vm_object_reference(object);
    page->busy = true;
    code = fault_wait_memory(mode);
    page_wake(page, WAIT_AWAKENED);
    vm_object_release(object);
    return code;
}

kern_return_t fault_pause(const struct wait_reason *reason, enum wait_mode mode)
{
    return code_of(event_sleep(reason, reason, NULL, mode, deadline_after_ms(PAUSE_MS)));
}

/* --- data --- */

/* Frames for a trusted manager's objects are reserved before it is asked (F4). */
static bool add_placeholder(struct vm_object *object, vm_offset_t offset, vm_prot_t access, bool trusted)
{
    struct page *page = trusted ? page_alloc() : page_alloc_fictitious();

    if (!page)
        return false;
    if (!placeholder_insert(object, offset, page)) {
        page_free(page);
        return false;
    }
    page->unlock_request = access; /* what was asked for, should it be asked again (D-10) */
    return true;
}

/* One more page of a cluster may be asked for. */
static bool may_extend(const struct vm_object *object, vm_offset_t offset)
{
    if (offset >= object->size || vm_object_page(object, offset) ||
        (object->kept && kept_has(object, offset)))
        return false;
    if (object->internal)
        return page_counts.free > page_levels.reserved + object->cluster_pages;
    return object->absent_count < VM_OBJECT_ABSENT_MAX;
}

/*
 * The range that a request for offset may cover: a cluster in the direction that was announced
 * (vm_behavior_set). By default a manager's cluster is aligned. Anonymous memory is
 * handed over for good (its pager keeps nothing), so that pages read in vain are written again: there
 * only who reads on in order gets more than the page itself, twice as much each time.
 */
static void cluster_bounds(struct vm_object *object, vm_offset_t offset, vm_offset_t *low,
                           vm_offset_t *high)
{
    vm_size_t cluster_bytes = object->cluster_pages * PAGE_BYTES;

    if (object->behavior != VM_BEHAVIOR_DEFAULT) {
        vm_size_t below = object->behavior == VM_BEHAVIOR_RSEQNTL ? cluster_bytes - PAGE_BYTES : 0;

        *low = offset > below ? offset - below : 0;
        *high = offset + (object->behavior == VM_BEHAVIOR_SEQUENTIAL ? cluster_bytes : PAGE_BYTES);
        return;
    }
    if (!object->internal) {
        *low = offset & ~(cluster_bytes - 1);
        *high = *low + cluster_bytes;
        return;
    }
    if (offset != object->window_end)
        object->window_pages = 1;
    else if (object->window_pages < object->cluster_pages)
        object->window_pages *= 2;
    *low = offset;
    *high = offset + object->window_pages * PAGE_BYTES;
}

/*
 * Nothing can be paged out any more. A page that comes back may have a frame of the reserve: it has a
 * block that is kept for it, so it can leave again, and whoever needs no new block goes on.
 */
static bool add_from_reserve(struct vm_object *object, vm_offset_t offset, vm_prot_t access)
{
    struct thread *self = thread_current();
    bool privileged = self->vm_privileged, added;

    if (!pageout_is_exhausted() || page_counts.free <= page_levels.reserved_internal)
        return false;
    self->vm_privileged = true; /* for what follows, which does not sleep */
    added = add_placeholder(object, offset, access, true);
    self->vm_privileged = privileged;
    return added;
}

/*
 * The run of empty slots around offset that lies in its cluster, as [*start, *end); placeholders
 * stand in all of it afterwards. False: not even the page itself got one.
 */
static bool reserve_cluster(struct vm_object *object, vm_offset_t offset, vm_prot_t access,
                            vm_offset_t *start, vm_offset_t *end)
{
    bool trusted = manager_is_trusted(object);
    vm_offset_t low, high;

    if (!add_placeholder(object, offset, access, trusted) &&
        !(trusted && add_from_reserve(object, offset, access)))
        return false;
    cluster_bounds(object, offset, &low, &high);
    *start = offset;
    *end = offset + PAGE_BYTES;
    while (*end < high && may_extend(object, *end) &&
           add_placeholder(object, *end, access, trusted))
        *end += PAGE_BYTES;
    object->window_end = *end;
    while (*start > low && may_extend(object, *start - PAGE_BYTES) &&
           add_placeholder(object, *start - PAGE_BYTES, access, trusted))
        *start -= PAGE_BYTES;
    return true;
}

static void remove_cluster(struct vm_object *object, vm_offset_t start, vm_offset_t end)
{
    for (; start < end; start += PAGE_BYTES)
        placeholder_remove(vm_object_page(object, start), WAIT_AWAKENED);
}

/*
 * Memory is missing to ask the default pager. When nothing can be paged out, the frames that pages come
 * back to are lent from the reserve, and free again as those pages leave: that is soon, and nobody is woken.
 */
static kern_return_t wait_to_ask(enum wait_mode mode)
{
    static const struct wait_reason reason = {"a frame lent to another page", NULL};

    return pageout_is_exhausted() ? fault_pause(&reason, mode) : fault_wait_memory(mode);
}

/* Nothing could be had for a placeholder: gets or waits for what is missing. */
static kern_return_t wait_for_placeholder(const struct vm_object *object, enum wait_mode mode)
{
    if (manager_is_trusted(object))
        return wait_to_ask(mode);
    if (placeholder_reclaim())
        return KERN_SUCCESS;
    /* The pool, or the memory for the slot: the pool wakes at once when it is not what lacks. */
    if (page_counts.free <= page_levels.reserved)
        return fault_wait_memory(mode);
    return code_of(page_wait_for_fictitious(mode));
}

static kern_return_t wait_for_room(struct vm_object *object, enum wait_mode mode)
{
    wait_result_t result;

    vm_object_reference(object);
    result = wait_queue_sleep(&object->absent_waiters, &waits_for_room, object, mode,
                              DEADLINE_NEVER);
    vm_object_release(object);
    return code_of(result);
}

/*
 * Conditions: the slot at offset is empty, the association READY, the caller holds a reference that
 * keeps the object. KERN_SUCCESS after a wake-up; KERN_MEMORY_FAILURE: dead manager; KERN_ABORTED; or
 * the error that the manager answered with.
 */
kern_return_t fault_request_data(struct vm_object *object, vm_offset_t offset, vm_prot_t access,
                                 enum wait_mode mode)
{
    vm_offset_t start, end;
    kern_return_t code;

    if (!object->internal && object->absent_count >= VM_OBJECT_ABSENT_MAX)
        return wait_for_room(object, mode);
    if (!reserve_cluster(object, offset, access, &start, &end))
        return wait_for_placeholder(object, mode);
    thread_current()->gives_way = true; /* to the manager, in the sleep that comes next */
    code = manager_data_request(object, start, end - start, access);
    thread_current()->gives_way = false;
    if (code == KERN_SUCCESS) {
        fault_count_pagein();
        return fault_wait_page(vm_object_page(object, offset), mode);
    }
    remove_cluster(object, start, end);
    return code == KERN_RESOURCE_SHORTAGE ? fault_wait_memory(mode) : code;
}

/* --- access --- */

kern_return_t fault_request_access(struct page *page, vm_prot_t access, enum wait_mode mode)
{
    vm_prot_t asked = page->unlock_request;

    if ((access & ~asked) != 0) {
        kern_return_t code = manager_data_unlock(page->object, page->offset, PAGE_BYTES,
                                                 asked | access);

        if (code == KERN_RESOURCE_SHORTAGE)
            return fault_wait_memory(mode);
        if (code != KERN_SUCCESS)
            return code;
        page->unlock_request = asked | access;
    }
    return sleep_on_page(page, &waits_for_access, mode);
}
