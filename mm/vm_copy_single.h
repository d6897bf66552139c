/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of one page on their way to the kernel itself: what most supplies carry.
 */
#pragma once

#include <stdbool.h>

#include <mach/machine/vm_types.h>

struct vm_copy;
struct vm_map;

/* A copy that holds the page at an aligned address as a frame of its own (copy->page), for a request that
   the kernel serves at once. NULL: not the common case, nothing has changed; use vm_copy_in(). Does not
   sleep. */
struct vm_copy *vm_copy_in_single(struct vm_map *map, vm_offset_t address);
/* Gives such a copy the form that all others have. False: memory is short. */
bool vm_copy_spread(struct vm_copy *copy);
