/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of few pages on their way to the kernel itself: what supplies carry.
 */
#pragma once

#include <stdbool.h>

#include <mach/machine/vm_types.h>

struct vm_copy;
struct vm_map;

#define VM_COPY_FRAMES_MAX 32u  /* pages; they cannot be paged out meanwhile */

/* A copy that holds whole pages as frames of its own (copy->frames), for a request that the kernel serves at
   once. NULL: not the common case, nothing has changed; use vm_copy_in(). Does not sleep. */
struct vm_copy *vm_copy_in_frames(struct vm_map *map, vm_offset_t address, vm_size_t bytes);
/* Gives such a copy the form that all others have. False: memory is short. */
bool vm_copy_spread(struct vm_copy *copy);
