/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages kept for managers. Which offsets are kept is in a tree of its own: the default pager may have the
 * page, and is asked for nothing else.
 */
#include "mm/kept_pages.h"

#include "kernel/string.h"
#include "mm/fault.h"
#include "mm/fault_request.h"
#include "mm/kmem.h"
#include "mm/object_lifetime.h"
#include "mm/placeholder.h"
#include "mm/radix.h"
#include "mm/vm_object.h"

struct kept_pages {
    struct vm_object *store;  /* internal; owns a reference */
    struct radix offsets;     /* `plain` or `precious` for each page that is kept */
};

static struct kmem_cache kept_cache;
static char plain, precious;  /* what the page is to its manager */
static const struct wait_reason waits_for_completion = {"the end of a supply of the default pager", NULL};

void kept_pages_init(void)
{
    kmem_cache_init(&kept_cache, "kept-pages", sizeof(struct kept_pages), 0, 0);
}

static bool begin(struct vm_object *object)
{
    struct kept_pages *kept = kmem_cache_alloc(&kept_cache);

    if (!kept)
        return false;
    memset(kept, 0, sizeof(*kept));
    kept->store = vm_object_create(object->size);
    if (!kept->store) {
        kmem_cache_free(&kept_cache, kept);
        return false;
    }
    object->kept = kept;
    return true;
}

/* What two faults at once may have left in the store's slot of a page that went back. */
static bool clear_slot(struct vm_object *store, vm_offset_t offset)
{
    struct page *page = vm_object_page(store, offset);

    if (page && page->busy)
        return false;
    if (page && page->absent)
        placeholder_remove(page, WAIT_AWAKENED);
    else if (page)
        vm_object_free_page(page);
    return true;
}

bool kept_take(struct page *page)
{
    struct vm_object *object = page->object;
    vm_offset_t offset = page->offset;
    struct kept_pages *kept;

    if (!object->kept && !begin(object))
        return false;
    kept = object->kept;
    if (!clear_slot(kept->store, offset) ||
        !radix_insert(&kept->offsets, offset >> PAGE_SHIFT_BITS,
                      page->precious ? &precious : &plain))
        return false;
    if (!vm_object_move(page, kept->store, offset)) {
        radix_remove(&kept->offsets, offset >> PAGE_SHIFT_BITS);
        return false;
    }
    page->dirty = true;
    page->precious = page->needs_push = false;
    return true;
}

bool kept_has(const struct vm_object *object, vm_offset_t offset)
{
    return object->kept && radix_lookup(&object->kept->offsets, offset >> PAGE_SHIFT_BITS);
}

vm_offset_t kept_next(const struct vm_object *object, vm_offset_t start, vm_offset_t end)
{
    uint64_t index = start >> PAGE_SHIFT_BITS;

    if (!object->kept || !radix_next(&object->kept->offsets, &index) ||
        index >= end >> PAGE_SHIFT_BITS)
        return end;
    return index << PAGE_SHIFT_BITS;
}

/* Moves a page of the store to where it belongs, unless somebody was faster. False: memory is short. */
static bool put_back(struct vm_object *object, struct page *page)
{
    vm_offset_t offset = page->offset;
    bool was_precious;

    if (!kept_has(object, offset) || vm_object_page(object, offset))
        return true;
    was_precious = radix_lookup(&object->kept->offsets, offset >> PAGE_SHIFT_BITS) == &precious;
    if (!vm_object_move(page, object, offset))
        return false;
    kept_forget(object, offset);
    page->dirty = true;
    page->precious = was_precious;
    page->needs_push = object->copy != NULL;
    return true;
}

kern_return_t kept_bring_back(struct vm_object *object, vm_offset_t offset, enum wait_mode mode)
{
    struct vm_object *store = object->kept->store;
    struct page *page;
    bool writable;
    kern_return_t code;

    vm_object_reference(store);
    code = vm_fault_page(store, offset, VM_PROT_READ, mode, &page, &writable);
    if (code == KERN_SUCCESS) {
        page_wake(page, WAIT_AWAKENED);
        if (page->supply_pending) /* it must not leave the store before (D-33) */
            code = fault_pause(&waits_for_completion, mode);
        else if (!put_back(object, page))
            code = fault_wait_memory_with(page, mode);
    }
    vm_object_release(store);
    return code;
}

void kept_forget(struct vm_object *object, vm_offset_t offset)
{
    if (kept_has(object, offset))
        radix_remove(&object->kept->offsets, offset >> PAGE_SHIFT_BITS);
}

void kept_discard(struct vm_object *object)
{
    uint64_t index = 0;

    if (!object->kept)
        return;
    for (; radix_next(&object->kept->offsets, &index); index = 0)
        radix_remove(&object->kept->offsets, index);
    vm_object_release(object->kept->store);
    kmem_cache_free(&kept_cache, object->kept);
    object->kept = NULL;
}
