/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of associations.
 *
 * memory_object_destroy  TERMINATING: requests fail at once (D-22), terminate is sent when the supplies
 *                        and lock requests in progress have queued their completions (O10), then
 *                        DETACHED
 * the port dies          DETACHED at once, nobody is left to be told
 * the last use           object_lifetime.c returns what must be returned, then terminate
 */
#include "mm/association_end.h"

#include <mig/mach_server.h>

#include "ipc/port.h"
#include "kernel/panic.h"
#include "mm/default_manager.h"
#include "mm/lock_request.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/placeholder.h"
#include "mm/synchronize.h"
#include "mm/vm_object.h"

/* Nobody is left who could unlock: what is resident is free to use. */
static void drop_locks(struct vm_object *object)
{
    vm_offset_t at = 0;
    struct page *page;

    while ((page = vm_object_walk(object, &at, ~(vm_offset_t)0)) != NULL) {
        page->lock = VM_PROT_NONE;
        page->unlock_request = VM_PROT_NONE;
        if (!page->busy)
            page_wake(page, WAIT_AWAKENED);
    }
}

/* All who wait for the manager learn that it will not answer. */
static void release_waiters(struct vm_object *object)
{
    placeholder_abort_all(object, KERN_MEMORY_FAILURE);
    drop_locks(object);
    wait_queue_wake_all(&object->ready_waiters, WAIT_AWAKENED);
    wait_queue_wake_all(&object->absent_waiters, WAIT_AWAKENED);
    lock_request_abandon(object);
    synchronize_abandon(object);
}

/*
 * Conditions: no paging in progress; every data_return of the association is queued. The association
 * is over, and a vm_map that waits for that goes on.
 */
void association_terminate(struct vm_object *object)
{
    struct port *pager = object->pager;

    assert(object->paging_in_progress == 0 && object->absent_count == 0);
    object->association = ASSOCIATION_DETACHED;
    if (!pager)
        return;
    manager_terminate(object);
    event_wake_all(pager, WAIT_AWAKENED);
}

void association_finish_destroy(struct vm_object *object)
{
    object->termination_wanted = false;
    if (object->association == ASSOCIATION_TERMINATING && object->alive)
        association_terminate(object);
}

/*
 * The manager gives the object up. The reason is not used. Resident pages serve on, absent ones fault
 * with KERN_MEMORY_FAILURE; dirty pages are not written back. Never waits: terminate follows when the
 * operations in progress have queued their completions.
 */
kern_return_t memory_object_destroy(vm_object_t object, kern_return_t reason)
{
    (void)reason;
    if (!object)
        return KERN_INVALID_ARGUMENT;
    object->may_cache = false;
    object->association = ASSOCIATION_TERMINATING;
    release_waiters(object);
    if (object->paging_in_progress > 0)
        object->termination_wanted = true;
    else
        association_terminate(object);
    return KERN_SUCCESS;
}

void vm_object_port_died(struct port *memory_object)
{
    struct vm_object *object = memory_object->memory_object;

    default_manager_port_died(memory_object);
    if (!object)
        return;
    assert(object->pager == memory_object);
    memory_object->memory_object = NULL;
    object->association = ASSOCIATION_DETACHED;
    object->may_cache = false;
    object->termination_wanted = false;
    release_waiters(object);
    port_destroy_kernel(object->control);
    port_destroy_kernel(object->name);
    object->control = object->name = object->pager = NULL;
    event_wake_all(memory_object, WAIT_AWAKENED);
    vm_object_cache_emptied(object);
    port_release_send(memory_object);
}
