/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an object and an offset to a page (spec/vm.md 3, F2 to F6, F13).
 *
 * The chain of objects is walked from the top without sleeping. A step that must sleep sleeps and
 * starts over at the top, with nothing held: so two threads never install two pages (F3), whoever
 * moved a page meanwhile (H-14).
 */
#include "mm/association.h"
#include "mm/collapse.h"
#include "mm/copy_object.h"
#include "mm/fault.h"
#include "mm/fault_count.h"
#include "mm/fault_request.h"
#include "mm/kept_pages.h"
#include "mm/object_lifetime.h"
#include "mm/page_trace.h"
#include "mm/pageout.h"
#include "mm/placeholder.h"
#include "mm/pmap.h"
#include "mm/vm_object.h"

/* Where a walk down the chain stands. */
struct walk {
    struct vm_object *top;
    vm_offset_t top_offset;
    vm_prot_t access;            /* of the fault */
    enum wait_mode mode;
    struct vm_object *object;    /* this level */
    vm_offset_t offset;
    bool again;                  /* something slept: start over */
    bool is_writable;
};

/* What is asked of this level: below the top, data is only read. */
static vm_prot_t level_access(const struct walk *walk)
{
    if (walk->object == walk->top)
        return walk->access;
    return (walk->access & ~VM_PROT_WRITE) | VM_PROT_READ;
}

static kern_return_t retry(struct walk *walk, kern_return_t code)
{
    walk->again = true;
    return code;
}

/* Waits for memory, with the page that is to be copied, if there is one. */
static kern_return_t wait_memory(struct walk *walk, struct page *source)
{
    return retry(walk, source ? fault_wait_memory_with(source, walk->mode)
                              : fault_wait_memory(walk->mode));
}

/* A frame for new contents of the top slot: the one reserved there, or a new one; or NULL with the
   code to go on with. */
static struct page *frame_for(struct walk *walk, struct page *source, kern_return_t *code)
{
    struct page *page = vm_object_page(walk->top, walk->top_offset);

    if (page && !page->fictitious) {
        if (page_counts.free > page_levels.reserved || !fault_memory_is_refused())
            return page;
        *code = KERN_RESOURCE_SHORTAGE; /* that frame is lent: for data that has a block */
        return NULL;
    }
    page = page_alloc();
    if (!page)
        *code = wait_memory(walk, source);
    return page;
}

/* Puts a fresh page into the top object's slot, empty or UNAVAILABLE. False: no memory for it. */
static bool install(struct walk *walk, struct page *page)
{
    struct page *there = vm_object_page(walk->top, walk->top_offset);

    page->dirty = false;
    page->referenced = true;
    if (!there)
        return vm_object_insert(walk->top, walk->top_offset, page);
    if (there == page)
        placeholder_use_frame(page);
    else
        placeholder_fill(vm_object_slot(walk->top, walk->top_offset), page);
    return true;
}

/* A page is new in the top object: the next pass finds it there, if a copy must get it before a write. */
static kern_return_t deliver(struct walk *walk, struct page *page, struct page **result)
{
    if (walk->top->copy && !walk->top->internal) {
        page->needs_push = true;
        return retry(walk, KERN_SUCCESS);
    }
    walk->is_writable = true;
    *result = page;
    return KERN_SUCCESS;
}

/* Nothing is behind: zeros, in the top object; CLEAN until written. */
static kern_return_t zero_fill(struct walk *walk, struct page **result)
{
    kern_return_t code = KERN_SUCCESS;
    struct page *page = frame_for(walk, NULL, &code);

    if (!page)
        return code;
    page_zero(page);
    if (!install(walk, page)) {
        page_free(page);
        return wait_memory(walk, NULL);
    }
    page_activate(page);
    page_trace(PORTHOLE_TRACE_ZERO, 0, walk->top, walk->top_offset, 1);
    fault_count_zero_fill();
    return deliver(walk, page, result);
}

/* A write to a page further down: the top object gets its own (F5). */
static kern_return_t copy_up(struct walk *walk, struct page *source, struct page **result)
{
    kern_return_t code = KERN_SUCCESS;
    struct page *page = frame_for(walk, source, &code);

    if (!page)
        return code;
    page_copy(source, page);
    if (!install(walk, page)) {
        page_free(page);
        return wait_memory(walk, source);
    }
    page->dirty = true; /* nothing keeps this content yet */
    page_activate(page);
    if (walk->top->references > 2)
        pmap_page_protect(source, VM_PROT_NONE); /* others see the top object, and saw the source */
    page_trace(PORTHOLE_TRACE_COPY, (uint64_t)walk->object, walk->top, walk->top_offset, 1);
    fault_count_copy();
    if (walk->top->shadow->references == 1 || walk->top->shadow->shadow)
        vm_object_collapse(walk->top);
    return deliver(walk, page, result);
}

static kern_return_t use_page(struct walk *walk, struct page *page, struct page **result)
{
    if (page->queue == PAGE_QUEUE_INACTIVE) {
        fault_count_reactivation();
        page_activate(page);
    }
    if (walk->object != walk->top && (walk->access & VM_PROT_WRITE))
        return copy_up(walk, page, result);
    if (page->needs_push && (walk->access & VM_PROT_WRITE))
        return retry(walk, copy_object_push(page, walk->mode));
    walk->is_writable = walk->object == walk->top && !page->needs_push &&
                        !(page->lock & VM_PROT_WRITE);
    *result = page;
    return KERN_SUCCESS;
}

/* There is something in this level's slot. *result stays NULL if the search goes further down. */
static kern_return_t slot_in_use(struct walk *walk, struct page *page, struct page **result)
{
    vm_prot_t access = level_access(walk);

    if (page->busy)
        return retry(walk, fault_wait_page(page, walk->mode));
    if (page->absent)
        return walk->object->adopted ? KERN_MEMORY_FAILURE : KERN_SUCCESS;
    if (page->lock & access)
        return retry(walk, fault_request_access(page, access, walk->mode));
    return use_page(walk, page, result);
}

/* The slot is empty. KERN_SUCCESS without `again`: the search goes further down. */
static kern_return_t slot_empty(struct walk *walk)
{
    struct vm_object *object = walk->object;

    if (object->association == ASSOCIATION_NONE)
        return KERN_SUCCESS;
    if (object->kept && kept_has(object, walk->offset))
        return retry(walk, kept_bring_back(object, walk->offset, walk->mode));
    switch (object->association) {
    case ASSOCIATION_READY:
        object->behavior = walk->top->behavior;
        return retry(walk, fault_request_data(object, walk->offset, level_access(walk),
                                              walk->mode));
    case ASSOCIATION_WAIT_READY: {
        kern_return_t code;

        vm_object_reference(object);
        code = association_wait_ready(object, walk->mode);
        vm_object_release(object);
        return retry(walk, code == KERN_INVALID_OBJECT ? KERN_MEMORY_FAILURE : code);
    }
    default:
        return KERN_MEMORY_FAILURE; /* D-24 */
    }
}

/* One pass from the top down; ends with a page, an error, or `again`. */
static kern_return_t walk_chain(struct walk *walk, struct page **result)
{
    walk->object = walk->top;
    walk->offset = walk->top_offset;
    for (;;) {
        struct page *page = vm_object_page(walk->object, walk->offset);
        kern_return_t code = page ? slot_in_use(walk, page, result) : slot_empty(walk);

        if (code != KERN_SUCCESS || walk->again || *result)
            return code;
        if (!walk->object->shadow)
            return zero_fill(walk, result);
        walk->offset += walk->object->shadow_offset;
        walk->object = walk->object->shadow;
    }
}

/* See fault.h. The page is returned busy. */
kern_return_t vm_fault_page(struct vm_object *object, vm_offset_t offset, vm_prot_t access,
                            enum wait_mode mode, struct page **result, bool *writable)
{
    struct walk walk = {.top = object, .top_offset = offset, .access = access, .mode = mode};
    kern_return_t code;

    *result = NULL;
    do {
        walk.again = false;
        code = walk_chain(&walk, result);
    } while (code == KERN_SUCCESS && !*result);
    if (code != KERN_SUCCESS)
        return code;
    (*result)->busy = true;
    *writable = walk.is_writable;
    return KERN_SUCCESS;
}
