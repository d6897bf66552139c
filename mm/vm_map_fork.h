/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child's map.
 */
#ifndef MM_VM_MAP_FORK_H
#define MM_VM_MAP_FORK_H

#include "mm/vm_map.h"

/*
 * A new map made of the parent's entries by their inheritance (spec/vm.md 1). May sleep interruptibly
 * for managers of objects to copy (D-34). KERN_ABORTED, KERN_RESOURCE_SHORTAGE, KERN_INVALID_ARGUMENT
 * for a dead map, a manager's reason.
 */
kern_return_t vm_map_fork(struct vm_map *parent, struct vm_map **result);
/* Gives an entry (no device) an object that other maps may show, too. KERN_RESOURCE_SHORTAGE. */
kern_return_t vm_map_entry_share(struct vm_map *map, struct vm_map_entry *entry);

#endif
