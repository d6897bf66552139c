/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection, inheritance and behavior of ranges. Ranges are rounded outward; holes are skipped (V-03).
 * KERN_INVALID_ADDRESS outside the map, KERN_INVALID_ARGUMENT for unknown values,
 * KERN_RESOURCE_SHORTAGE; whatever fails changes nothing.
 */
#pragma once

#include <mach/vm_behavior.h>

#include "mm/vm_map.h"

/* Also KERN_PROTECTION_FAILURE: more than the maximum. A new maximum lowers the protection too. */
kern_return_t vm_map_protect(struct vm_map *map, vm_offset_t address, vm_size_t size,
                             bool set_maximum, vm_prot_t protection);
kern_return_t vm_map_inherit(struct vm_map *map, vm_offset_t address, vm_size_t size,
                             vm_inherit_t inheritance);
/* Here a hole is KERN_INVALID_ADDRESS. A hint for faults: mm/fault_request.c, mm/vm_fault.c. */
kern_return_t vm_map_behave(struct vm_map *map, vm_offset_t address, vm_size_t size,
                            vm_behavior_t behavior);
