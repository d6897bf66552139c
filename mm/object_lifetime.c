/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of objects.
 *
 * An object that loses its last reference is cached (its manager allows it and it has data), or ends:
 * dirty and precious pages go back (unless its contents are temporary), terminate is sent, its pages
 * and its shadow reference go. A small object ends on the spot; what is large, or must wait for
 * memory, is ended by the reaper. `alive` is false from the beginning of the end: nobody finds the
 * object through a port any more, and a new vm_map waits until terminate is queued.
 */
#include "mm/object_lifetime.h"

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/trace.h"
#include "mm/association_end.h"
#include "mm/kept_pages.h"
#include "mm/lock_request.h"
#include "mm/placeholder.h"
#include "mm/synchronize.h"
#include "mm/vm_object.h"

#define END_AT_ONCE_PAGES 256u  /* more are left to the reaper */
#define CHUNK_PAGES 256u        /* between the reaper's preemption points */

static struct list cached = LIST_INITIALIZER(cached);
static struct list work = LIST_INITIALIZER(work);    /* objects that the reaper looks at */
static struct wait_queue reaper_idle;
static const struct wait_reason waits_for_work = {"objects to end", NULL};

/* --- caching --- */

static bool has_data(const struct vm_object *object)
{
    vm_offset_t at = 0;
    struct page *page;

    while ((page = vm_object_walk(object, &at, ~(vm_offset_t)0)) != NULL) {
        if (!page->absent)
            return true;
    }
    return false;
}

static bool may_stay_cached(const struct vm_object *object)
{
    return object->may_cache && object->alive && object->association == ASSOCIATION_READY &&
           has_data(object);
}

void vm_object_revive(struct vm_object *object)
{
    if (list_node_linked(&object->cache_link))
        list_remove(&object->cache_link);
    object->references++;
}

void vm_object_cache_emptied(struct vm_object *object)
{
    if (list_node_linked(&object->cache_link))
        vm_object_reap(object);
}

/* --- ending --- */

/* Frees what is in the object's slots, yielding now and then if it may. */
static void free_pages(struct vm_object *object, bool may_yield)
{
    struct page *page;

    for (unsigned freed = 1;
         (page = vm_object_next_page(object, 0, ~(vm_offset_t)0)) != NULL; freed++) {
        if (page->absent)
            placeholder_remove(page, WAIT_AWAKENED);
        else
            vm_object_free_page(page);
        if (may_yield && freed % CHUNK_PAGES == 0)
            sched_yield();
    }
}

/* Gives up data and association; the object has no users. With may_yield it may sleep. */
static void empty(struct vm_object *object, bool may_yield)
{
    if (!object->internal && !object->temporary && !object->adopted &&
        object->association == ASSOCIATION_READY)
        lock_request_return_all(object);
    free_pages(object, may_yield);
    kept_discard(object);
    lock_request_abandon(object);
    synchronize_abandon(object);
    association_terminate(object);
}

/* The rest of the end; returns the shadow, whose reference is now the caller's to drop. */
static struct vm_object *dismantle(struct vm_object *object, bool may_yield)
{
    struct vm_object *shadow;

    empty(object, may_yield);
    shadow = object->shadow;
    object->shadow = NULL;
    if (shadow) {
        shadow->shadowed_by--;
        if (shadow->copy == object)
            shadow->copy = NULL;
    }
    if (list_node_linked(&object->work_link))
        list_remove(&object->work_link);
    trace(PORTHOLE_TRACE_OBJECT_END, 0, (uint64_t)object, 0);
    vm_object_free(object);
    return shadow;
}

static bool can_end_at_once(const struct vm_object *object)
{
    return object->resident_count < END_AT_ONCE_PAGES && !object->kept &&
           !list_node_linked(&object->work_link) &&
           (object->internal || page_counts.free > page_levels.reserved);
}

/*
 * Goes down the chain of shadows as long as each reference was the last. Does not sleep.
 */
void vm_object_release_last(struct vm_object *object)
{
    while (object) {
        assert(object->references > 0);
        if (--object->references > 0)
            return;
        if (may_stay_cached(object)) {
            list_insert_tail(&cached, &object->cache_link);
            return;
        }
        assert(object->paging_in_progress == 0);
        object->alive = false;
        if (!can_end_at_once(object)) {
            vm_object_reap(object);
            return;
        }
        object = dismantle(object, false);
    }
}

void vm_object_end_if_unused(struct vm_object *object)
{
    if (object->references > 1 || object->may_cache || object->internal || !object->alive)
        return;
    object->alive = false;
    empty(object, true);
}

/* --- the reaper --- */

void vm_object_reap(struct vm_object *object)
{
    if (list_node_linked(&object->work_link))
        return;
    list_insert_tail(&work, &object->work_link);
    wait_queue_wake_one(&reaper_idle, WAIT_AWAKENED);
}

/* An object that lives, or is cached: does what waits, and lets it go again. */
static void attend(struct vm_object *object)
{
    vm_object_revive(object);
    if (!list_empty(&object->pending_replies))
        lock_request_resume(object);
    if (object->termination_wanted && object->paging_in_progress == 0)
        association_finish_destroy(object);
    vm_object_release(object);
}

static void reaper(void *unused)
{
    (void)unused;
    thread_current()->vm_privileged = true;
    for (;;) {
        struct list_node *node = list_take_first(&work);
        struct vm_object *object;

        if (!node) {
            wait_queue_sleep(&reaper_idle, &waits_for_work, NULL, WAIT_UNINTERRUPTIBLE,
                             DEADLINE_NEVER);
            continue;
        }
        object = list_entry(node, struct vm_object, work_link);
        if (object->alive || object->references > 0)
            attend(object);
        else
            vm_object_release(dismantle(object, true));
    }
}

void object_lifetime_init(void)
{
    wait_queue_init(&reaper_idle);
    lock_request_init();
    kept_pages_init();
    synchronize_init();
    thread_create_kernel("object-reaper", SCHED_PRIORITY_KERNEL, reaper, NULL);
}
