/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wiring: pages that stay in their frames, and mapped.
 *
 * Wiring finds each page with vm_fault_page() and pins it itself; a fault never wires. A wired entry of
 * anonymous memory owns each of its pages in its own object, whatever its protection: a later write
 * copies nothing.
 */
#pragma once

#include "mm/vm_map.h"

/*
 * Wires the range (rounded outward) once more for that access, or once less for VM_PROT_NONE. All or
 * nothing. Sleeps interruptibly. KERN_NO_SPACE for a hole (V-08), KERN_INVALID_ADDRESS outside the map,
 * KERN_PROTECTION_FAILURE, KERN_RESOURCE_SHORTAGE past the limit of wired memory (R9), KERN_ABORTED,
 * what vm_fault_page() says.
 */
kern_return_t vm_map_wire(struct vm_map *map, vm_offset_t address, vm_size_t size,
                          vm_prot_t access);
/* vm_wire_all: wires what is there and/or what will come, or nothing any more. <mach/vm_wire.h> */
kern_return_t vm_map_wire_all(struct vm_map *map, int flags);
/* Ends all wirings of the entry in [start, end), a part of it; its pages may be evicted again. */
void vm_map_entry_unwire_range(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start,
                               vm_offset_t end);
