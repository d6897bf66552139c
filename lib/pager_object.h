/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/port.h>
#include <mach/std_types.h>
#include <porthole/pager.h>
#include <porthole/sync.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The pager library's memory objects, and their turns: each message that is taken from an object's port has a
 * turn, in the order of the sequence numbers, although several threads take them. In its turn it is
 * decided what becomes of the message, and pages are marked busy; transfers then run outside of turns, and
 * are counted. Every message has a turn, also one that nobody understands (H-18).
 *
 * Conditions: unless it says otherwise, a function is called with the lock held.
 */

/* Pages that were supplied together as precious; their completion is still to come. */
struct pager_supply {
    struct pager_supply *next;
    mach_port_t control; /* to which kernel */
    uint64_t first;      /* page number */
    unsigned count;      /* pages */
};

/* A kernel that maps the object. */
struct pager_kernel {
    mach_port_t control;  /* send right, or MACH_PORT_NULL: place unused */
    mach_port_t name;     /* send right */
    unsigned references;  /* of `control`, that messages have brought since they were last given back */
};

struct pager_object {
    struct pager_object *next; /* in its hash chain */
    mach_port_t port;          /* receive right */
    const struct pager_operations *operations;
    void *cookie;
    uint32_t next_seqno; /* whose turn it is */
    bool in_turn;        /* somebody has it */
    bool dead;           /* being destroyed: there are no more turns */
    unsigned messages;   /* taken from the port and not done with */
    unsigned transfers;  /* under way outside of turns */
    struct pager_kernel kernels[PAGER_KERNELS];
    struct pager_supply *supplies; /* oldest first */
    struct condition turn_waiters;
    struct condition idle_waiters; /* for pages that are not busy any more, transfers, messages */
};

/* The set of all objects' ports; NULL if it cannot be made. Conditions: lock not held. */
mach_port_t pager_objects_set(void);

/* Waits for the turn of a message; NULL if the port is no object's. Conditions: lock not held. */
struct pager_object *pager_turn_begin(mach_port_t port, mach_port_seqno_t seqno);
/* Ends the turn; the message still counts. */
void pager_turn_end(struct pager_object *object);
/* The message is done with; ends its turn, too, if that has not happened. Conditions: lock not held. */
void pager_message_done(struct pager_object *object, mach_port_seqno_t seqno);
/* The object whose message this thread handles. Conditions: lock not held; held on return. */
struct pager_object *pager_object_enter(mach_port_t port);

/* The kernel that a control port belongs to; NULL: it is none of the object's, so the message is forged. */
struct pager_kernel *pager_object_kernel(struct pager_object *object, mach_port_t control);
/* Waits, in the object's turn, until none of the pages is busy. The lock is dropped. */
void pager_wait_idle(struct pager_object *object, uint64_t first, unsigned count);
/* Waits, in the object's turn, until no transfer is under way. The lock is dropped. */
void pager_wait_quiet(struct pager_object *object);
/* A transfer is over. */
void pager_transfer_done(struct pager_object *object);

/* Asks to be told when the last send right is gone, once that many were made. Conditions: lock not held. */
void pager_watch_senders(mach_port_t port, mach_port_mscount_t made);
/*
 * Nobody has a right to the object, as it was told when `made` had been made: destroys it, in its turn, with its
 * last message. False: somebody has one again (H-49). Conditions: lock not held.
 */
bool pager_object_end(struct pager_object *object, mach_port_mscount_t made);
