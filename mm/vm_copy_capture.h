/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capturing memory as it is now, for messages and children (spec/vm.md 2.1).
 *
 * Anonymous memory that only one map shows is captured by marking both sides: who writes first gets
 * a shadow. Managers' objects are copied by their copy strategy: DELAY by copy objects, CALL by new
 * objects of their managers (both mm/copy_object.h). What others may write too (memory shared by
 * inheritance) or what must not be kept alive by others (wired memory, memory in flight to a manager) is copied page by page, as are the
 * strategy NONE and little pieces.
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

struct vm_map;
struct vm_map_entry;
struct vm_object;

/* The entry can be captured by vm_capture_marked(). */
bool vm_capture_can_mark(const struct vm_map_entry *entry);
/* Makes the detached entry `into` a virtual copy of all that a map's entry shows. Cannot fail. */
void vm_capture_marked(struct vm_map *map, struct vm_map_entry *entry, struct vm_map_entry *into);
/*
 * Makes the detached entry `into` show a copy of [start, end) of a map's entry; bytes outside
 * [data_start, data_end) are zero. May sleep, interruptibly; the map's entry may be gone then.
 * KERN_ABORTED, KERN_RESOURCE_SHORTAGE, KERN_MEMORY_ERROR, a manager's reason.
 */
kern_return_t vm_capture_pages(const struct vm_map_entry *entry, vm_offset_t start,
                               vm_offset_t end, vm_offset_t data_start, vm_offset_t data_end,
                               struct vm_map_entry *into);
/*
 * A copy of [*offset, *offset + size) of an object, whole pages, to be shown with needs_copy: a new
 * reference, and in *offset where it begins there. Errors as vm_capture_pages.
 */
kern_return_t vm_capture_object(struct vm_object *source, vm_offset_t *offset, vm_size_t size,
                                struct vm_object **result);
