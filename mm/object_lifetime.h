/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of objects: references dropped, chains collapsed, cached objects kept.
 */
#ifndef MM_OBJECT_LIFETIME_H
#define MM_OBJECT_LIFETIME_H

struct vm_object;

void object_lifetime_init(void);
/* Drops a reference (NULL is allowed). The last one of an external object caches or terminates it;
   of an internal one frees its pages and goes on to its shadow, iteratively. Does not sleep: what
   must wait (paging in progress, memory) is finished by the reaper thread. */
void vm_object_release(struct vm_object *object);
/* Merges or bypasses the object's shadow where that loses nothing (spec/vm.md 2.1); best effort. */
void vm_object_collapse(struct vm_object *object);
/* Takes a new reference on an object that may be cached, which ends its being cached. */
void vm_object_revive(struct vm_object *object);
/* The reaper thread goes on with the object's end. */
void vm_object_reap(struct vm_object *object);
/* A cached object lost its last page: ends it, from the reaper thread (R10). */
void vm_object_cache_emptied(struct vm_object *object);

#endif
