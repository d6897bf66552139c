/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a map's entries are: a balanced (AVL) tree in address order. Each node knows the largest gap
 * below it, so that the lowest gap of a size is found in logarithmic time.
 */
#pragma once

#include <mach/machine/vm_types.h>

#include "mm/vm_map.h"

/* Adds an entry behind `previous` (NULL: in front of all), to the tree and the list. */
void vm_map_tree_insert(struct vm_map *map, struct vm_map_entry *entry,
                        struct vm_map_entry *previous);
/* Takes an entry out of the tree and the list. */
void vm_map_tree_remove(struct vm_map *map, struct vm_map_entry *entry);
/* Start or end of an entry has changed, its place in the order has not. */
void vm_map_tree_resized(struct vm_map *map, struct vm_map_entry *entry);
/* The last entry that starts at or below the address, or NULL. */
struct vm_map_entry *vm_map_tree_find(const struct vm_map *map, vm_offset_t address);
/* The lowest address with the mask's bits zero and `size` free bytes; false when there is none.
   *previous is the entry before it, or NULL. */
bool vm_map_tree_find_gap(const struct vm_map *map, vm_size_t size, vm_offset_t mask,
                          vm_offset_t *address, struct vm_map_entry **previous);
