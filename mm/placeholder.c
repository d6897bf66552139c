/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placeholders.
 *
 * object->absent_count counts an object's REQUESTED slots. An external object's placeholder has no frame;
 * an internal object's has a reserved one, so that the default pager's answer never waits for memory
 * (F4). An UNAVAILABLE slot that has a frame stands on the inactive queue, where page-out reclaims it.
 */
#include "mm/placeholder.h"

#include "kernel/panic.h"
#include "mm/vm_object.h"

static uint32_t unavailable_fictitious; /* how many the pool would get back */

bool placeholder_insert(struct vm_object *object, vm_offset_t offset, struct page *page)
{
    if (!vm_object_insert(object, offset, page))
        return false;
    page->busy = true;
    page->absent = true;
    object->absent_count++;
    return true;
}

/* The slot is no longer REQUESTED. */
static void end_request(struct vm_object *object)
{
    assert(object->absent_count > 0);
    if (object->absent_count-- >= VM_OBJECT_ABSENT_MAX)
        wait_queue_wake_all(&object->absent_waiters, WAIT_AWAKENED);
}

/* The slot is no longer what the placeholder said. */
static inline void settle(struct page *placeholder)
{
    assert(placeholder->absent && !placeholder->returning);
    if (placeholder->busy)
        end_request(placeholder->object);
    else if (placeholder->fictitious)
        unavailable_fictitious--;
}

/*
 * Conditions: the page is in no object, and belongs to the object afterwards. The placeholder is freed.
 */
void placeholder_fill(void **slot, struct page *page)
{
    struct page *placeholder = *slot;

    settle(placeholder);
    vm_object_replace(slot, page);
    if (placeholder->queue != PAGE_QUEUE_NONE)
        page_unqueue(placeholder);
    page_wake(placeholder, WAIT_AWAKENED);
    page_free(placeholder);
}

void placeholder_use_frame(struct page *placeholder)
{
    assert(page_is_unavailable(placeholder) && !placeholder->fictitious);
    page_unqueue(placeholder);
    placeholder->absent = false;
    placeholder->unlock_request = VM_PROT_NONE;
    placeholder->re_requested = false;
}

void placeholder_unavailable(struct page *placeholder)
{
    assert(page_is_requested(placeholder));
    end_request(placeholder->object);
    if (placeholder->fictitious)
        unavailable_fictitious++;
    else
        page_deactivate(placeholder);
    page_wake(placeholder, WAIT_AWAKENED);
}

void placeholder_remove(struct page *placeholder, wait_result_t result)
{
    settle(placeholder);
    page_wake(placeholder, result);
    vm_object_free_page(placeholder);
}

void placeholder_abort_all(struct vm_object *object, wait_result_t result)
{
    vm_offset_t at = 0;

    while (object->absent_count > 0) {
        struct page *page = vm_object_walk(object, &at, ~(vm_offset_t)0);

        assert(page);
        if (page_is_requested(page))
            placeholder_remove(page, result);
    }
}

static bool reclaim_from(struct vm_object *object)
{
    bool any = false;
    vm_offset_t at = 0;
    struct page *page;

    while ((page = vm_object_walk(object, &at, ~(vm_offset_t)0)) != NULL) {
        if (page_is_unavailable(page) && page->fictitious) {
            placeholder_remove(page, WAIT_AWAKENED);
            any = true;
        }
    }
    return any;
}

/*
 * Walks all objects: only for the rare case that every placeholder is in use. What an UNAVAILABLE slot
 * knew is asked for again.
 */
bool placeholder_reclaim(void)
{
    bool any = false;

    if (unavailable_fictitious == 0)
        return false;
    list_for_each(&vm_object_list, node)
        any |= reclaim_from(list_entry(node, struct vm_object, all_link));
    return any;
}
