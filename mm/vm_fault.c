/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to a mapping (spec/vm.md 3, F1, F7, F8, F10, F11).
 *
 * Over a sleep the fault holds a reference on the object that its look-up found, nothing else. If the
 * map has changed meanwhile, the look-up is done anew: what was found stays resident, so that the
 * second time is short.
 */
#include "kernel/task.h"
#include "mm/fault.h"
#include "mm/fault_request.h"
#include "mm/object_lifetime.h"
#include "mm/pmap.h"
#include "mm/vm_map_lookup.h"
#include "mm/vm_object.h"

struct fault {
    struct vm_map *map;
    vm_offset_t address;         /* of the page */
    vm_prot_t access;
    enum wait_mode mode;
    struct vm_map_lookup lookup;
    bool done;
};

/* The page is there and may be used as asked, as it is. */
static bool is_common(const struct fault *fault, const struct page *page)
{
    return page && !page->busy && !page->absent && !(page->lock & fault->access);
}

/* Maps the page. Ends the fault, or waits for memory to try again. */
static kern_return_t enter(struct fault *fault, struct page *page, bool writable)
{
    vm_prot_t protection = fault->lookup.protection & ~page->lock;

    if (!writable)
        protection &= ~VM_PROT_WRITE;
    if (!pmap_enter(fault->map->pmap, fault->address, page, protection,
                    fault->lookup.wired && page->wire_count > 0))
        return fault_wait_memory(fault->mode);
    fault->done = true;
    return KERN_SUCCESS;
}

static kern_return_t enter_device(struct fault *fault)
{
    if (!pmap_enter_device(fault->map->pmap, fault->address, fault->lookup.offset,
                           fault->lookup.protection))
        return fault_wait_memory(fault->mode);
    fault->done = true;
    return KERN_SUCCESS;
}

/* Finds or gets the page, which may sleep, and maps it if the map is still what it was. */
static kern_return_t resolve(struct fault *fault)
{
    struct page *page;
    bool writable;
    kern_return_t code = vm_fault_page(fault->lookup.object, fault->lookup.offset, fault->access,
                                       fault->mode, &page, &writable);

    if (code != KERN_SUCCESS)
        return code;
    page_wake(page, WAIT_AWAKENED);
    if (fault->lookup.version != fault->map->version)
        return KERN_SUCCESS;
    return enter(fault, page, writable);
}

/* One try, from the look-up on; fault->done tells whether it was the last. */
static kern_return_t attempt(struct fault *fault)
{
    struct vm_object *object;
    struct page *page;
    kern_return_t code = vm_map_lookup(fault->map, fault->address, fault->access, &fault->lookup);

    if (code == KERN_RESOURCE_SHORTAGE && page_counts.free <= page_levels.reserved)
        return fault_wait_memory(fault->mode);
    if (code != KERN_SUCCESS)
        return code;
    if (fault->lookup.device)
        return enter_device(fault);
    object = fault->lookup.object;
    page = vm_object_page(object, fault->lookup.offset);
    if (is_common(fault, page)) {
        if (page->queue == PAGE_QUEUE_INACTIVE) {
            page_counts.reactivations++;
            page_activate(page);
        }
        code = enter(fault, page, true);
    } else {
        code = resolve(fault);
    }
    vm_object_release(object);
    return code;
}

/* See fault.h. */
kern_return_t vm_fault(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                       enum wait_mode mode)
{
    struct fault fault = {.map = map, .address = page_trunc(address), .access = access,
                          .mode = mode};
    kern_return_t code;

    page_counts.faults++;
    task_current()->fault_count++;
    do
        code = attempt(&fault);
    while (code == KERN_SUCCESS && !fault.done);
    return code;
}
