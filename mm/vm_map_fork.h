/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child's map.
 */
#pragma once

#include "mm/vm_map.h"

/*
 * A new map made of the parent's entries by their inheritance (spec/vm.md 1). May sleep interruptibly
 * for managers of objects to copy (D-34). KERN_ABORTED, KERN_RESOURCE_SHORTAGE, KERN_INVALID_ARGUMENT
 * for a dead map, a manager's reason.
 */
kern_return_t vm_map_fork(struct vm_map *parent, struct vm_map **result);
/*
 * Makes the detached entry `into` show what a map's entry shows: the same memory, or a private copy. Wirings
 * stay behind. A copy may sleep interruptibly, and the map's entry be gone then. Errors as vm_map_fork();
 * KERN_MEMORY_ERROR for a copy of a device.
 */
kern_return_t vm_map_entry_duplicate(struct vm_map *map, struct vm_map_entry *entry, bool shared,
                                     struct vm_map_entry *into);
/* Gives an entry (no device) an object that other maps may show, too. KERN_RESOURCE_SHORTAGE. */
kern_return_t vm_map_entry_share(struct vm_map *map, struct vm_map_entry *entry);
