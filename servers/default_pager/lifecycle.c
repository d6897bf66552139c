/* SPDX-License-Identifier: BSD-2-Clause */
#include "lifecycle.h"

#include <stdbool.h>
#include <stddef.h>

#include <mach.h>
#include <mach/notify.h>
#include <stdlib.h>
#include <mig/seqnos_memory_object_default_server.h>
#include <mig/seqnos_memory_object_server.h>

#include "handovers.h"
#include "object.h"
#include "records.h"
#include "returns.h"
#include "statistics.h"
#include "store.h"

struct lifecycle_ports lifecycle_ports;

static bool replaced; /* as the default pager, by another */

/* Asks to be told when the last send right is gone. */
static void watch_senders(mach_port_t port, mach_port_mscount_t sync)
{
    mach_port_t previous = MACH_PORT_NULL;
    mach_port_request_notification(mach_task_self(), port, MACH_NOTIFY_NO_SENDERS, sync, port,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
    if (previous != MACH_PORT_NULL)
        mach_port_deallocate(mach_task_self(), previous);
}

void lifecycle_watch_manager(void)
{
    watch_senders(lifecycle_ports.manager, 1);
}

/* The kernel sends no new objects once it has another pager, and nobody can get the manager port from it. */
static void end_if_replaced(void)
{
    pager_lock();
    bool over = replaced && statistics.objects == 0;
    pager_unlock();
    if (!over)
        return;
    mach_print("default_pager: another has taken its place, and its last object is gone\n");
    exit(0);
}

/*
 * An anonymous object is to be paged out for the first time (spec/emmi.md 5.8). It cannot be
 * refused: if there are too many, this waits until one goes. Consumes all rights. Messages that are
 * queued on the new port are received only after it is in the set, so the object is known by then.
 */
kern_return_t seqnos_memory_object_create(mach_port_t manager, mach_port_seqno_t seqno,
    mach_port_t new_object, vm_size_t size, mach_port_t control, mach_port_t name,
    vm_size_t page_size)
{
    (void)seqno, (void)size;
    if (manager != lifecycle_ports.manager || page_size != PAGER_PAGE)
        return KERN_INVALID_ARGUMENT;
    struct object *object;
    pager_lock();
    while ((object = object_create(new_object, false)) == NULL)
        object_wait_free();
    object->control = control;
    object->control_refs = 1;
    object->name = name;
    statistics.objects++;
    pager_unlock();
    watch_senders(new_object, 0);
    mach_port_move_member(mach_task_self(), new_object, lifecycle_ports.internal_set);
    return KERN_SUCCESS;
}

kern_return_t lifecycle_create_external(mach_port_t *port)
{
    mach_port_t self = mach_task_self();
    kern_return_t result = mach_port_allocate(self, MACH_PORT_RIGHT_RECEIVE, port);
    if (result != KERN_SUCCESS)
        return result;
    pager_lock();
    struct object *object = object_create(*port, true);
    statistics.objects += object != NULL;
    pager_unlock();
    if (object == NULL) {
        mach_port_mod_refs(self, *port, MACH_PORT_RIGHT_RECEIVE, -1);
        return KERN_RESOURCE_SHORTAGE;
    }
    /* One right is about to be made for the client: only after that may the last one be missed. */
    watch_senders(*port, 1);
    return mach_port_move_member(self, *port, lifecycle_ports.external_set);
}

/* A kernel maps a client's object. A second kernel, or one that did not take its leave, is refused.
 */
kern_return_t seqnos_memory_object_init(mach_port_t memory_object, mach_port_seqno_t seqno,
    mach_port_t control, mach_port_t name, vm_size_t page_size)
{
    struct object *object = object_enter(memory_object, seqno);
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    if (!object->external || object->control != MACH_PORT_NULL || page_size != PAGER_PAGE) {
        statistics.forged++;
        object_leave(object);
        return KERN_INVALID_ARGUMENT;
    }
    object->control = control;
    object->control_refs = 1;
    object->name = name;
    object_leave(object);
    memory_object_ready(control, FALSE, MEMORY_OBJECT_COPY_DELAY);
    return KERN_SUCCESS;
}

/*
 * The kernel is done with the object. The control port is destroyed before transfers are waited
 * for: a supply that is on its way to it fails then, instead of filling the queue of a port that
 * nobody receives from (H-06). Whoever sends this without being the kernel brings other ports:
 * refused.
 */
kern_return_t seqnos_memory_object_terminate(
    mach_port_t memory_object, mach_port_seqno_t seqno, mach_port_t control, mach_port_t name)
{
    mach_port_t self = mach_task_self();
    struct object *object = object_enter(memory_object, seqno);
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    if (object->control == MACH_PORT_NULL || control != object->control || name != object->name) {
        statistics.forged++;
        object_leave(object);
        return KERN_INVALID_ARGUMENT;
    }
    pager_unlock(); /* the turn is kept: no other message of this object is handled */
    mach_port_mod_refs(self, control, MACH_PORT_RIGHT_RECEIVE, -1);
    pager_lock();
    object_wait_quiet(object);
    object->control = object->name = MACH_PORT_NULL;
    object->control_refs = 0;
    pager_unlock();
    mach_port_destroy(self, control); /* what is left: a dead name */
    mach_port_destroy(self, name);
    pager_lock();
    object_leave(object);
    return KERN_SUCCESS;
}

/* Frees what a page has; returns the memory of a held one. Conditions: lock held. */
static vm_address_t forget_page(struct object *object, struct record *record)
{
    vm_address_t data = 0;
    switch ((enum page_state)record->state) {
    case PAGE_STORED:
    case PAGE_SUPPLIED:
        store_give(record->block);
        break;
    case PAGE_OUT:
        store_unreserve();
        statistics.out--;
        break;
    case PAGE_HELD:
        data = record->data;
        object->held_count--;
        statistics.held--;
        break;
    case PAGE_BAD:
        statistics.bad_pages--;
        break;
    }
    records_remove(object, record);
    return data;
}

/* Conditions: lock held, in the object's turn, no transfers; the lock is dropped now and then. */
static void forget_all(struct object *object)
{
    struct record *record;
    while ((record = records_first(object)) != NULL) {
        vm_address_t data = forget_page(object, record);
        if (data == 0)
            continue;
        pager_unlock();
        vm_deallocate(mach_task_self(), data, PAGER_PAGE);
        pager_lock();
    }
    while (object->handovers != NULL) { /* came when the kernel had ended the object: destroyed unseen */
        statistics.supplied_precious -= object->handovers->count;
        handover_end(object, object->handovers);
    }
}

/*
 * Destroys an object. For one of the kernel's this is the last message of its port. A client's
 * object may have got a new sender meanwhile, made by default_pager_object_create's reply: the
 * count of rights made tells (H-49).
 */
void lifecycle_no_senders(mach_port_t port, mach_port_seqno_t seqno, mach_port_mscount_t count)
{
    mach_port_t self = mach_task_self();
    if (port == lifecycle_ports.manager) {
        pager_lock();
        replaced = true;
        pager_unlock();
        end_if_replaced();
        return;
    }
    struct object *object = object_enter(port, seqno);
    if (object == NULL)
        return;
    mach_port_status_t status;
    pager_unlock();
    bool gone = mach_port_get_receive_status(self, port, &status) == KERN_SUCCESS &&
                !status.mps_srights && status.mps_mscount == count;
    if (!gone)
        watch_senders(port, status.mps_mscount);
    pager_lock();
    if (!gone) {
        object_leave(object);
        return;
    }
    object_wait_quiet(object);
    object->dead = true; /* nobody begins to write its held pages while the lock is dropped */
    forget_all(object);
    mach_port_t control = object->control, name = object->name;
    object_free(object);
    statistics.objects--;
    pager_unlock();

    mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, -1);
    if (control != MACH_PORT_NULL) {
        mach_port_destroy(self, control);
        mach_port_destroy(self, name);
    }
    end_if_replaced();
    returns_write_held();
}

void lifecycle_skip(mach_port_t port, mach_port_seqno_t seqno)
{
    struct object *object = object_enter(port, seqno);
    if (object != NULL)
        object_leave(object);
}
