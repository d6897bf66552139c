/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects and their pages.
 *
 * Slots are indexed by offset in pages. A page in a slot has object and offset set; the object counts
 * it. Nothing here sleeps or talks to a manager.
 */
#include "mm/vm_object.h"

#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "mm/kmem.h"
#include "mm/object_lifetime.h"
#include "mm/pmap.h"

#define VM_OBJECT_RESERVE 64u   /* transports for page-out must be had when memory is short */

struct list vm_object_list = LIST_INITIALIZER(vm_object_list);
uint32_t vm_object_count;

static struct kmem_cache object_cache;

void vm_object_init(void)
{
    radix_init();
    kmem_cache_init(&object_cache, "vm-object", sizeof(struct vm_object), VM_OBJECT_RESERVE, 0);
}

/* A new internal object with one reference for the caller; NULL when memory is short. */
struct vm_object *vm_object_create(vm_size_t size)
{
    struct vm_object *object = kmem_cache_alloc(&object_cache);

    if (!object)
        return NULL;
    memset(object, 0, sizeof(*object));
    object->references = 1;
    object->alive = true;
    object->internal = true;
    object->temporary = true;
    object->size = size;
    object->copy_strategy = MEMORY_OBJECT_COPY_SYMMETRIC;
    object->cluster_pages = object->window_pages = 1;
    wait_queue_init(&object->ready_waiters);
    wait_queue_init(&object->absent_waiters);
    list_init(&object->pending_replies);
    list_init(&object->sync_requests);
    list_insert_tail(&vm_object_list, &object->all_link);
    vm_object_count++;
    return object;
}

void vm_object_reference(struct vm_object *object)
{
    assert(object->references > 0 || list_node_linked(&object->cache_link));
    object->references++;
}

/* Frees the structure. Conditions: no references, pages, ports, shadow, waiters. */
void vm_object_free(struct vm_object *object)
{
    assert(object->references == 0 && object->resident_count == 0 && object->wired_count == 0);
    assert(!object->pager && !object->control && !object->name && !object->shadow && !object->copy);
    assert(!object->kept && object->paging_in_progress == 0 && !list_node_linked(&object->cache_link));
    assert(list_empty(&object->pending_replies) && list_empty(&object->sync_requests));
    if (object->owed_by) {
        object->owed_by->pages_owed -= object->size / PAGE_BYTES;
        task_release(object->owed_by);
    }
    list_remove(&object->all_link);
    vm_object_count--;
    kmem_cache_free(&object_cache, object);
}

/* The slot is opened first, so that a lack of memory leaves the page where it is. */
bool vm_object_move(struct page *page, struct vm_object *object, vm_offset_t offset)
{
    struct page *opener = page_alloc_fictitious();

    if (!opener)
        return false;
    if (!vm_object_insert(object, offset, opener)) {
        page_free(opener);
        return false;
    }
    vm_object_remove(page);
    vm_object_replace(vm_object_slot(object, offset), page);
    page_free(opener);
    return true;
}

/*
 * Frees a page or placeholder with its slot: unmapped, off the queues, unwired however often it
 * was wired; its waiters restart.
 */
void vm_object_free_page(struct page *page)
{
    if (!page->fictitious)
        pmap_page_protect(page, VM_PROT_NONE);
    vm_object_remove(page);
    while (page->wire_count > 0)
        page_unwire(page);
    page_unqueue(page);
    page_wake(page, WAIT_AWAKENED);
    page_free(page);
}

void vm_object_paging_begin(struct vm_object *object)
{
    object->paging_in_progress++;
}

void vm_object_paging_end(struct vm_object *object)
{
    assert(object->paging_in_progress > 0);
    if (--object->paging_in_progress > 0)
        return;
    if (object->termination_wanted)
        vm_object_reap(object);
}

/*
 * Puts a new internal object in front of *object, for the range [*offset, *offset + length). The caller's
 * reference on the old object becomes the new one's shadow reference; the caller owns the new one.
 */
bool vm_object_shadow(struct vm_object **object, vm_offset_t *offset, vm_size_t length)
{
    struct vm_object *front = vm_object_create(length);

    if (!front)
        return false;
    front->shadow = *object;
    front->shadow_offset = *offset;
    front->shadow->shadowed_by++;
    *object = front;
    *offset = 0;
    return true;
}
