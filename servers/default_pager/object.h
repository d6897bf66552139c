/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects that this pager serves.
 *
 * Messages of one object are handled in the order in which they were taken from its port, by their
 * sequence numbers (DP4), although several threads take them: object_enter() waits for the
 * message's turn, object_leave() lets the next one have its turn. Between the two a handler decides
 * what is to be done and marks the pages busy; the transfers happen afterwards, beside those of
 * other messages. Every message taken from an object's port must pass through the two, unknown ones
 * too (H-18).
 *
 * Life: object_create (memory_object_create, or default_pager_object_create) -> messages ->
 * terminate, which waits for all transfers -> no-senders -> object_destroy.
 *
 * Conditions: unless it says otherwise, a function is called with the pager's lock held; none calls
 * the kernel with it held (DP12).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/std_types.h>
#include <mach/port.h>

#include "records.h"
#include "sync.h"

#define OBJECT_MAX 2048

struct handover;

struct object {
    mach_port_t port;      /* receive right; MACH_PORT_NULL: slot unused */
    mach_port_t control;   /* send right, or MACH_PORT_NULL between associations */
    mach_port_t name;      /* send right, or MACH_PORT_NULL */
    uint32_t control_refs; /* references that messages added to `control` since the last trim */
    uint32_t next_seqno;   /* whose turn it is */
    uint32_t operations;   /* transfers under way outside a turn */
    uint32_t first_record; /* list of its page records */
    uint32_t record_count;
    uint32_t held_count;        /* of them HELD */
    uint16_t index;             /* of this slot */
    bool in_turn;               /* a handler is between object_enter and object_leave */
    bool external;              /* made by default_pager_object_create */
    bool dead;                  /* no senders: being destroyed */
    uint16_t next_index;        /* hash chain by port, or free list; index + 1, 0: end */
    struct handover *handovers; /* supplies without completion, oldest first */
    struct condition turn_waiters;
    struct condition idle_waiters; /* for pages that are not busy any more, and for operations */
};

/* Takes the memory for the table from the arena. */
bool object_init(void);
/* A new object for a port that is in no port set yet. NULL: too many. */
struct object *object_create(mach_port_t port, bool external);
/* Forgets an object that has no records and no operations. */
void object_free(struct object *object);
struct object *object_find(mach_port_t port);
/* The index-th slot, or NULL if it is unused; to go through all objects. */
struct object *object_at(unsigned index);
/* Waits for a free slot (after object_create failed). */
void object_wait_free(void);

/* Takes the lock and waits for the turn of a message. NULL (without the lock): no such object. */
struct object *object_enter(mach_port_t port, mach_port_seqno_t seqno);
/* Ends the turn and drops the lock; then gives excess references on the control port back (DP11).
 */
void object_leave(struct object *object);
/* A message brought the object's control right: counts the reference that it added. False if it is
   not the right control port: then the message is not the kernel's. */
bool object_check_control(struct object *object, mach_port_t control);

/* Waits until none of the pages is busy; may drop the lock meanwhile. */
void object_wait_idle(struct object *object, uint64_t first, uint64_t count);
/* Waits until no transfer is under way. */
void object_wait_quiet(struct object *object);
/* Ends the transfer of a page. The caller still owns an operation on the object. */
void object_page_done(struct object *object, struct record *record);
/* Ends an operation, begun by operations++. */
void object_operation_done(struct object *object);
