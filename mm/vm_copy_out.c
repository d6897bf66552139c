/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a copy into a map.
 */
#include "mm/vm_copy_out.h"

#include "kernel/sched.h"
#include "kernel/string.h"
#include "mm/fault.h"
#include "mm/fault_request.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_frames.h"
#include "mm/vm_map.h"
#include "mm/vm_map_lookup.h"
#include "mm/vm_map_wire.h"
#include "mm/vm_object.h"
#include "mm/vm_shortage.h"

#define PAUSE_BYTES (256 * PAGE_BYTES)  /* written without letting others run */

void vm_copy_link(struct vm_map *map, struct vm_copy *copy, vm_offset_t at,
                  struct vm_map_entry *previous)
{
    struct list_node *node;

    while ((node = list_take_first(&copy->entries)) != NULL) {
        struct vm_map_entry *entry = list_entry(node, struct vm_map_entry, link);
        vm_size_t size = entry->end - entry->start;

        entry->start = at;
        entry->end = at += size;
        vm_map_link(map, entry, previous);
        previous = entry;
    }
    vm_copy_free(copy);
}

/* Memory in flight to this very task: its frames are pinned by the laundry already. */
static bool is_transport(const struct vm_copy *copy)
{
    struct vm_map_entry *first = list_entry(list_first(&copy->entries), struct vm_map_entry, link);

    return first->object && first->object->pageout_transport;
}

kern_return_t vm_copy_out(struct vm_map *map, struct vm_copy *copy, vm_offset_t *address)
{
    vm_size_t size;
    struct vm_map_entry *previous;
    kern_return_t result;
    vm_offset_t at;
    bool wire;

    *address = 0;
    if (!copy)
        return KERN_SUCCESS;
    if (map->dead)
        return KERN_INVALID_TASK;
    if (!list_empty(&copy->frames) && !vm_copy_spread(copy))
        return KERN_RESOURCE_SHORTAGE;
    size = page_round(copy->head + copy->size);
    result = vm_map_find_space(map, size, 0, true, &at, &previous);
    if (result != KERN_SUCCESS)
        return result;
    wire = map->wire_future && !is_transport(copy);
    *address = at + copy->head;
    vm_copy_link(map, copy, at, previous);
    if (wire)
        vm_map_wire(map, at, size, VM_PROT_DEFAULT);
    return KERN_SUCCESS;
}

/* The page has just been written through its object: a mapping that still shows what it was copied from
   goes. (Other maps that show the same object were told by the fault.) */
static void forget_old_page(struct vm_map *map, vm_offset_t address, const struct page *page)
{
    vm_offset_t at = page_trunc(address);

    if (pmap_extract(map->pmap, at) != page_physical(page))
        pmap_remove(map->pmap, at, at + PAGE_BYTES);
}

/* One try of write_in_page(); *again when the map changed while the page was found. */
static kern_return_t try_write(struct vm_map *map, vm_offset_t address, const void *bytes,
                               vm_size_t size, bool *again)
{
    struct vm_map_lookup lookup;
    struct page *page;
    bool writable;
    kern_return_t result = map->dead ? KERN_INVALID_ADDRESS
                           : vm_map_lookup(map, address, VM_PROT_WRITE, &lookup);

    if (result != KERN_SUCCESS)
        return result;
    if (lookup.device)
        return KERN_MEMORY_ERROR;
    vm_object_reference(lookup.object);
    result = vm_fault_page(lookup.object, lookup.offset, VM_PROT_WRITE, WAIT_INTERRUPTIBLE, &page,
                           &writable);
    if (result == KERN_SUCCESS) {
        *again = map->version != lookup.version;
        if (!*again) {
            memcpy((char *)page_address(page) + (address & PAGE_MASK), bytes, size);
            page->dirty = true;
            forget_old_page(map, address, page);
        }
        page_wake(page, WAIT_AWAKENED);
    }
    vm_object_release(lookup.object);
    return result;
}

/* Writes bytes into one page of a map, as its protection is at that moment. */
static kern_return_t write_in_page(struct vm_map *map, vm_offset_t address, const void *bytes,
                                   vm_size_t size)
{
    unsigned tries = 0;
    kern_return_t result;
    bool again;

    do {
        again = false;
        result = try_write(map, address, bytes, size, &again);
    } while (again || vm_shortage_wait(result, &tries));
    return result;
}

/* Writes all the data, page by page of the target, by way of one frame: source and target page are
   never held at once, for each may have to be waited for. */
static kern_return_t overwrite(struct vm_map *map, vm_offset_t address, struct vm_copy *copy,
                               void *bounce)
{
    for (vm_size_t done = 0; done < copy->size;) {
        vm_size_t part = PAGE_BYTES - ((address + done) & PAGE_MASK);
        kern_return_t result;

        if (part > copy->size - done)
            part = copy->size - done;
        result = vm_copy_read(copy, done, bounce, part, WAIT_INTERRUPTIBLE);
        if (result == KERN_SUCCESS)
            result = write_in_page(map, address + done, bounce, part);
        if (result != KERN_SUCCESS)
            return result;
        done += part;
        if (done % PAUSE_BYTES < part)
            sched_yield();
    }
    return KERN_SUCCESS;
}

kern_return_t vm_copy_overwrite(struct vm_map *map, vm_offset_t address, struct vm_copy *copy)
{
    struct page *bounce;
    kern_return_t result;

    if (!copy)
        return KERN_SUCCESS;
    result = vm_map_check_access(map, address, copy->size, VM_PROT_WRITE);
    if (result != KERN_SUCCESS)
        return result;
    result = fault_alloc_page(&bounce);
    if (result != KERN_SUCCESS)
        return result;
    result = overwrite(map, address, copy, page_address(bounce));
    page_free(bounce);
    if (result == KERN_SUCCESS)
        vm_copy_discard(copy);
    return result;
}
