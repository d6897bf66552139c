/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page, without entry and object. It cannot be paged out: only requests to the kernel are captured so,
 * which are served before their sender goes on.
 */
#include "mm/vm_copy_single.h"

#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_capture.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

/* The resident page that the address shows, if it can be read as it is. */
static struct page *resident(struct vm_map *map, vm_offset_t address)
{
    struct vm_map_entry *entry;
    struct page *page;

    if (map->dead || !vm_map_lookup_entry(map, address, &entry) || !entry->object ||
        !(entry->protection & VM_PROT_READ))
        return NULL;
    page = vm_object_page(entry->object, entry->offset + (address - entry->start));
    return page && !page->busy && !page->absent && !(page->lock & VM_PROT_READ) ? page : NULL;
}

struct vm_copy *vm_copy_in_single(struct vm_map *map, vm_offset_t address)
{
    struct page *from = page_aligned(address) ? resident(map, address) : NULL;
    struct page *page = from ? page_alloc() : NULL;
    struct vm_copy *copy = page ? vm_copy_create(address, 0, PAGE_BYTES) : NULL;

    if (copy) {
        page_copy(from, page);
        copy->page = page;
    } else if (page) {
        page_free(page);
    }
    return copy;
}

bool vm_copy_spread(struct vm_copy *copy)
{
    struct vm_map_entry *entry = vm_map_entry_alloc();
    struct vm_object *object = entry ? vm_object_create(PAGE_BYTES) : NULL;

    if (!object || !vm_object_insert(object, 0, copy->page)) {
        vm_object_release(object);
        vm_map_entry_free(entry);
        return false;
    }
    copy->page->dirty = true;
    page_activate(copy->page);
    copy->page = NULL;
    *entry = (struct vm_map_entry){.start = copy->base, .end = copy->base + PAGE_BYTES,
                                   .object = object};
    vm_capture_detach(entry);
    list_insert_tail(&copy->entries, &entry->link);
    return true;
}
