/* SPDX-License-Identifier: BSD-2-Clause */
#include "pager_object.h"

#include <mach.h>
#include <stddef.h>
#include <stdlib.h>

#include "pager_lock.h"
#include "pager_pages.h"

#define BUCKETS 256u
/* References are given back in batches, long before there could be too many (H-20). */
#define TRIM_AT 1000u

static struct pager_object *buckets[BUCKETS];
static mach_port_t object_set;

static struct pager_object **bucket_of(mach_port_t port)
{
    return &buckets[(port ^ port >> 8) % BUCKETS];
}

static struct pager_object *object_find(mach_port_t port)
{
    struct pager_object *object = *bucket_of(port);

    while (object != NULL && object->port != port) {
        object = object->next;
    }
    return object;
}

/* Two threads may come first at once: one set is too many then. */
mach_port_t pager_objects_set(void)
{
    mach_port_t made = MACH_PORT_NULL, none = MACH_PORT_NULL;

    if (__atomic_load_n(&object_set, __ATOMIC_ACQUIRE) == MACH_PORT_NULL &&
        mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &made) == KERN_SUCCESS &&
        !__atomic_compare_exchange_n(&object_set, &none, made, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        mach_port_destroy(mach_task_self(), made);
    }
    return object_set;
}

void pager_watch_senders(mach_port_t port, mach_port_mscount_t made)
{
    mach_port_t previous = MACH_PORT_NULL;

    UNLOCKED(mach_port_request_notification(mach_task_self(), port, MACH_NOTIFY_NO_SENDERS, made,
                                            port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    if (previous != MACH_PORT_NULL) {
        UNLOCKED(mach_port_deallocate(mach_task_self(), previous));
    }
}

/* Into the set last: who receives a message of the object then knows it. */
kern_return_t pager_create(const struct pager_operations *operations, void *cookie,
                           mach_port_t *port)
{
    mach_port_t set = pager_objects_set();
    struct pager_object *object = calloc(1, sizeof *object);
    kern_return_t result = KERN_RESOURCE_SHORTAGE;

    if (set != MACH_PORT_NULL && object != NULL) {
        result = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, port);
    }
    if (result != KERN_SUCCESS) {
        free(object);
        return result;
    }
    object->port = *port;
    object->operations = operations;
    object->cookie = cookie;
    pager_lock();
    object->next = *bucket_of(*port);
    *bucket_of(*port) = object;
    pager_unlock();
    if (operations->end != NULL) {
        pager_watch_senders(*port, 1);
    }
    return mach_port_move_member(mach_task_self(), *port, set);
}

/* The object cannot go away meanwhile: who destroys it waits for all its messages. */
struct pager_object *pager_turn_begin(mach_port_t port, mach_port_seqno_t seqno)
{
    pager_lock();
    struct pager_object *object = object_find(port);
    if (object != NULL) {
        object->messages++;
        while (!object->dead && (object->in_turn || object->next_seqno != seqno)) {
            pager_wait(&object->turn_waiters);
        }
        if (object->dead) {
            object->messages--;
            pager_wake(&object->idle_waiters);
            object = NULL;
        } else {
            object->in_turn = true;
        }
    }
    pager_unlock();
    return object;
}

void pager_turn_end(struct pager_object *object)
{
    object->in_turn = false;
    object->next_seqno++;
    pager_wake(&object->turn_waiters);
}

/* Of a kernel that is gone, or was none, the right may be to a dead name by now. */
static void give_back(mach_port_t right, unsigned references)
{
    mach_port_delta_t delta = -(mach_port_delta_t)references;

    if (UNLOCKED(mach_port_mod_refs(mach_task_self(), right, MACH_PORT_RIGHT_SEND, delta)) !=
        KERN_SUCCESS) {
        mach_port_mod_refs(mach_task_self(), right, MACH_PORT_RIGHT_DEAD_NAME, delta);
    }
}

/* Gives back references that messages brought. Conditions: the lock is dropped meanwhile. */
static void trim(struct pager_object *object, struct pager_kernel *kernel)
{
    mach_port_t control = kernel->control;
    unsigned excess = kernel->references - 1;

    kernel->references = 1;
    object->transfers++; /* so the right stays */
    pager_unlock();
    give_back(control, excess);
    pager_lock();
    pager_transfer_done(object);
}

void pager_message_done(struct pager_object *object, mach_port_seqno_t seqno)
{
    pager_lock();
    if (object->in_turn && object->next_seqno == seqno) {
        pager_turn_end(object);
    }
    for (unsigned i = 0; i < PAGER_KERNELS; i++) {
        if (object->kernels[i].references >= TRIM_AT) {
            trim(object, &object->kernels[i]);
        }
    }
    object->messages--;
    pager_wake(&object->idle_waiters);
    pager_unlock();
}

struct pager_object *pager_object_enter(mach_port_t port)
{
    pager_lock();
    return object_find(port);
}

struct pager_kernel *pager_object_kernel(struct pager_object *object, mach_port_t control)
{
    for (unsigned i = 0; i < PAGER_KERNELS && MACH_PORT_VALID(control); i++) {
        if (object->kernels[i].control == control) {
            return &object->kernels[i];
        }
    }
    return NULL;
}

static bool range_busy(const struct pager_object *object, uint64_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct pager_page *page = pager_page_find(object, first + i);
        if (page != NULL && page->busy) {
            return true;
        }
    }
    return false;
}

void pager_wait_idle(struct pager_object *object, uint64_t first, unsigned count)
{
    while (range_busy(object, first, count)) {
        pager_wait(&object->idle_waiters);
    }
}

void pager_wait_quiet(struct pager_object *object)
{
    while (object->transfers > 0) {
        pager_wait(&object->idle_waiters);
    }
}

void pager_transfer_done(struct pager_object *object)
{
    object->transfers--;
    pager_wake(&object->idle_waiters);
}

/* Takes the object out of the table; who waits for a turn of it goes away. Conditions: in its turn. */
static void forget_object(struct pager_object *object)
{
    struct pager_object **link = bucket_of(object->port);

    pager_lock();
    pager_wait_quiet(object);
    while (*link != object) {
        link = &(*link)->next;
    }
    *link = object->next;
    object->dead = true;
    pager_wake(&object->turn_waiters);
    while (object->messages > 1) {
        pager_wait(&object->idle_waiters);
    }
    pager_pages_forget(object);
    pager_unlock();
}

/* Kernels that did not take their leave are gone, or were none: their rights need not be what they seem. */
static void release_object(struct pager_object *object)
{
    while (object->supplies != NULL) {
        struct pager_supply *supply = object->supplies;
        object->supplies = supply->next;
        free(supply);
    }
    for (unsigned i = 0; i < PAGER_KERNELS; i++) {
        if (object->kernels[i].control != MACH_PORT_NULL) {
            give_back(object->kernels[i].control, object->kernels[i].references);
            UNLOCKED(mach_port_deallocate(mach_task_self(), object->kernels[i].name));
        }
    }
    UNLOCKED(mach_port_mod_refs(mach_task_self(), object->port, MACH_PORT_RIGHT_RECEIVE, -1));
    free(object);
}

bool pager_object_end(struct pager_object *object, mach_port_mscount_t made)
{
    mach_port_status_t status;
    kern_return_t known =
        UNLOCKED(mach_port_get_receive_status(mach_task_self(), object->port, &status));

    if (object->operations->end == NULL || known != KERN_SUCCESS) {
        return false;
    }
    if (status.mps_srights || status.mps_mscount != made) {
        pager_watch_senders(object->port, status.mps_mscount);
        return false;
    }
    forget_object(object);
    UNLOCKED(object->operations->end(object->cookie));
    release_object(object);
    return true;
}
