/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking into maps, objects and pages (mach_debug 3016, 3019 to 3021, 3024). */
#include <mach/porthole_memory_types.h>
#include <mig/mach_debug_server.h>
#include <mig/porthole_memory_server.h>

#include "ipc/port.h"
#include "kernel/x86_64/cpu.h"
#include "mm/page.h"
#include "mm/pageout_page.h"
#include "mm/pmap.h"
#include "mm/record_list.h"
#include "mm/supply.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

#define PAGES_PER_WINDOW 256u           /* pages that are listed between two interrupt windows */
#define NO_PHYSICAL_ADDRESS (~(rpc_phys_addr_t)0) /* of a page without a frame */

/* A send right to an object's own name port, or NULL. */
static struct port *name_of(const struct vm_object *object)
{
    return object && object->name ? port_make_send(object->name) : NULL;
}

/* The first region that ends after the address. KERN_INVALID_TASK; KERN_NO_SPACE: there is none. */
kern_return_t mach_vm_region_info(struct vm_map *map, vm_address_t address,
                                  vm_region_info_t *region, struct port **object)
{
    const struct vm_map_entry *entry;

    if (!map)
        return KERN_INVALID_TASK;
    entry = vm_map_first_entry(map, address);
    if (!entry)
        return KERN_NO_SPACE;
    *region = (vm_region_info_t){
        .vri_start = entry->start,
        .vri_end = entry->end,
        .vri_protection = entry->protection,
        .vri_max_protection = entry->max_protection,
        .vri_inheritance = entry->inheritance,
        .vri_wired_count = entry->wired_count > 0,
        .vri_user_wired_count = entry->wired_count > 0,
        .vri_object = (rpc_vm_offset_t)entry->object,
        .vri_offset = entry->offset,
        .vri_needs_copy = entry->needs_copy,
        .vri_sharing = entry->shared,
    };
    *object = name_of(entry->object);
    return KERN_SUCCESS;
}

static vm_object_info_state_t object_state(const struct vm_object *object)
{
    bool pager = object->association != ASSOCIATION_NONE;

    return (pager ? VOI_STATE_PAGER_CREATED | VOI_STATE_PAGER_INITIALIZED : 0) |
           (object->association == ASSOCIATION_READY ? VOI_STATE_PAGER_READY : 0) |
           (object->may_cache ? VOI_STATE_CAN_PERSIST : 0) |
           (object->internal ? VOI_STATE_INTERNAL : 0) |
           (object->temporary ? VOI_STATE_TEMPORARY : 0) | (object->alive ? VOI_STATE_ALIVE : 0);
}

/* KERN_INVALID_ARGUMENT: no name port. */
kern_return_t mach_vm_object_info(vm_object_t object, vm_object_info_t *info, struct port **shadow,
                                  struct port **copy)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    *info = (vm_object_info_t){
        .voi_object = (rpc_vm_offset_t)object,
        .voi_pagesize = PAGE_BYTES,
        .voi_size = object->size,
        .voi_ref_count = object->references,
        .voi_resident_page_count = object->resident_count,
        .voi_absent_count = object->absent_count,
        .voi_shadow = (rpc_vm_offset_t)object->shadow,
        .voi_shadow_offset = object->shadow_offset,
        .voi_copy = (rpc_vm_offset_t)object->copy,
        .voi_paging_offset = object->paging_offset,
        .voi_copy_strategy = object->copy_strategy,
        .voi_paging_in_progress = object->paging_in_progress,
        .voi_state = object_state(object),
    };
    *shadow = name_of(object->shadow);
    *copy = name_of(object->copy);
    return KERN_SUCCESS;
}

/* A page or placeholder; its frame's bits are harvested, so that they tell of the latest writes. */
static vm_page_info_state_t page_state(struct page *page)
{
    if (!page->fictitious)
        pmap_harvest(page);
    return VPI_STATE_TABLED | (page->busy ? VPI_STATE_BUSY : 0) |
           (page->wanted ? VPI_STATE_WANTED : 0) | (page->fictitious ? VPI_STATE_FICTITIOUS : 0) |
           (page->absent ? VPI_STATE_ABSENT : 0) | (page->dirty ? VPI_STATE_DIRTY : 0) |
           (page->precious ? VPI_STATE_PRECIOUS : 0) |
           (page->queue == PAGE_QUEUE_INACTIVE ? VPI_STATE_INACTIVE : 0) |
           (page->queue == PAGE_QUEUE_ACTIVE ? VPI_STATE_ACTIVE : 0) |
           (page->laundry || page->external_laundry ? VPI_STATE_LAUNDRY : 0) |
           (page->referenced ? VPI_STATE_REFERENCE : 0);
}

static void list_page(struct record_list *list, struct page *page)
{
    vm_page_info_t info = {
        .vpi_offset = page->offset,
        .vpi_phys_addr = page->fictitious ? NO_PHYSICAL_ADDRESS : page_physical(page),
        .vpi_wire_count = page->wire_count,
        .vpi_page_lock = page->lock,
        .vpi_unlock_request = page->unlock_request,
        .vpi_state = page_state(page),
    };

    record_list_add(list, &info);
}

/* True if the list is whole; false: the object has more pages by now than the list was made for, or
   memory is short (then *expected is enough). */
static bool list_pages(struct vm_object *object, uint32_t *expected, struct record_list *list)
{
    vm_offset_t at = 0;
    struct page *page;

    *expected = object->resident_count;
    record_list_init(list, sizeof(vm_page_info_t), *expected);
    while (!list->failed && (page = vm_object_walk(object, &at, ~(vm_offset_t)PAGE_MASK)) != NULL) {
        list_page(list, page);
        if (list->count % PAGES_PER_WINDOW == 0)
            cpu_interrupt_window();
    }
    return !list->failed;
}

/* An object's pages by offset. KERN_INVALID_ARGUMENT: no name port; KERN_RESOURCE_SHORTAGE. */
kern_return_t mach_vm_object_pages(vm_object_t object, vm_page_info_array_t *pages,
                                   mach_msg_type_number_t *count)
{
    struct record_list list;
    uint32_t expected;

    if (!object)
        return KERN_INVALID_ARGUMENT;
    while (!list_pages(object, &expected, &list) && object->resident_count > expected) {
        struct vm_copy *none;

        record_list_finish(&list, &none);
    }
    return record_list_answer(&list, pages, count);
}

/* Physical addresses have 64 bits in both forms. */
_Static_assert(sizeof(vm_page_phys_info_t) == sizeof(vm_page_info_t), "one layout");
_Static_assert(offsetof(vm_page_phys_info_t, vpi_state) == offsetof(vm_page_info_t, vpi_state),
               "one layout");

kern_return_t mach_vm_object_pages_phys(vm_object_t object, vm_page_phys_info_array_t *pages,
                                        mach_msg_type_number_t *count)
{
    return mach_vm_object_pages(object, (vm_page_info_array_t *)pages, count);
}

/* Pages are found by a tree for each object, not by a hash: no buckets. */
kern_return_t host_virtual_physical_table_info(host_t host, hash_info_bucket_array_t *info,
                                               mach_msg_type_number_t *count)
{
    (void)info;
    if (!host)
        return KERN_INVALID_HOST;
    *count = 0;
    return KERN_SUCCESS;
}

/* --- page-out by hand (porthole_memory.defs) --- */

/* The resident page that a chain shows at an offset, or NULL. */
static struct page *shown_page(const struct vm_object *object, vm_offset_t offset)
{
    while (object) {
        struct page *page = vm_object_page(object, offset);

        if (page && !page->absent)
            return page;
        offset += object->shadow_offset;
        object = object->shadow;
    }
    return NULL;
}

kern_return_t porthole_evict(host_t host, vm_map_t map, vm_address_t address, int *outcome)
{
    struct vm_map_entry *entry;
    struct page *page;

    if (!host)
        return KERN_INVALID_HOST;
    if (!map || map->dead)
        return KERN_INVALID_ARGUMENT;
    if (!vm_map_lookup_entry(map, address, &entry))
        return KERN_INVALID_ADDRESS;
    page = shown_page(entry->object, entry->offset + (page_trunc(address) - entry->start));
    if (!page)
        return KERN_INVALID_ADDRESS;
    switch (pageout_evict(page)) {
    case EVICTION_FREED: *outcome = PORTHOLE_EVICTION_FREED; break;
    case EVICTION_SENT: *outcome = PORTHOLE_EVICTION_SENT; break;
    case EVICTION_KEPT: *outcome = PORTHOLE_EVICTION_KEPT; break;
    default: *outcome = PORTHOLE_EVICTION_THROTTLED; break;
    }
    return KERN_SUCCESS;
}

kern_return_t porthole_evict_during_supply(host_t host, boolean_t on)
{
    if (!host)
        return KERN_INVALID_HOST;
    supply_debug_evict = on != FALSE;
    return KERN_SUCCESS;
}
