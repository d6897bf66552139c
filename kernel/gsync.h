/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting on a word of user memory (gsync_wait, gsync_wake, gsync_requeue).
 */
#pragma once

#include <mach/machine/vm_types.h>

struct vm_map;
struct vm_object;

/*
 * Which word: an address of a map, or an offset in an object that several maps show. The other
 * pointer is NULL. The key of a waiter, in its thread, holds a reference on what it names, so that no
 * other map or object can take its place meanwhile.
 */
struct gsync_key {
    struct vm_map *map;
    struct vm_object *object;
    vm_offset_t where;
};

void gsync_init(void);
