/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_lock_request: managers restrict, clean and flush what the kernel caches
 * (spec/emmi.md 5.4).
 */
#pragma once

#include <mach/kern_return.h>

#include "mm/object_range.h"

/* For lock_request_sync() alone: precious pages go back, dirty ones do not. */
#define LOCK_RETURN_PRECIOUS 4

void lock_request_init(void);
/* A page of the object that a flush waits for was unwired: the reaper goes on with it (D-21). */
void lock_request_unwired(struct vm_object *object);
/* Finishes what waited for unwiring, as far as it can; called by the reaper, may sleep. */
void lock_request_resume(struct vm_object *object);
/* Flushes an object that nobody uses: dirty and precious pages go back, all others are dropped. Sleeps
   only when memory is very short, or for long objects. */
void lock_request_return_all(struct vm_object *object);
/*
 * Cleans or flushes a range on behalf of a client (vm_msync). Wired pages are cleaned. *returned: something
 * went back. Sleeps, interruptibly: KERN_ABORTED. The caller holds a reference.
 */
kern_return_t lock_request_sync(struct vm_object *object, struct object_range range,
                                memory_object_return_t should_return, bool flush, bool *returned);
/* The association ends: answers all who still wait. */
void lock_request_abandon(struct vm_object *object);
