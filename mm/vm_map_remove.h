/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking ranges out of maps.
 */
#pragma once

#include "mm/vm_map.h"

/* Removes all in the range (rounded outward); holes are fine. KERN_INVALID_ADDRESS outside the map. */
kern_return_t vm_map_remove(struct vm_map *map, vm_offset_t address, vm_size_t size);
/* Removes [start, end), page aligned; an entry around it is split with the spare. Cannot fail. */
void vm_map_remove_range(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                         struct vm_map_spares *spares);
