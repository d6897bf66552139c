/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: from an address to a mapped page (spec/vm.md 3).
 *
 *   vm_fault        map entry -> object, offset; enters the mapping        (mm/vm_fault.c)
 *   vm_fault_page   walks the shadow chain, asks the manager, zero-fills,
 *                   copies on write                                         (mm/fault_page.c)
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

#include "kernel/wait.h"

struct page;
struct vm_map;
struct vm_object;

/*
 * Makes an address of the map accessible as asked. May sleep. KERN_SUCCESS: mapped, or worth a retry by the access itself. KERN_INVALID_ADDRESS,
 * KERN_PROTECTION_FAILURE, KERN_MEMORY_FAILURE, KERN_MEMORY_ERROR, KERN_RESOURCE_SHORTAGE, a
 * manager's reason; KERN_ABORTED when interrupted.
 */
kern_return_t vm_fault(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                       enum wait_mode mode);
/*
 * Finds or makes the page at offset of a chain's top object, for the kernel's own use or for vm_fault.
 * Write access yields a page of the top object itself. On success the page is busy (the caller ends
 * that with page_wake), *writable says whether it may be mapped for writing. A caller that writes
 * the frame itself sets page->dirty. The caller holds an object reference of its own, besides that of
 * a map entry. Errors as vm_fault.
 */
kern_return_t vm_fault_page(struct vm_object *object, vm_offset_t offset, vm_prot_t access,
                            enum wait_mode mode, struct page **result, bool *writable);
