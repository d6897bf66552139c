/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory on its way: the out-of-line data of a message.
 *
 * A vm_copy is a list of detached map entries that lie end to end, and a byte range in them. It is a
 * snapshot: whoever writes the source later does not change it. Data of untouched or exclusively owned
 * memory that the sender deallocates moves without being copied or even touched.
 */
#ifndef MM_VM_COPY_H
#define MM_VM_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

#include "kernel/list.h"
#include "kernel/wait.h"

struct page;
struct vm_map;
struct vm_object;

struct vm_copy {
    struct list entries;      /* struct vm_map_entry by link, contiguous from `base` */
    vm_offset_t base;         /* page-aligned address of the first entry, as numbered in the copy */
    vm_offset_t head;         /* bytes before the data in the first page */
    vm_size_t size;           /* bytes of data */
};

void vm_copy_init(void);
/*
 * Captures [address, address+size) of the map; removes the range (rounded outward) when deallocate.
 * May sleep (interruptibly) to read what a manager has not supplied yet (copy strategy NONE).
 * size 0 gives *copy == NULL. KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE, KERN_MEMORY_ERROR,
 * KERN_MEMORY_FAILURE, KERN_ABORTED, KERN_RESOURCE_SHORTAGE; nothing is deallocated on failure.
 */
kern_return_t vm_copy_in(struct vm_map *map, vm_offset_t address, vm_size_t size, bool deallocate,
                         struct vm_copy **copy);
/* Enters the data into a map at a free place; *address is that of the data's first byte. Consumes the
   copy on success. Bytes outside the data in the first and last page read as zero (P-15).
   KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE, KERN_INVALID_TASK for a dead map. */
kern_return_t vm_copy_out(struct vm_map *map, struct vm_copy *copy, vm_offset_t *address);
/* Writes the data over existing memory of a map; consumes the copy on success. */
kern_return_t vm_copy_overwrite(struct vm_map *map, vm_offset_t address, struct vm_copy *copy);
/* Frees a copy with its memory; NULL is allowed. */
void vm_copy_discard(struct vm_copy *copy);

/* Reads bytes into kernel memory; faults, so it may sleep. */
kern_return_t vm_copy_read(struct vm_copy *copy, vm_offset_t offset, void *buffer, vm_size_t bytes,
                           enum wait_mode mode);
/* A copy made of kernel bytes (out-of-line results). NULL when memory is short. */
struct vm_copy *vm_copy_from_bytes(const void *buffer, vm_size_t bytes);
/*
 * Gives the index-th whole page of the data as a page in no object, unmapped, unqueued, owned by the
 * caller: the frame itself when the copy owns it alone, else a new frame with the bytes. Realigns data
 * that does not start on a page (H-04). May sleep.
 */
kern_return_t vm_copy_take_page(struct vm_copy *copy, vm_size_t index, struct page **page);
/* A copy made of pages that are in no object; consumes them. `transport` marks memory in flight to a
   manager. Draws from the reserve; NULL (pages stay the caller's) when memory is short. */
struct vm_copy *vm_copy_from_pages(struct page **pages, unsigned count, bool transport);

#endif
