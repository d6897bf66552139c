/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child's map, entry by entry from the lowest up. Copying pages may sleep, and the parent's map may
 * change meanwhile: the next entry is looked up by address each time.
 */
#include "mm/vm_map_fork.h"

#include "kernel/sched.h"
#include "mm/vm_copy_capture.h"
#include "mm/vm_map_lookup.h"
#include "mm/vm_map_tree.h"
#include "mm/vm_object.h"
#include "mm/vm_shortage.h"

#define ENTRIES_AT_ONCE 256u    /* before other threads get their turn */

kern_return_t vm_map_entry_share(struct vm_map *map, struct vm_map_entry *entry)
{
    kern_return_t result = vm_map_entry_own_object(map, entry, true);

    if (result != KERN_SUCCESS)
        return result;
    if (entry->object->internal)
        entry->object->copy_source = true;
    entry->shared = true;
    return KERN_SUCCESS;
}

/* Both entries show the same object from now on. */
static kern_return_t share(struct vm_map *map, struct vm_map_entry *entry,
                           struct vm_map_entry *into)
{
    kern_return_t result = entry->device ? KERN_SUCCESS : vm_map_entry_share(map, entry);

    if (result != KERN_SUCCESS)
        return result;
    vm_map_entry_copy_range(into, entry, entry->start, entry->end);
    return KERN_SUCCESS;
}

/* A private copy of what the entry shows. */
static kern_return_t copy(struct vm_map *map, struct vm_map_entry *entry,
                          struct vm_map_entry *into)
{
    if (!vm_capture_can_mark(entry))
        return vm_capture_pages(entry, entry->start, entry->end, entry->start, entry->end, into);
    vm_capture_marked(map, entry, into);
    return KERN_SUCCESS;
}

kern_return_t vm_map_entry_duplicate(struct vm_map *map, struct vm_map_entry *entry, bool shared,
                                     struct vm_map_entry *into)
{
    kern_return_t result = shared ? share(map, entry, into) : copy(map, entry, into);

    into->wired_count = 0;
    into->wired_end = 0;
    return result;
}

/* Adds the inherited form of one parent's entry behind all that the child has. */
static kern_return_t fork_entry(struct vm_map *parent, struct vm_map_entry *entry,
                                struct vm_map *child)
{
    struct list_node *last = list_last(&child->entries);
    struct vm_map_entry *child_entry = vm_map_entry_alloc();
    kern_return_t result;

    if (!child_entry)
        return KERN_RESOURCE_SHORTAGE;
    result = vm_map_entry_duplicate(parent, entry,
                                    entry->inheritance == VM_INHERIT_SHARE || entry->device,
                                    child_entry);
    if (result != KERN_SUCCESS) {
        vm_map_entry_free(child_entry);
        return result;
    }
    vm_map_link(child, child_entry, last ? list_entry(last, struct vm_map_entry, link) : NULL);
    return KERN_SUCCESS;
}

/* Leaves away what of the entry lies below `at`: it came to be there while this thread slept. */
static kern_return_t cut_below(struct vm_map *parent, struct vm_map_entry **entry, vm_offset_t at)
{
    struct vm_map_spares spares;
    kern_return_t result;

    if ((*entry)->start >= at)
        return KERN_SUCCESS;
    result = vm_map_take_spares(parent, at, at, &spares);
    if (result != KERN_SUCCESS)
        return result;
    vm_map_clip(parent, *entry, at, &spares);
    vm_map_free_spares(&spares);
    *entry = vm_map_next_entry(parent, *entry);
    return KERN_SUCCESS;
}

kern_return_t vm_map_fork(struct vm_map *parent, struct vm_map **result)
{
    struct vm_map *child = vm_map_create();
    struct vm_map_entry *entry;
    vm_offset_t at = parent->minimum;
    unsigned tries = 0, count = 0;

    if (!child)
        return KERN_RESOURCE_SHORTAGE;
    child->size_limit = parent->size_limit;
    child->size_limit_max = parent->size_limit_max;
    while ((entry = vm_map_first_entry(parent, at)) != NULL) {
        kern_return_t forked = cut_below(parent, &entry, at);
        vm_offset_t end = entry->end;

        if (forked == KERN_SUCCESS && entry->inheritance != VM_INHERIT_NONE)
            forked = fork_entry(parent, entry, child);
        if (vm_shortage_wait(forked, &tries))
            continue;
        at = end;
        if (++count % ENTRIES_AT_ONCE == 0)
            sched_yield();
        if (forked != KERN_SUCCESS) {
            vm_map_release(child);
            return forked;
        }
    }
    if (parent->dead) { /* since a sleep: this is not all of it */
        vm_map_release(child);
        return KERN_INVALID_ARGUMENT;
    }
    *result = child;
    return KERN_SUCCESS;
}
