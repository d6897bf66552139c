/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a map into a copy.
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

struct vm_copy;
struct vm_map;

/*
 * Captures [address, address+size) of the map; removes the range (rounded outward) when deallocate.
 * May sleep (interruptibly) to read what a manager has not supplied yet (copy strategy NONE).
 * size 0 gives *copy == NULL. KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE, KERN_MEMORY_ERROR,
 * KERN_ABORTED, KERN_RESOURCE_SHORTAGE; nothing is deallocated on failure.
 */
kern_return_t vm_copy_in(struct vm_map *map, vm_offset_t address, vm_size_t size, bool deallocate,
                         struct vm_copy **copy);
