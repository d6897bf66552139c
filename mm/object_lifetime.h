/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of objects: references dropped, chains collapsed, cached objects kept.
 */
#pragma once

#include "mm/vm_object.h"

void object_lifetime_init(void);
/* Drops what is the last reference. */
void vm_object_release_last(struct vm_object *object);
/* Drops a reference (NULL is allowed). The last one of an external object caches or terminates it;
   of an internal one frees its pages and goes on to its shadow, iteratively. Does not sleep: what
   must wait (paging in progress, memory) is finished by the reaper thread. */
static inline void vm_object_release(struct vm_object *object)
{
    if (object && object->references > 1)
        object->references--;
    else if (object)
        vm_object_release_last(object);
}
/* Takes a new reference on an object that may be cached, which ends its being cached. */
void vm_object_revive(struct vm_object *object);
/* The reaper thread goes on with the object's end. */
void vm_object_reap(struct vm_object *object);
/* If the caller's is the only reference and the object may not be cached, ends its association now:
   returns its data and sends terminate (O5). May sleep. */
void vm_object_end_if_unused(struct vm_object *object);
/* An object lost its last page or its manager: if it was cached, the reaper ends it (R10). */
void vm_object_cache_emptied(struct vm_object *object);
