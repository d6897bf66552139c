/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory on its way: the out-of-line data of a message.
 *
 * A vm_copy is a list of detached map entries that lie end to end, and a byte range in them. It is a
 * snapshot: whoever writes the source later does not change it. Data of untouched or private memory
 * that the sender deallocates moves without being copied or even touched.
 *
 *   vm_copy.c        this file: making, reading, freeing
 *   vm_copy_in.c     from a map
 *   vm_copy_out.c    into a map, and over memory of a map
 *   vm_copy_pages.c  from and to pages in no object, for managers' messages
 */
#pragma once

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

#include "kernel/list.h"
#include "kernel/wait.h"

struct page;
struct vm_map_entry;
struct vm_object;

struct vm_copy {
    struct list entries;      /* struct vm_map_entry by link, contiguous from `base` */
    vm_offset_t base;         /* page-aligned address of the first entry, as numbered in the copy */
    vm_offset_t head;         /* bytes before the data in the first page */
    vm_size_t size;           /* bytes of data, not 0 */
    struct vm_map_entry *hint; /* last found, or NULL: data is read in order */
    struct list frames;       /* instead of entries: pages by queue_link, in order (mm/vm_copy_frames.h) */
};

void vm_copy_init(void);
/* A copy without entries; NULL when memory is short. Privileged threads draw from a reserve. */
struct vm_copy *vm_copy_create(vm_offset_t base, vm_offset_t head, vm_size_t size);
/* Gives a detached entry what a fresh private mapping has, and puts it behind what the copy has. */
void vm_copy_append(struct vm_copy *copy, struct vm_map_entry *entry);
/* A copy that shows all of a new object, which is its own and empty: *object, borrowed. NULL when memory is short.
   Privileged threads draw from a reserve. */
struct vm_copy *vm_copy_of_new_object(vm_size_t size, struct vm_object **object);
/* Frees the structure alone: its entries have been moved elsewhere. */
void vm_copy_free(struct vm_copy *copy);
/* Frees a copy with its memory; NULL is allowed. */
void vm_copy_discard(struct vm_copy *copy);
/* The entry that shows a page-aligned address, as numbered in the copy. */
struct vm_map_entry *vm_copy_entry(struct vm_copy *copy, vm_offset_t address);
/* Reads bytes [offset, offset + bytes) of the data into kernel memory; may sleep as the mode says.
   Errors as vm_fault_page(). */
kern_return_t vm_copy_read(struct vm_copy *copy, vm_size_t offset, void *buffer, vm_size_t bytes,
                           enum wait_mode mode);
/* A copy made of kernel bytes (out-of-line results), at least one. Sleeps interruptibly for memory: the buffer is the
   caller's own. NULL when interrupted or memory is short. */
struct vm_copy *vm_copy_from_bytes(const void *buffer, vm_size_t bytes);
