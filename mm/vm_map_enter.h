/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adding ranges to maps.
 */
#pragma once

#include "mm/vm_map.h"

/*
 * Shows `size` bytes (rounded up) of an object: at *address (rounded down), or at the lowest gap with
 * the mask's bits zero when anywhere. NULL is zero-fill memory. With needs_copy the object, an internal
 * one, is private to the map; else it is shared with whoever else shows it. Consumes the object reference on
 * success. Wires the range when the map wires what comes, and may then sleep.
 * KERN_NO_SPACE, KERN_INVALID_ADDRESS outside the map, KERN_INVALID_ARGUMENT (size 0, a dead map),
 * KERN_RESOURCE_SHORTAGE, what vm_map_wire() says.
 */
kern_return_t vm_map_enter(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                           vm_offset_t mask, bool anywhere, struct vm_object *object,
                           vm_offset_t offset, bool needs_copy, vm_prot_t protection,
                           vm_prot_t max_protection, vm_inherit_t inheritance);
/* The common case of it: private zero-fill memory, readable and writable, inherited as a copy. */
kern_return_t vm_map_allocate(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                              bool anywhere);
/* Shows device memory, uncached. Also KERN_INVALID_ARGUMENT for a physical address off the page. */
kern_return_t vm_map_enter_device(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                                  vm_offset_t mask, bool anywhere, uint64_t physical,
                                  vm_prot_t protection, vm_prot_t max_protection,
                                  vm_inherit_t inheritance);
