/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a copy into a map.
 */
#pragma once

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

struct vm_copy;
struct vm_map;
struct vm_map_entry;

/*
 * Enters the data into a map at a free place; *address is that of the data's first byte. Consumes the
 * copy on success; NULL gives address 0. Bytes outside the data in the first and last page read as
 * zero (P-15). Wires the memory when the map wires what comes, and may then sleep; what cannot be
 * wired arrives unwired. KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE, KERN_INVALID_TASK for a dead map.
 */
kern_return_t vm_copy_out(struct vm_map *map, struct vm_copy *copy, vm_offset_t *address);
/* Links the copy's entries into a map from `at` on, where the range is free, behind `previous` (or NULL);
   consumes the copy. Cannot fail. */
void vm_copy_link(struct vm_map *map, struct vm_copy *copy, vm_offset_t at,
                  struct vm_map_entry *previous);
/*
 * Writes the data over existing memory of a map, as its task would; consumes the copy on success.
 * Every page is looked up anew, with its protection (H-58). Sleeps interruptibly. Errors as for a
 * fault; what was written before an error stays written.
 */
kern_return_t vm_copy_overwrite(struct vm_map *map, vm_offset_t address, struct vm_copy *copy);
