/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights on their way between a space and the kernel (spec/ipc.md 2, 4.1).
 *
 * Taking a right out is decode, then invoke: right_check() says whether it can be done and changes
 * nothing, right_take() does it and cannot fail. Every right in kernel hands holds one port
 * reference.
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/port.h>

#include "ipc/port.h"
#include "ipc/space_table.h"

/* What a right that is sent with this disposition arrives as. */
static inline mach_msg_type_name_t right_received_type(mach_msg_type_name_t disposition)
{
    switch (disposition) {
    case MACH_MSG_TYPE_COPY_SEND:
    case MACH_MSG_TYPE_MAKE_SEND:
        return MACH_MSG_TYPE_PORT_SEND;
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
        return MACH_MSG_TYPE_PORT_SEND_ONCE;
    default:
        return disposition;
    }
}

/* --- looking --- */
/* Turns an entry with a send or send-once right for a dead port into a dead name. */
void right_make_dead(struct space *space, struct name_entry *entry);

/* True for an entry in use that does not stand for a right to a dead port. */
static inline bool right_entry_is_good(const struct name_entry *entry)
{
    return entry->bits != 0 && (!(entry->bits & MACH_PORT_TYPE_SEND_RIGHTS) || entry->port->active);
}

/* The entry of a name, turned into a dead name first if its port has died; or NULL. */
static inline struct name_entry *right_lookup(struct space *space, mach_port_name_t name)
{
    struct name_entry *entry = space_entry(space, name);

    if (entry && entry->bits & MACH_PORT_TYPE_SEND_RIGHTS && !entry->port->active)
        right_make_dead(space, entry);
    return entry;
}

/* The same for requests: KERN_INVALID_TASK without a live space, KERN_INVALID_NAME. */
static inline kern_return_t right_find(struct space *space, mach_port_name_t name,
                                       struct name_entry **entry)
{
    if (!space || !space->active)
        return KERN_INVALID_TASK;
    *entry = right_lookup(space, name);
    return *entry ? KERN_SUCCESS : KERN_INVALID_NAME;
}

/* The entry that names the port's send or receive right in this space, or NULL; ipc/right_copyout.c. */
struct name_entry *right_find_port(const struct space *space, const struct port *port);

/* --- out of a space; ipc/right_copyin.c --- */
/* Can the entry give a right with this disposition? KERN_INVALID_RIGHT if not. */
kern_return_t right_check(const struct name_entry *entry, mach_msg_type_name_t disposition,
                          bool dead_allowed);
/* Takes it: the right, or PORT_DEAD. A name that goes with it tells its dead-name request (or, if
   that names the port `cancel`, does not). */
struct port *right_take(struct space *space, struct name_entry *entry,
                        mach_msg_type_name_t disposition, struct port *cancel);
/* Both for one name. KERN_INVALID_NAME, KERN_INVALID_RIGHT. NULL and DEAD names give NULL and
   PORT_DEAD. */
kern_return_t right_copyin(struct space *space, mach_port_name_t name,
                           mach_msg_type_name_t disposition, bool dead_allowed,
                           struct port **right);

/* --- into a space; ipc/right_copyout.c --- */
/* Names a right of that received type; consumes it on success. A dead port gives MACH_PORT_DEAD.
   KERN_INVALID_TASK, KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE. */
kern_return_t right_copyout(struct space *space, struct port *right, mach_msg_type_name_t type,
                            mach_port_name_t *name);
/* The same under a given name: also KERN_NAME_EXISTS, KERN_RIGHT_EXISTS, KERN_UREFS_OVERFLOW,
   KERN_INVALID_VALUE, KERN_INVALID_CAPABILITY (null or dead). */
kern_return_t right_copyout_name(struct space *space, struct port *right, mach_msg_type_name_t type,
                                 mach_port_name_t name);

/* --- dropping; ipc/right_release.c --- */
/* Drops all rights of a name. */
void right_destroy(struct space *space, struct name_entry *entry);
/* Drops one reference of a send, send-once or dead name. KERN_INVALID_RIGHT. */
kern_return_t right_deallocate(struct space *space, struct name_entry *entry);
/* Drops what a right_copyout() of that received type put under the name, if it is still there. */
void right_undo_copyout(struct space *space, mach_port_name_t name, mach_msg_type_name_t type);
/* Changes the count of one kind of right by delta (mach_port_mod_refs). */
kern_return_t right_modify(struct space *space, struct name_entry *entry, mach_port_right_t right,
                           mach_port_delta_t delta);
/* Frees a name that stands for nothing any more; tells its dead-name request unless it is
   `cancel`. */
void right_free_name_slowly(struct space *space, struct name_entry *entry, struct port *cancel);
static inline void right_free_name(struct space *space, struct name_entry *entry,
                                   struct port *cancel)
{
    if (__builtin_expect(!entry->request && space_entry_is_listed(space, entry), 1))
        space_entry_free_fast(space, entry);
    else
        right_free_name_slowly(space, entry, cancel);
}
