/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of pages: slots, placeholders, faults without a map, evictions, collapse.
 */
#include "mm/collapse.h"
#include "mm/fault.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pageout_page.h"
#include "mm/placeholder.h"
#include "mm/vm_object.h"
#include "tests/kernel/selftest.h"

/* The page that a fault finds or makes, no longer busy; NULL if it fails. */
static struct page *fault(struct vm_object *object, vm_offset_t offset, vm_prot_t access)
{
    struct page *page;
    bool writable;

    if (vm_fault_page(object, offset, access, WAIT_UNINTERRUPTIBLE, &page, &writable) !=
        KERN_SUCCESS)
        return NULL;
    page_wake(page, WAIT_AWAKENED);
    return page;
}

static uint64_t *words(const struct page *page)
{
    return page_address(page);
}

/* A new object in front, which takes over the caller's reference to the one behind. */
static struct vm_object *in_front_of(struct vm_object *object)
{
    vm_offset_t offset = 0;

    return vm_object_shadow(&object, &offset, object->size) ? object : NULL;
}

SELFTEST(page_frames_come_back)
{
    uint32_t before = page_counts.free;
    struct page *page = page_alloc();

    expect(page && page->queue == PAGE_QUEUE_NONE && !page->object);
    expect(page_counts.free == before - 1);
    page_free(page);
    expect(page_counts.free == before);
}

SELFTEST(page_is_on_one_queue_and_wired_on_none)
{
    struct vm_object *object = vm_object_create(PAGE_BYTES);
    struct page *page = fault(object, 0, VM_PROT_WRITE);
    uint32_t active = page_counts.active, wired = page_counts.wired;

    expect(page && page->queue == PAGE_QUEUE_ACTIVE);
    page_deactivate(page);
    expect(page->queue == PAGE_QUEUE_INACTIVE && page_counts.active == active - 1);
    page_wire(page);
    expect(page->queue == PAGE_QUEUE_NONE && page_counts.wired == wired + 1);
    expect(object->wired_count == 1);
    page_unwire(page);
    expect(page->queue == PAGE_QUEUE_ACTIVE && page_counts.wired == wired);
    vm_object_release(object);
}

SELFTEST(page_fault_fills_with_zeros_and_leaves_the_page_clean)
{
    struct vm_object *object = vm_object_create(4 * PAGE_BYTES);
    struct page *page = fault(object, 2 * PAGE_BYTES, VM_PROT_READ);

    expect(page && page->object == object && page->offset == 2 * PAGE_BYTES);
    expect(!page->dirty && !page->precious && !page->absent);
    for (unsigned i = 0; i < PAGE_BYTES / sizeof(uint64_t); i++)
        expect(words(page)[i] == 0);
    expect(fault(object, 2 * PAGE_BYTES, VM_PROT_WRITE) == page);
    vm_object_release(object);
}

SELFTEST(page_read_through_a_shadow_is_the_page_behind_and_a_write_is_a_copy)
{
    struct vm_object *behind = vm_object_create(PAGE_BYTES), *front;
    struct page *old = fault(behind, 0, VM_PROT_WRITE), *copy;

    expect(old);
    words(old)[7] = 77;
    old->dirty = true;
    vm_object_reference(behind); /* somebody else: nothing is merged */
    front = in_front_of(behind);
    expect(front && fault(front, 0, VM_PROT_READ) == old);
    copy = fault(front, 0, VM_PROT_WRITE);
    expect(copy && copy != old && copy->object == front && copy->dirty);
    expect(words(copy)[7] == 77);
    words(copy)[7] = 78;
    expect(words(old)[7] == 77);
    vm_object_release(front);
    vm_object_release(behind);
}

SELFTEST(page_collapse_moves_up_what_is_visible)
{
    struct vm_object *behind = vm_object_create(2 * PAGE_BYTES), *front;
    struct page *hidden = fault(behind, 0, VM_PROT_WRITE);
    struct page *visible = fault(behind, PAGE_BYTES, VM_PROT_WRITE);
    uint32_t objects = vm_object_count;

    expect(hidden && visible);
    words(hidden)[0] = 1;
    words(visible)[0] = 2;
    hidden->dirty = visible->dirty = true;
    front = in_front_of(behind);
    expect(front);
    words(fault(front, 0, VM_PROT_WRITE))[0] = 3;
    vm_object_collapse(front);
    expect(front->shadow == NULL && vm_object_count == objects);
    expect(words(vm_object_page(front, 0))[0] == 3);
    expect(vm_object_page(front, PAGE_BYTES) == visible && words(visible)[0] == 2);
    vm_object_release(front);
}

SELFTEST(page_placeholders_are_counted_until_they_are_answered)
{
    struct vm_object *object = vm_object_create(4 * PAGE_BYTES);
    struct page *page = page_alloc();

    for (unsigned i = 0; i < 3; i++)
        expect(placeholder_insert(object, i * PAGE_BYTES, page_alloc_fictitious()));
    expect(object->absent_count == 3 && object->resident_count == 3);
    expect(page_is_requested(vm_object_page(object, 0)));

    placeholder_unavailable(vm_object_page(object, 0));
    expect(page_is_unavailable(vm_object_page(object, 0)) && object->absent_count == 2);
    placeholder_fill(vm_object_slot(object, PAGE_BYTES), page);
    expect(vm_object_page(object, PAGE_BYTES) == page && object->absent_count == 1);
    placeholder_abort_all(object, KERN_MEMORY_FAILURE);
    expect(object->absent_count == 0 && !vm_object_page(object, 2 * PAGE_BYTES));
    expect(page_is_unavailable(vm_object_page(object, 0)));
    placeholder_fill(vm_object_slot(object, 0), page_alloc());
    expect(object->resident_count == 2);
    vm_object_release(object);
}

SELFTEST(page_unavailable_slot_with_a_frame_is_filled_in_place)
{
    struct vm_object *object = vm_object_create(PAGE_BYTES);
    struct page *frame = page_alloc();

    expect(frame && placeholder_insert(object, 0, frame));
    words(frame)[5] = 5;
    placeholder_unavailable(frame);
    expect(frame->queue == PAGE_QUEUE_INACTIVE);
    expect(fault(object, 0, VM_PROT_READ) == frame);
    expect(!frame->absent && words(frame)[5] == 0);
    vm_object_release(object);
}

SELFTEST(page_eviction_frees_clean_pages_and_keeps_what_is_pinned)
{
    struct vm_object *object = vm_object_create(3 * PAGE_BYTES);
    struct page *clean = fault(object, 0, VM_PROT_READ);
    struct page *pending = fault(object, PAGE_BYTES, VM_PROT_READ);
    struct page *wired = fault(object, 2 * PAGE_BYTES, VM_PROT_READ);
    uint32_t free = page_counts.free;

    expect(clean && pending && wired);
    pending->supply_pending = 1;
    page_wire(wired);
    expect(pageout_evict(clean) == EVICTION_FREED && page_counts.free == free + 1);
    expect(!vm_object_page(object, 0));
    expect(pageout_evict(pending) == EVICTION_KEPT);
    expect(pageout_evict(wired) == EVICTION_KEPT);
    pending->supply_pending = 0;
    pending->dirty = true;
    expect(pageout_evict(pending) == EVICTION_THROTTLED); /* there is no default pager */
    expect(vm_object_page(object, PAGE_BYTES) == pending && pending->dirty);
    vm_object_release(object);
}

SELFTEST(page_eviction_of_an_unavailable_slot_empties_it)
{
    struct vm_object *object = vm_object_create(PAGE_BYTES);
    struct page *frame = page_alloc();

    expect(frame && placeholder_insert(object, 0, frame));
    placeholder_unavailable(frame);
    expect(pageout_evict(frame) == EVICTION_FREED);
    expect(!vm_object_page(object, 0) && object->resident_count == 0);
    vm_object_release(object);
}
