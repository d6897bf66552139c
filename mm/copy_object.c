/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copy objects.
 *
 * References: a copy object holds one on its shadow, entries and older copies hold those on it. Pointers by
 * `copy` hold none; object_lifetime.c clears the one that leads to an object that ends, collapse.c
 * leads it to the object that takes the place of another.
 */
#include "mm/copy_object.h"

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/association.h"
#include "mm/collapse.h"
#include "mm/fault.h"
#include "mm/fault_request.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/pageout_page.h"
#include "mm/pmap.h"
#include "mm/vm_object.h"

#define COPIES_MAX 8u      /* of one source, one behind the other */
#define CHUNK_PAGES 256u   /* marked without letting others run */

static const struct wait_reason waits_for_laundry = {"the default pager to take a page of a copy",
                                                     NULL};

/* --- making --- */

/* Nothing was pushed into it and nobody writes it: it still says what the source says. */
static bool is_unused(const struct vm_object *copy)
{
    return copy->copy_reusable && copy->resident_count == 0 &&
           copy->association == ASSOCIATION_NONE;
}

/* Merges copies that only older ones still need into those, and counts what is left. */
static unsigned shorten_chain(struct vm_object *source)
{
    unsigned length = 0;

    for (struct vm_object *copy = source->copy, *older; copy; copy = older) {
        older = copy->copy;
        length++;
        if (older && copy->references == 1)
            vm_object_collapse(older);
    }
    return length;
}

/* Puts a new copy object between the source and its newest copy. */
static struct vm_object *insert(struct vm_object *source, vm_size_t size)
{
    struct vm_object *older = source->copy, *copy = vm_object_create(size);

    if (!copy)
        return NULL;
    if (older) { /* its reference on the source becomes the new one's */
        assert(older->shadow == source);
        if (older->shadow_offset + older->size > size)
            copy->size = older->shadow_offset + older->size;
        older->shadow = copy;
        copy->references++;
        copy->shadowed_by = 1;
    } else {
        vm_object_reference(source);
        source->shadowed_by++;
    }
    copy->shadow = source;
    copy->copy = older;
    copy->copy_reusable = true;
    source->copy = copy;
    return copy;
}

/*
 * From here on a write to these pages of the source faults: asks the manager, or goes through
 * copy_object_push().
 */
static void restrict_writes(struct vm_object *source, vm_offset_t at, vm_offset_t end, bool ask_manager)
{
    struct page *page;

    for (unsigned walked = 1; (page = vm_object_walk(source, &at, end)) != NULL; walked++) {
        if (!page->absent && (ask_manager || !page->needs_push))
            pmap_page_restrict(page, VM_PROT_ALL & ~VM_PROT_WRITE);
        if (!page->absent && ask_manager)
            page->lock |= VM_PROT_WRITE;
        else if (!page->absent)
            page->needs_push = true;
        if (walked % CHUNK_PAGES == 0) {
            pmap_flush();
            sched_yield();
        }
    }
    pmap_flush();
}

struct vm_object *copy_object_make(struct vm_object *source, vm_offset_t offset, vm_size_t size)
{
    struct vm_object *copy = source->copy;

    if (copy && is_unused(copy)) {
        vm_object_reference(copy);
        if (copy->size < offset + size)
            copy->size = offset + size;
    } else if (shorten_chain(source) >= COPIES_MAX || !(copy = insert(source, offset + size))) {
        return NULL;
    }
    restrict_writes(source, offset, offset + size, false);
    return copy;
}

/*
 * Order as the manager sees it: memory_object_copy at the old object, then what the locks lead to, then
 * memory_object_init at the new one.
 */
struct vm_object *copy_call_make(struct vm_object *source, vm_offset_t offset, vm_size_t size)
{
    struct vm_object *copy = association_object(size);
    struct port *memory_object = copy ? manager_copy_object(source, offset, size) : NULL;

    if (!memory_object) {
        if (copy)
            manager_forget_ports(copy);
        vm_object_release(copy);
        return NULL;
    }
    vm_object_reference(source);
    copy->shadow = source;
    copy->shadow_offset = offset;
    source->shadowed_by++;
    association_begin(copy, memory_object);
    restrict_writes(source, offset, offset + size, true);
    if (copy->association == ASSOCIATION_WAIT_READY) /* its port has not died meanwhile */
        manager_init_object(copy);
    return copy;
}

/* --- pushing --- */

/* Who looked through the copy at the page finds its data in the copy from now on. */
static void release_page(struct page *page)
{
    pmap_page_protect(page, VM_PROT_NONE);
    page->needs_push = false;
}

/* The copy's pager may have the page already, and then ignores this one. */
static kern_return_t send(struct vm_object *copy, vm_offset_t offset, struct page *page,
                          enum wait_mode mode)
{
    struct page *old;
    kern_return_t code;

    if (page_counts.laundry >= PAGEOUT_LAUNDRY_MAX)
        return fault_pause(&waits_for_laundry, mode);
    old = page_alloc();
    if (!old)
        return fault_wait_memory(mode);
    page_copy(page, old);
    code = manager_data_initialize(copy, offset, old);
    if (code == KERN_SUCCESS) {
        release_page(page);
        return KERN_SUCCESS;
    }
    page_free(old);
    return code == KERN_RESOURCE_SHORTAGE ? fault_wait_memory(mode) : KERN_SUCCESS;
}

/* A write to the copy itself brings the page into it; the next step finds it there. */
static kern_return_t bring_in(struct vm_object *copy, vm_offset_t offset, enum wait_mode mode)
{
    struct page *page;
    bool writable;
    kern_return_t code;

    vm_object_reference(copy);
    code = vm_fault_page(copy, offset, VM_PROT_READ | VM_PROT_WRITE, mode, &page, &writable);
    if (code == KERN_SUCCESS)
        page_wake(page, WAIT_AWAKENED);
    vm_object_release(copy);
    /* The writer is not to fail for what the copy's pager has lost. */
    return code == KERN_ABORTED || code == KERN_RESOURCE_SHORTAGE ? code : KERN_SUCCESS;
}

/* The copy still finds the page in the source, or may do so. */
static bool is_owed(const struct vm_object *copy, const struct page *page)
{
    struct page *there;

    if (!copy || page->object->internal || page->offset < copy->shadow_offset ||
        page->offset - copy->shadow_offset >= copy->size)
        return false;
    if (copy->association != ASSOCIATION_NONE && copy->association != ASSOCIATION_READY)
        return false; /* its absent pages are lost */
    there = vm_object_page(copy, page->offset - copy->shadow_offset);
    return !there || there->absent;
}

/* The copy's frames come one after the other: with less than this, page-out would take the first. */
static bool has_room(void)
{
    return page_counts.free > page_levels.reserved + PAGE_WAIT_MARGIN ||
           thread_current()->vm_privileged;
}

kern_return_t copy_object_push(struct page *page, enum wait_mode mode)
{
    struct vm_object *copy = page->object->copy;
    vm_offset_t offset;

    if (!is_owed(copy, page)) {
        release_page(page);
        return KERN_SUCCESS;
    }
    if (!has_room())
        return fault_wait_memory_with(page, mode);
    offset = page->offset - copy->shadow_offset;
    if (copy->association == ASSOCIATION_READY && !vm_object_page(copy, offset))
        return send(copy, offset, page, mode);
    return bring_in(copy, offset, mode);
}
