/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies that the manager makes (spec/emmi.md 5.6, CALL): it is given a new memory object, and says page
 * by page what that holds. What it has no data for, the copy finds in the old object; so that it does
 * not change without the manager, the old object's resident pages are locked against writing.
 */
#pragma once

#include <mach/machine/vm_types.h>

struct vm_object;

/*
 * The object whose byte 0 is the source's at offset: a new reference. Does not wait for the manager's
 * answer. NULL, nothing happened: the manager could not be told. The source is READY, and the caller
 * holds a reference on it. May let others run.
 */
struct vm_object *copy_call_make(struct vm_object *source, vm_offset_t offset, vm_size_t size);
