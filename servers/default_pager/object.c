/* SPDX-License-Identifier: BSD-2-Clause */
#include "object.h"

#include <stddef.h>

#include <mach.h>

#include "arena.h"

#define BUCKETS 1024u
/* References are given back in batches, long before the limit of 65535 (H-20). */
#define TRIM_AT 1000u

static struct object *objects; /* OBJECT_MAX slots */
static uint16_t buckets[BUCKETS];
static uint16_t free_list;
static struct condition free_waiters;

static struct object *slot(uint16_t link)
{
    return link == 0 ? NULL : &objects[link - 1];
}

/* Port names carry a generation in the low 8 bits, so the index in the space is what differs. */
static uint16_t *bucket_of(mach_port_t port)
{
    return &buckets[(port ^ port >> 8) % BUCKETS];
}

bool object_init(void)
{
    objects = arena_alloc(OBJECT_MAX * sizeof(struct object));
    if (objects == NULL)
        return false;
    for (unsigned i = OBJECT_MAX; i > 0; i--) {
        objects[i - 1].next_index = free_list;
        free_list = (uint16_t)i;
    }
    return true;
}

struct object *object_create(mach_port_t port, bool external)
{
    struct object *object = slot(free_list);
    if (object == NULL)
        return NULL;
    uint16_t link = free_list;
    free_list = object->next_index;
    uint16_t *head = bucket_of(port);
    *object = (struct object){
        .port = port, .external = external, .index = (uint16_t)(link - 1), .next_index = *head};
    *head = link;
    return object;
}

void object_free(struct object *object)
{
    uint16_t *link = bucket_of(object->port);
    while (slot(*link) != object)
        link = &slot(*link)->next_index;
    *link = object->next_index;
    object->port = MACH_PORT_NULL;
    object->next_index = free_list;
    free_list = (uint16_t)(object->index + 1);
    pager_wake(&free_waiters);
}

struct object *object_find(mach_port_t port)
{
    struct object *object = slot(*bucket_of(port));
    while (object != NULL && object->port != port)
        object = slot(object->next_index);
    return object;
}

struct object *object_at(unsigned index)
{
    return objects[index].port == MACH_PORT_NULL ? NULL : &objects[index];
}

void object_wait_free(void)
{
    while (free_list == 0)
        pager_wait(&free_waiters);
}

/*
 * Conditions: lock not held; held on return unless NULL. The object cannot go away meanwhile: what
 * destroys it is a later message of its port, whose turn comes after this one.
 */
struct object *object_enter(mach_port_t port, mach_port_seqno_t seqno)
{
    pager_lock();
    struct object *object = object_find(port);
    if (object == NULL) {
        pager_unlock();
        return NULL;
    }
    while (object->in_turn || object->next_seqno != seqno)
        pager_wait(&object->turn_waiters);
    object->in_turn = true;
    return object;
}

void object_leave(struct object *object)
{
    mach_port_t control = object->control;
    uint32_t excess = 0;
    object->in_turn = false;
    object->next_seqno++;
    pager_wake(&object->turn_waiters);
    if (object->control_refs >= TRIM_AT) {
        excess = object->control_refs - 1;
        object->control_refs = 1;
        object->operations++; /* keeps terminate from destroying the right under us */
    }
    pager_unlock();
    if (excess == 0)
        return;
    mach_port_mod_refs(mach_task_self(), control, MACH_PORT_RIGHT_SEND, -(int)excess);
    pager_lock();
    object_operation_done(object);
    pager_unlock();
}

bool object_check_control(struct object *object, mach_port_t control)
{
    if (object->control == MACH_PORT_NULL || control != object->control)
        return false;
    object->control_refs++;
    return true;
}

static bool range_busy(const struct object *object, uint64_t first, uint64_t count)
{
    for (uint64_t page = first; page < first + count; page++) {
        const struct record *record = records_find(object, page);
        if (record != NULL && record->busy)
            return true;
    }
    return false;
}

void object_wait_idle(struct object *object, uint64_t first, uint64_t count)
{
    while (object->operations > 0 && range_busy(object, first, count))
        pager_wait(&object->idle_waiters);
}

void object_wait_quiet(struct object *object)
{
    while (object->operations > 0)
        pager_wait(&object->idle_waiters);
}

void object_page_done(struct object *object, struct record *record)
{
    record->busy = 0;
    pager_wake(&object->idle_waiters);
}

void object_operation_done(struct object *object)
{
    object->operations--;
    pager_wake(&object->idle_waiters);
}
