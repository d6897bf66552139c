/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of drivers: memory whose physical addresses they may tell their devices.
 */
#include <mig/gnumach_server.h>

#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/record_list.h"
#include "mm/vm_map.h"
#include "mm/vm_map_enter.h"
#include "mm/vm_map_lookup.h"
#include "mm/vm_object.h"

#define PAGES_ASKED_MAX 65536u

/* Frees frames [first, count) that were not put into an object. */
static void free_frames(struct page *first, uint32_t count)
{
    uint64_t physical = page_physical(first);

    for (uint32_t i = 0; i < count; i++) {
        struct page *page = page_of_physical(physical + i * PAGE_BYTES);

        page_unwire(page);
        page_free(page);
    }
}

/* A new object with zeroed, wired, contiguous frames; *physical is the first one's address. */
static kern_return_t contiguous_object(uint32_t count, uint64_t limit, uint64_t align,
                                       struct vm_object **result, uint64_t *physical)
{
    struct page *first = page_alloc_contiguous(count, limit, align);
    struct vm_object *object;

    if (!first)
        return KERN_RESOURCE_SHORTAGE;
    *physical = page_physical(first);
    object = vm_object_create(count * PAGE_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        struct page *page = page_of_physical(*physical + i * PAGE_BYTES);

        page_zero(page);
        if (!object || !vm_object_insert(object, i * PAGE_BYTES, page)) {
            free_frames(page, count - i);
            vm_object_release(object);
            return KERN_RESOURCE_SHORTAGE;
        }
        page->dirty = true;
    }
    *result = object;
    return KERN_SUCCESS;
}

/* Enters the object's frames as memory that is wired once, and maps it. */
static kern_return_t enter_wired(struct vm_map *map, struct vm_object *object, vm_size_t size,
                                 vm_address_t *address)
{
    struct mapping mapping = {.size = size, .anywhere = true, .object = object, .needs_copy = true,
                              .protection = VM_PROT_DEFAULT, .max_protection = VM_PROT_DEFAULT,
                              .inheritance = VM_INHERIT_DEFAULT};
    bool wire_future = map->wire_future;
    struct vm_map_entry *entry;
    kern_return_t result;

    map->wire_future = false; /* it is wired below, with the frames' own wiring */
    result = vm_map_enter(map, &mapping);
    map->wire_future = wire_future;
    if (result != KERN_SUCCESS)
        return result;
    *address = mapping.start;
    vm_map_lookup_entry(map, *address, &entry);
    entry->needs_copy = false;
    entry->wired_count = 1;
    entry->wired_end = entry->end;
    return KERN_SUCCESS;
}

/*
 * Wired memory in contiguous frames below physical address pmax (0: anywhere), from a multiple of
 * palign (a power of two; 0: a page). KERN_INVALID_HOST, KERN_INVALID_TASK, KERN_INVALID_ARGUMENT (a
 * lower bound, size 0), KERN_RESOURCE_SHORTAGE, KERN_NO_SPACE.
 */
kern_return_t vm_allocate_contiguous(struct host *host, struct vm_map *map, vm_address_t *address,
                                     rpc_phys_addr_t *physical, vm_size_t size,
                                     rpc_phys_addr_t pmin, rpc_phys_addr_t pmax,
                                     rpc_phys_addr_t palign)
{
    struct vm_object *object;
    kern_return_t result;
    uint64_t start;
    vm_size_t count;

    if (!host)
        return KERN_INVALID_HOST;
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    if (palign < PAGE_BYTES)
        palign = PAGE_BYTES;
    if (pmin != 0 || size == 0 || (palign & (palign - 1)) != 0)
        return KERN_INVALID_ARGUMENT;
    if (size > (vm_size_t)page_counts.total * PAGE_BYTES)
        return KERN_RESOURCE_SHORTAGE;
    count = page_round(size) / PAGE_BYTES;
    if (page_counts.wired + count > page_levels.wired_max)
        return KERN_RESOURCE_SHORTAGE;
    result = contiguous_object((uint32_t)count, pmax, palign, &object, &start);
    if (result != KERN_SUCCESS)
        return result;
    result = enter_wired(map, object, count * PAGE_BYTES, address);
    if (result != KERN_SUCCESS) {
        vm_object_release(object);
        return result;
    }
    *physical = start;
    return KERN_SUCCESS;
}

/*
 * The physical address of each page of a range, all ones where nothing is mapped right now.
 * KERN_INVALID_HOST, KERN_INVALID_TASK, KERN_INVALID_ARGUMENT, KERN_INVALID_ADDRESS,
 * KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_pages_phys(struct host *host, struct vm_map *map, vm_address_t address,
                            vm_size_t size, rpc_phys_addr_array_t *pages,
                            mach_msg_type_number_t *count)
{
    static const rpc_phys_addr_t not_resident = ~(rpc_phys_addr_t)0;
    struct record_list list;

    if (!host)
        return KERN_INVALID_HOST;
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    if (!page_aligned(address) || !page_aligned(size) || size / PAGE_BYTES > PAGES_ASKED_MAX)
        return KERN_INVALID_ARGUMENT;
    if (!vm_map_range_valid(map, address, size))
        return KERN_INVALID_ADDRESS;
    record_list_init(&list, sizeof(rpc_phys_addr_t), (uint32_t)(size / PAGE_BYTES));
    for (vm_offset_t at = address; at < address + size; at += PAGE_BYTES) {
        rpc_phys_addr_t physical = pmap_extract(map->pmap, at);

        record_list_add(&list, physical ? &physical : &not_resident);
    }
    return record_list_answer(&list, pages, count);
}
