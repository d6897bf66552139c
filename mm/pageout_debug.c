/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-out by hand (porthole_memory.defs).
 */
#include <mach/porthole_memory_types.h>
#include <mig/porthole_memory_server.h>

#include "mm/page.h"
#include "mm/pageout_page.h"
#include "mm/supply.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"

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
