/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evicting one page (spec/vm.md 4, spec/emmi.md 5.3).
 *
 *   clean                 freed, its slot is empty
 *   dirty or precious     data_return to its manager
 *   anonymous, no pager   memory_object_create first (or never, while there is no default pager: D-30)
 *   dead manager's        whatever it is: given to the default pager (D-23)
 *
 * While the message is built a RETURNING placeholder keeps the slot, so that a failure puts the page back
 * where it was and nothing is lost (R7). Nothing here sleeps.
 */
#include "mm/pageout_page.h"

#include "kernel/panic.h"
#include "mm/association.h"
#include "mm/default_manager.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/placeholder.h"
#include "mm/pmap.h"
#include "mm/vm_object.h"

/* A page that page-out must not touch now. */
static bool is_pinned(const struct page *page)
{
    return page->busy || page->wire_count > 0 || page->supply_pending != 0 || page->laundry ||
           page->object == NULL || !page->object->alive;
}

static enum eviction free_page(struct page *page)
{
    struct vm_object *object = page->object;

    if (page->absent)
        placeholder_remove(page, WAIT_AWAKENED);
    else
        vm_object_free_page(page);
    vm_object_cache_emptied(object);
    return EVICTION_FREED;
}

/* What the manager's data would not replace. */
static bool must_be_kept(const struct page *page)
{
    return page->dirty || page->precious ||
           (!page->object->internal && page->object->association != ASSOCIATION_READY);
}

/* The manager can take one more page now. */
static bool manager_has_room(const struct page *page)
{
    if (!manager_is_trusted(page->object))
        return page_counts.external_laundry < page_counts.total / 4;
    return page_counts.laundry <
           (page->precious ? PAGEOUT_LAUNDRY_PRECIOUS_MAX : PAGEOUT_LAUNDRY_MAX);
}

/* There is somebody to return data to; makes the default pager that, if need be. */
static bool has_manager(struct vm_object *object)
{
    if (object->association == ASSOCIATION_READY)
        return true;
    if (object->association == ASSOCIATION_DETACHED && object->internal)
        return false; /* the default pager gave the object up: its pages stay */
    if (object->association != ASSOCIATION_NONE && object->association != ASSOCIATION_DETACHED)
        return false;
    if (page_counts.laundry >= PAGEOUT_LAUNDRY_MAX)
        return false;
    return association_create_internal(object);
}

static enum eviction send_page(struct page *page)
{
    struct vm_object *object = page->object;
    vm_offset_t offset = page->offset;
    bool dirty = page->dirty, precious = page->precious;
    bool external_laundry = page->external_laundry;
    struct page *keeper = page_alloc_fictitious();

    if (!keeper)
        return EVICTION_THROTTLED;
    keeper->busy = keeper->absent = keeper->returning = true;
    vm_object_replace(object, page, keeper);
    page_unqueue(page);
    if (manager_data_return(object, offset, &page, 1, dirty, false) == KERN_SUCCESS) {
        vm_object_free_page(keeper);
        vm_object_cache_emptied(object);
        return EVICTION_SENT;
    }
    page->dirty = dirty;
    page->precious = precious;
    if (external_laundry) {
        page->external_laundry = true;
        page_counts.external_laundry++;
    }
    vm_object_replace(object, keeper, page);
    page_wake(keeper, WAIT_AWAKENED);
    page_free(keeper);
    page_activate(page);
    return EVICTION_THROTTLED;
}

/*
 * Conditions: the page is in an object. It is unmapped; what its mappings knew is harvested first.
 */
enum eviction pageout_evict(struct page *page)
{
    if (is_pinned(page))
        return EVICTION_KEPT;
    if (page->absent)
        return free_page(page);
    pmap_page_protect(page, VM_PROT_NONE);
    if (!must_be_kept(page))
        return free_page(page);
    if (!has_manager(page->object) || !manager_has_room(page))
        return EVICTION_THROTTLED;
    return send_page(page);
}
