/* SPDX-License-Identifier: BSD-2-Clause */
/* Rights enter a space. */
#include "ipc/port.h"
#include "ipc/right.h"
#include "ipc/space_hash.h"
#include "ipc/space_table.h"

struct name_entry *right_find_port(const struct space *space, const struct port *port)
{
    if (port->receiver == space)
        return space_entry(space, port->receiver_name);
    return space_hash_find_send(space, port);
}

/* A receive right has arrived under the entry's name: it is in transit no more. */
static void arrive(struct space *space, struct name_entry *entry, struct port *right)
{
    entry->bits |= MACH_PORT_TYPE_RECEIVE;
    right->receiver = space;
    right->receiver_name = entry->name;
    port_leave_transit(right);
}

/* Makes a fresh entry the name of a right; cannot fail. The hash is prepared: also for a receive
   right, which may leave a pure send right behind one day. */
static void fill(struct space *space, struct name_entry *entry, struct port *right,
                 mach_msg_type_name_t type)
{
    entry->port = right;
    switch (type) {
    case MACH_MSG_TYPE_PORT_SEND:
        entry->bits = MACH_PORT_TYPE_SEND | 1;
        space_hash_insert_send(space, entry);
        break;
    case MACH_MSG_TYPE_PORT_SEND_ONCE:
        entry->bits = MACH_PORT_TYPE_SEND_ONCE | 1;
        break;
    default:
        arrive(space, entry, right);
        break;
    }
}

/* Merges a right into the entry that names the port already. */
static void merge(struct space *space, struct name_entry *entry, struct port *right,
                  mach_msg_type_name_t type)
{
    if (type == MACH_MSG_TYPE_PORT_RECEIVE) {
        space_hash_remove_send(space, entry);
        arrive(space, entry, right);
    } else if (entry->bits & MACH_PORT_TYPE_SEND) {
        entry_add_reference(entry);
        port_release_send(right);
    } else {
        entry->bits |= MACH_PORT_TYPE_SEND | 1;
    }
}

/* A right for a dead port becomes the dead name. */
static void bury(struct port *right, mach_msg_type_name_t type)
{
    if (type == MACH_MSG_TYPE_PORT_SEND)
        right->send_rights--;
    else
        right->send_once_rights--;
    port_release(right);
}

kern_return_t right_copyout(struct space *space, struct port *right, mach_msg_type_name_t type,
                            mach_port_name_t *name)
{
    struct name_entry *entry;
    kern_return_t status;

    if (!PORT_VALID(right)) {
        *name = right ? MACH_PORT_NAME_DEAD : MACH_PORT_NAME_NULL;
        return KERN_SUCCESS;
    }
    if (!right->active) {
        bury(right, type);
        *name = MACH_PORT_NAME_DEAD;
        return KERN_SUCCESS;
    }
    entry = type == MACH_MSG_TYPE_PORT_SEND_ONCE ? NULL : right_find_port(space, right);
    if (entry) {
        *name = entry->name;
        merge(space, entry, right, type);
        return KERN_SUCCESS;
    }
    if (!space_hash_prepare(&space->sends))
        return KERN_RESOURCE_SHORTAGE;
    status = space_entry_alloc_fast(space, &entry);
    if (status != KERN_SUCCESS)
        return status;
    fill(space, entry, right, type);
    *name = entry->name;
    return KERN_SUCCESS;
}

/* Puts a right into the entry that has the wanted name. */
static kern_return_t join_name(struct space *space, struct name_entry *entry, struct port *right,
                               mach_msg_type_name_t type)
{
    if (type == MACH_MSG_TYPE_PORT_SEND_ONCE || !(entry->bits & MACH_PORT_TYPE_SEND_RECEIVE) ||
        entry->port != right)
        return KERN_NAME_EXISTS;
    if (type == MACH_MSG_TYPE_PORT_SEND && entry_references(entry) == ENTRY_REFERENCES_MAX)
        return KERN_UREFS_OVERFLOW;
    merge(space, entry, right, type);
    return KERN_SUCCESS;
}

/*
 * Conditions: a right for the port under another name of the space stays where it is
 * (KERN_RIGHT_EXISTS), unless the right is send-once.
 */
kern_return_t right_copyout_name(struct space *space, struct port *right, mach_msg_type_name_t type,
                                 mach_port_name_t name)
{
    struct name_entry *entry, *other;
    kern_return_t status;

    if (!MACH_PORT_NAME_VALID(name))
        return KERN_INVALID_VALUE;
    if (!PORT_VALID(right) || !right->active)
        return KERN_INVALID_CAPABILITY;
    entry = right_lookup(space, name);
    other = type == MACH_MSG_TYPE_PORT_SEND_ONCE ? NULL : right_find_port(space, right);
    if (other && other != entry)
        return KERN_RIGHT_EXISTS;
    if (entry)
        return join_name(space, entry, right, type);
    if (!space_hash_prepare(&space->sends))
        return KERN_RESOURCE_SHORTAGE;
    status = space_entry_alloc_name(space, name, &entry);
    if (status != KERN_SUCCESS)
        return status;
    fill(space, entry, right, type);
    return KERN_SUCCESS;
}
