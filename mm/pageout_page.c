/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evicting one page (spec/vm.md 4, spec/emmi.md 5.3).
 *
 *   clean                 freed, its slot is empty
 *   dirty or precious     data_return to its manager; to the default pager together with cold neighbours
 *   anonymous, no pager   memory_object_create first (or never, while there is no default pager: D-30)
 *   dead manager's        whatever it is: given to the default pager (D-23)
 *
 * While the message is built a RETURNING placeholder keeps the slot, so that a failure puts the page back
 * where it was and nothing is lost (R7). Nothing here sleeps.
 */
#include "mm/pageout_page.h"

#include "mm/association.h"
#include "mm/kept_pages.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/page_trace.h"
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
    else {
        page_trace(PORTHOLE_TRACE_EVICT, 0, object, page->offset, 1);
        vm_object_free_page(page);
    }
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

/* Pages side by side that go to their manager in one message. */
struct cluster {
    struct vm_object *object;
    vm_offset_t start;
    unsigned count;
    bool dirty;
    struct page *pages[PAGEOUT_CLUSTER_PAGES];
    struct page *keepers[PAGEOUT_CLUSTER_PAGES];
    bool precious[PAGEOUT_CLUSTER_PAGES];
};

/* A neighbour that is as cold and of the same kind, and would be sent soon anyway. */
static bool fits(const struct cluster *cluster, struct page *page)
{
    if (!page || page->queue != PAGE_QUEUE_INACTIVE || page->absent || is_pinned(page) ||
        page->external_laundry)
        return false;
    pmap_harvest(page);
    if (page->referenced || !manager_has_room(page))
        return false;
    pmap_page_protect(page, VM_PROT_NONE); /* from here on nobody makes it another kind */
    return must_be_kept(page) && page->dirty == cluster->dirty;
}

/* Puts a keeper into the page's slot; false: there is none. */
static bool take_out(struct page *page, struct page **keeper)
{
    *keeper = page_alloc_fictitious();
    if (!*keeper)
        return false;
    (*keeper)->busy = (*keeper)->absent = (*keeper)->returning = true;
    pmap_page_protect(page, VM_PROT_NONE);
    vm_object_replace(vm_object_slot(page->object, page->offset), *keeper);
    page_unqueue(page);
    return true;
}

/* Adds the page at the end of the cluster, if it fits there. */
static bool extend(struct cluster *cluster, struct page *page)
{
    if (!take_out(page, &cluster->keepers[cluster->count]))
        return false;
    cluster->precious[cluster->count] = page->precious;
    cluster->pages[cluster->count++] = page;
    return true;
}

/* The first of the cold pages before this one that belong together with it. */
static struct page *first_of_run(const struct cluster *cluster, struct page *page)
{
    for (unsigned i = 1; i < PAGEOUT_CLUSTER_PAGES && page->offset > 0; i++) {
        struct page *before = vm_object_page(page->object, page->offset - PAGE_BYTES);

        if (!fits(cluster, before))
            break;
        page = before;
    }
    return page;
}

/* Collects what goes with the page: its neighbours, if the manager is trusted with that many frames. */
static void collect(struct cluster *cluster, struct page *page)
{
    struct vm_object *object = page->object;
    bool alone = !manager_is_trusted(object) || page->external_laundry;
    vm_offset_t own = page->offset;
    struct page *next = alone ? page : first_of_run(cluster, page);

    cluster->start = next->offset;
    do {
        vm_offset_t offset = next->offset;

        if (!extend(cluster, next))
            return;
        next = vm_object_page(object, offset + PAGE_BYTES);
    } while (!alone && cluster->count < PAGEOUT_CLUSTER_PAGES &&
             (cluster->start + cluster->count * PAGE_BYTES <= own || fits(cluster, next)));
}

/* The message could not be sent: every page is where it was. */
static void put_back(struct cluster *cluster, bool external_laundry)
{
    for (unsigned i = 0; i < cluster->count; i++) {
        struct page *page = cluster->pages[i];

        page->dirty = cluster->dirty;
        page->precious = cluster->precious[i];
        if (external_laundry) {
            page->external_laundry = true;
            page_counts.external_laundry++;
        }
        vm_object_replace(vm_object_slot(cluster->object, cluster->keepers[i]->offset), page);
        page_wake(cluster->keepers[i], WAIT_AWAKENED);
        page_free(cluster->keepers[i]);
        page_activate(page);
    }
}

static enum eviction send(struct page *page)
{
    struct cluster cluster = {.object = page->object, .dirty = page->dirty};
    bool external_laundry = page->external_laundry;

    collect(&cluster, page);
    if (cluster.count == 0)
        return EVICTION_THROTTLED;
    if (manager_data_return(cluster.object, cluster.start, cluster.pages, cluster.count,
                            cluster.dirty, false) != KERN_SUCCESS) {
        put_back(&cluster, external_laundry);
        return EVICTION_THROTTLED;
    }
    for (unsigned i = 0; i < cluster.count; i++)
        vm_object_free_page(cluster.keepers[i]);
    vm_object_cache_emptied(cluster.object);
    return EVICTION_SENT;
}

static bool can_be_sent(const struct page *page)
{
    return has_manager(page->object) && manager_has_room(page);
}

/* The page of a manager that has had enough: the default pager gets it, by way of another object (V-13). */
static bool keep(struct page *page)
{
    const struct vm_object *object = page->object;

    return object->association == ASSOCIATION_READY && !manager_is_trusted(object) &&
           !object->adopted && page->lock == VM_PROT_NONE && manager_owes_too_much(object) &&
           kept_take(page);
}

/*
 * Conditions: the page is in an object. What its mappings know is harvested. It is unmapped, unless it
 * has to stay anyway: its users should not pay for that.
 */
enum eviction pageout_evict(struct page *page)
{
    if (is_pinned(page))
        return EVICTION_KEPT;
    if (page->absent)
        return free_page(page);
    pmap_harvest(page);
    if (must_be_kept(page) && keep(page))
        pmap_page_protect(page, VM_PROT_NONE);
    if (must_be_kept(page) && !can_be_sent(page))
        return EVICTION_THROTTLED;
    pmap_page_protect(page, VM_PROT_NONE);
    if (!must_be_kept(page))
        return free_page(page);
    return can_be_sent(page) ? send(page) : EVICTION_THROTTLED;
}
