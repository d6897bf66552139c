/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies made of pages, and pages taken out of copies.
 */
#include "mm/vm_copy_pages.h"

#include "kernel/panic.h"
#include "mm/fault.h"
#include "mm/fault_request.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/vm_copy.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

/* Nobody but the copy can see the entry's range of its object. */
static bool owns_range(const struct vm_map_entry *entry)
{
    const struct vm_object *object = entry->object;

    return object->internal && (!entry->needs_copy || object->references == 1);
}

/*
 * A page that can change hands: it has a frame of its own that nothing pins, whose data no pager waits
 * to get back (precious) or counts as in flight (laundry).
 */
static bool can_take(const struct vm_map_entry *entry, const struct page *page)
{
    return page && page->object == entry->object && !page->busy && !page->absent &&
           !page->fictitious && page->wire_count == 0 && !page->precious && !page->laundry &&
           !page->external_laundry;
}

static void take(struct page *page)
{
    if (pmap_page_mapped(page))
        pmap_page_protect(page, VM_PROT_NONE);
    page_unqueue(page);
    vm_object_remove(page);
    page->dirty = page->referenced = page->needs_push = false;
}

/* A new frame with bytes [offset, offset + PAGE_BYTES) of the data. */
static kern_return_t copy_page(struct vm_copy *copy, vm_size_t offset, struct page **result)
{
    struct page *page;
    kern_return_t read;

    while (!(page = page_alloc())) /* never refused: the data may be all there is of a manager's page */
        if (page_wait_for_memory(WAIT_INTERRUPTIBLE) == WAIT_INTERRUPTED)
            return KERN_ABORTED;
    read = vm_copy_read(copy, offset, page_address(page), PAGE_BYTES, WAIT_INTERRUPTIBLE);
    if (read != KERN_SUCCESS) {
        page_free(page);
        return read;
    }
    *result = page;
    return KERN_SUCCESS;
}

/* Brings a page that the copy owns into its own object, where it can be taken. */
static kern_return_t bring_in(const struct vm_map_entry *entry, vm_offset_t offset)
{
    struct page *page;
    bool writable;
    kern_return_t result = vm_fault_page(entry->object, offset, VM_PROT_READ | VM_PROT_WRITE,
                                         WAIT_INTERRUPTIBLE, &page, &writable);

    if (result == KERN_SUCCESS)
        page_wake(page, WAIT_AWAKENED);
    return result;
}

kern_return_t vm_copy_take_page(struct vm_copy *copy, vm_size_t index, struct page **result)
{
    vm_offset_t address = copy->base + index * PAGE_BYTES, offset;
    struct vm_map_entry *entry;
    struct page *page;

    assert((index + 1) * PAGE_BYTES <= copy->size);
    if (!list_empty(&copy->frames)) {
        *result = list_entry(list_take_first(&copy->frames), struct page, queue_link);
        return KERN_SUCCESS;
    }
    if (copy->head != 0)
        return copy_page(copy, index * PAGE_BYTES, result);
    entry = vm_copy_entry(copy, address);
    if (!entry->object || !owns_range(entry))
        return copy_page(copy, index * PAGE_BYTES, result);
    offset = entry->offset + (address - entry->start);
    page = vm_object_page(entry->object, offset);
    if (!page || page->busy) {
        kern_return_t brought = bring_in(entry, offset);

        if (brought != KERN_SUCCESS)
            return brought;
        page = owns_range(entry) ? vm_object_page(entry->object, offset) : NULL;
    }
    if (!can_take(entry, page))
        return copy_page(copy, index * PAGE_BYTES, result);
    take(page);
    *result = page;
    return KERN_SUCCESS;
}

/* Inserts the pages from offset 0 up; on failure takes them out again. */
static bool insert_all(struct vm_object *object, struct page **pages, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!vm_object_insert(object, i * PAGE_BYTES, pages[i])) {
            while (i-- > 0)
                vm_object_remove(pages[i]);
            return false;
        }
    }
    return true;
}

struct vm_copy *vm_copy_from_pages(struct page **pages, unsigned count, bool transport)
{
    struct vm_object *object;
    struct vm_copy *copy = vm_copy_of_new_object(count * PAGE_BYTES, &object);

    if (!copy || !insert_all(object, pages, count)) {
        vm_copy_discard(copy);
        return NULL;
    }
    object->pageout_transport = transport;
    for (unsigned i = 0; i < count; i++) {
        /* No pager has these bytes for this object: they are lost if evicted as clean. */
        pages[i]->dirty = true;
        pages[i]->precious = false;
        if (pages[i]->wire_count == 0 && transport)
            page_deactivate(pages[i]); /* it is cold already */
        else if (pages[i]->wire_count == 0)
            page_activate(pages[i]);
    }
    return copy;
}
