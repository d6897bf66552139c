/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asymmetric copies (spec/vm.md 2.1, DELAY): of objects whose manager wants to see all writes.
 *
 *   client's entry ──> source <── copy <── older copy      (arrows: shadow; source.copy is the newest)
 *
 * A copy object is internal and shows what the source held when the copy was made: what it does not have,
 * it finds in the source; before a page of the source is written, the newest copy object gets the old
 * data ("push"). Entries that show a copy object have needs_copy, so that their own writes go in front
 * of it. A copy made while the newest one has nothing yet shows that one too; else a new one is put
 * between it and the source.
 *
 * page->needs_push: the page is mapped nowhere for writing, and goes through copy_object_push() first.
 * It is set where a copy is made, and where a page comes into an object that has one. A page that is
 * marked in vain costs a fault.
 *
 * The manager has promised not to change data by itself. If it does (flushes and supplies other data),
 * its copies see that in what was not pushed yet (H-34).
 */
#pragma once

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

#include "kernel/wait.h"

struct page;
struct vm_object;

/*
 * The object that shows [offset, offset + size) of an external source as it is now, at the same offsets; a
 * new reference. NULL when memory is short, or when the chain of copies is too long. The source has
 * no wired page; the caller holds a reference on it. May let others run: what they write to a page
 * before it is marked belongs to the copy.
 */
struct vm_object *copy_object_make(struct vm_object *source, vm_offset_t offset, vm_size_t size);
/*
 * A step towards writing a page of a source that is marked needs_push. KERN_SUCCESS: the caller looks again
 * from the top of the chain; else KERN_ABORTED, KERN_RESOURCE_SHORTAGE.
 */
kern_return_t copy_object_push(struct page *page, enum wait_mode mode);

/*
 * Copies that the manager makes (spec/emmi.md 5.6, CALL): it is given a new memory object, and says page
 * by page what that holds. What it has no data for, the copy finds in the old object; so that it does
 * not change without the manager, the old object's resident pages are locked against writing.
 *
 * The object whose byte 0 is the source's at offset: a new reference. Does not wait for the manager's
 * answer. NULL, nothing happened: the manager could not be told. The source is READY, and the caller
 * holds a reference on it. May let others run.
 */
struct vm_object *copy_call_make(struct vm_object *source, vm_offset_t offset, vm_size_t size);
