/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collapse and bypass: chains of shadows kept short.
 *
 * Every write to copied memory puts an object in front of another. When the one behind is used by
 * nobody else, its pages can move up (collapse); when nothing of it is visible any more, it can be left out
 * (bypass). Only anonymous objects take part, and only while no answer of the default pager is awaited
 * and no operation is under way, so that whoever waits for a page finds it where it was (H-14).
 */
#include "mm/collapse.h"

#include "ipc/port.h"
#include "kernel/trace.h"
#include "mm/object_lifetime.h"
#include "mm/placeholder.h"
#include "mm/vm_object.h"

#define MOVES_PER_CALL 256u   /* longer collapses go on at the next occasion */
#define BYPASS_MAX_PAGES 64u
#define LEVELS_PER_CALL 3u

static bool quiet(const struct vm_object *object)
{
    return object->internal && object->alive && !object->pageout_transport &&
           object->paging_in_progress == 0 && object->absent_count == 0 &&
           !list_node_linked(&object->work_link);
}

/* The object's own slots say everything: nothing of it is on disk. */
static bool all_in_memory(const struct vm_object *object)
{
    return object->association == ASSOCIATION_NONE && !object->pager;
}

/* What is behind pushes old pages into the object before they change. */
static bool is_copy_object(const struct vm_object *object)
{
    return object->shadow && object->shadow->copy == object;
}

/* Moves all visible pages up; false: stopped early, nothing is lost. */
static bool move_visible(struct vm_object *object, struct vm_object *backing)
{
    vm_offset_t at = object->shadow_offset;
    vm_offset_t end = object->shadow_offset + object->size;
    struct page *page;

    for (unsigned moved = 0; (page = vm_object_walk(backing, &at, end)) != NULL;) {
        vm_offset_t offset = page->offset - object->shadow_offset;

        if (page->busy || moved == MOVES_PER_CALL)
            return false;
        if (page->absent || vm_object_page(object, offset))
            continue;
        if (!vm_object_move(page, object, offset))
            return false;
        moved++;
    }
    return true;
}

/* The backing object's association becomes the object's. */
static void inherit_pager(struct vm_object *object, struct vm_object *backing)
{
    object->association = backing->association;
    object->paging_offset = backing->paging_offset + object->shadow_offset;
    object->cluster_pages = backing->cluster_pages;
    object->pager = backing->pager;
    object->control = backing->control;
    object->name = backing->name;
    backing->pager = backing->control = backing->name = NULL;
    if (!object->pager)
        return;
    object->pager->memory_object = object;
    object->control->kobject = object;
    object->name->kobject = object;
}

static void free_rest(struct vm_object *backing)
{
    struct page *page;

    while ((page = vm_object_next_page(backing, 0, ~(vm_offset_t)0)) != NULL) {
        if (page->absent)
            placeholder_remove(page, WAIT_AWAKENED);
        else
            vm_object_free_page(page);
    }
    backing->references = 0;
    backing->alive = false;
    backing->copy = NULL;
    trace(PORTHOLE_TRACE_OBJECT_END, 0, (uint64_t)backing, 0);
    vm_object_free(backing);
}

/* Nobody but the object uses the backing object: makes one of the two. */
static bool merge(struct vm_object *object, struct vm_object *backing)
{
    if (!all_in_memory(object) || backing->resident_count > 4 * MOVES_PER_CALL ||
        !move_visible(object, backing))
        return false;
    inherit_pager(object, backing);
    if (is_copy_object(backing))
        backing->shadow->copy = object; /* what is pushed now comes here */
    object->shadow = backing->shadow;
    object->shadow_offset += backing->shadow_offset;
    backing->shadow = NULL;
    free_rest(backing);
    return true;
}

static bool hides(const struct vm_object *object, const struct vm_object *backing)
{
    vm_offset_t at = object->shadow_offset;
    vm_offset_t end = object->shadow_offset + object->size;
    struct page *page;

    while ((page = vm_object_walk(backing, &at, end)) != NULL) {
        if (!vm_object_page(object, page->offset - object->shadow_offset))
            return false;
    }
    return true;
}

/* Others use the backing object, but nothing of it shows through this one: leaves it out. */
static bool bypass(struct vm_object *object, struct vm_object *backing)
{
    if (!all_in_memory(object) || !all_in_memory(backing) || is_copy_object(backing) ||
        backing->resident_count > BYPASS_MAX_PAGES ||
        backing->resident_count > object->resident_count || !hides(object, backing))
        return false;
    if (backing->shadow) {
        vm_object_reference(backing->shadow);
        backing->shadow->shadowed_by++;
    }
    object->shadow = backing->shadow;
    object->shadow_offset += backing->shadow_offset;
    backing->shadowed_by--;
    vm_object_release(backing);
    return true;
}

/* Shortens the chain right behind one object. */
static void shorten(struct vm_object *object)
{
    struct vm_object *backing;

    while ((backing = object->shadow) != NULL && quiet(backing)) {
        bool shorter = backing->references == 1 ? merge(object, backing)
                                                : bypass(object, backing);
        if (!shorter)
            return;
    }
}

/*
 * The levels behind are looked at too: a task that keeps making children writes, and so comes here, while the
 * newest child still uses the object behind the top; those that dead children leave lie deeper.
 */
void vm_object_collapse(struct vm_object *object)
{
    for (unsigned level = 0; level < LEVELS_PER_CALL && object && quiet(object); level++) {
        shorten(object);
        object = object->shadow;
    }
}
