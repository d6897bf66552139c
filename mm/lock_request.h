/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_lock_request: managers restrict, clean and flush what the kernel caches
 * (spec/emmi.md 5.4).
 */
#ifndef MM_LOCK_REQUEST_H
#define MM_LOCK_REQUEST_H

struct vm_object;

void lock_request_init(void);
/* A page of the object that a flush waits for was unwired: the reaper goes on with it (D-21). */
void lock_request_unwired(struct vm_object *object);
/* Finishes what waited for unwiring, as far as it can; called by the reaper, may sleep. */
void lock_request_resume(struct vm_object *object);
/* Flushes an object that nobody uses: dirty and precious pages go back, all others are dropped. Sleeps
   only when memory is very short, or for long objects. */
void lock_request_return_all(struct vm_object *object);
/* The association ends: answers all who still wait. */
void lock_request_abandon(struct vm_object *object);

#endif
