/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames, without entry and object. They cannot be paged out: only requests to the kernel are captured so,
 * which are served before their sender goes on.
 */
#include "mm/vm_copy_frames.h"

#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

/* The resident page that the address shows, if it can be read as it is. */
static struct page *resident(struct vm_map *map, vm_offset_t address)
{
    struct vm_map_entry *entry = map->hint;
    struct page *page;

    if (map->dead ||
        (!(entry && address >= entry->start && address < entry->end) &&
         !vm_map_lookup_entry(map, address, &entry)) ||
        !entry->object ||
        !(entry->protection & VM_PROT_READ))
        return NULL;
    page = vm_object_page(entry->object, entry->offset + (address - entry->start));
    return page && !page->busy && !page->absent && !(page->lock & VM_PROT_READ) ? page : NULL;
}

struct vm_copy *vm_copy_in_frames(struct vm_map *map, vm_offset_t address, vm_size_t bytes)
{
    struct vm_copy *copy;

    if (!page_aligned(address | bytes) || bytes - 1 >= VM_COPY_FRAMES_MAX * PAGE_BYTES)
        return NULL;
    copy = vm_copy_create(address, 0, bytes);
    for (vm_size_t at = 0; copy && at < bytes; at += PAGE_BYTES) {
        struct page *from = resident(map, address + at);
        struct page *page = from ? page_alloc() : NULL;

        if (!page) {
            vm_copy_discard(copy);
            return NULL;
        }
        page_copy(from, page);
        list_insert_tail(&copy->frames, &page->queue_link);
    }
    return copy;
}

/* Puts the frames into an object, or those that are in it back. */
static bool fill(struct vm_object *object, struct vm_copy *copy)
{
    for (vm_offset_t at = 0; at < copy->size; at += PAGE_BYTES) {
        struct page *page = list_entry(list_take_first(&copy->frames), struct page, queue_link);

        if (vm_object_insert(object, at, page))
            continue;
        list_insert_head(&copy->frames, &page->queue_link);
        while (at > 0) {
            page = vm_object_page(object, at -= PAGE_BYTES);
            vm_object_remove(page);
            list_insert_head(&copy->frames, &page->queue_link);
        }
        return false;
    }
    return true;
}

bool vm_copy_spread(struct vm_copy *copy)
{
    struct vm_map_entry *entry = vm_map_entry_alloc();
    struct vm_object *object = entry ? vm_object_create(copy->size) : NULL;

    if (!object || !fill(object, copy)) {
        vm_object_release(object);
        vm_map_entry_free(entry);
        return false;
    }
    for (vm_offset_t at = 0; at < copy->size; at += PAGE_BYTES) {
        struct page *page = vm_object_page(object, at);

        page->dirty = true;
        page_activate(page);
    }
    *entry = (struct vm_map_entry){.start = copy->base, .end = copy->base + copy->size,
                                   .object = object};
    vm_copy_append(copy, entry);
    return true;
}
