/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COPY_CALL. Order as the manager sees it: memory_object_copy at the old object, then what the locks lead
 * to, then memory_object_init at the new one.
 */
#include "mm/copy_call.h"

#include "kernel/sched.h"
#include "mm/association.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/pmap.h"
#include "mm/vm_object.h"

#define CHUNK_PAGES 256u   /* locked without letting others run */

/* Writes to resident pages ask the manager from now on. */
static void lock_writes(struct vm_object *source, vm_offset_t at, vm_offset_t end)
{
    struct page *page;

    for (unsigned walked = 1; (page = vm_object_next_page(source, at, end)) != NULL; walked++) {
        at = page->offset + PAGE_BYTES;
        if (!page->absent) {
            pmap_page_restrict(page, VM_PROT_ALL & ~VM_PROT_WRITE);
            page->lock |= VM_PROT_WRITE;
        }
        if (walked % CHUNK_PAGES == 0) {
            pmap_flush();
            sched_yield();
        }
    }
    pmap_flush();
}

struct vm_object *copy_call_make(struct vm_object *source, vm_offset_t offset, vm_size_t size)
{
    struct vm_object *copy = association_object(size);
    struct port *memory_object = copy ? manager_copy_object(source, offset, size) : NULL;

    if (!memory_object) {
        if (copy)
            manager_forget_ports(copy);
        vm_object_release(copy);
        return NULL;
    }
    vm_object_reference(source);
    copy->shadow = source;
    copy->shadow_offset = offset;
    source->shadowed_by++;
    association_begin(copy, memory_object);
    lock_writes(source, offset, offset + size);
    if (copy->association == ASSOCIATION_WAIT_READY) /* its port has not died meanwhile */
        manager_init_object(copy);
    return copy;
}
