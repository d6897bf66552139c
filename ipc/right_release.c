/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and references that a task gives up. */
#include "ipc/dead_name.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/right.h"
#include "ipc/space_hash.h"
#include "ipc/space_table.h"
#include "kernel/panic.h"

/* Drops the send right of an entry with all its references. */
static void drop_send(struct space *space, struct name_entry *entry)
{
    struct port *port = entry->port;

    if (entry->bits & MACH_PORT_TYPE_RECEIVE) {
        entry->bits &= ~(MACH_PORT_TYPE_SEND | ENTRY_REFERENCES_MAX);
    } else {
        space_hash_remove_send(space, entry);
        right_free_name(space, entry, NULL);
    }
    port_release_send(port);
}

/* Drops the receive right; a send right that shares the name then names a dead port. */
static void drop_receive(struct space *space, struct name_entry *entry)
{
    struct port *port = entry->port;

    port_clear_receiver(port);
    if (entry->bits & MACH_PORT_TYPE_SEND) {
        entry->bits &= ~MACH_PORT_TYPE_RECEIVE;
        space_hash_insert_send(space, entry);
    } else {
        right_free_name(space, entry, NULL);
    }
    port_release_receive(port);
}

static __attribute__((noinline)) void destroy_any(struct space *space, struct name_entry *entry)
{
    struct port *port = entry->port;
    struct port_set *set = entry->set;
    uint32_t type = entry->bits & ENTRY_TYPE_MASK;

    switch (type) {
    case MACH_PORT_TYPE_SEND_RECEIVE:
        drop_send(space, entry);
        drop_receive(space, entry);
        break;
    case MACH_PORT_TYPE_RECEIVE:
        drop_receive(space, entry);
        break;
    case MACH_PORT_TYPE_SEND:
        drop_send(space, entry);
        break;
    case MACH_PORT_TYPE_SEND_ONCE:
        right_free_name(space, entry, NULL);
        port_release_send_once(port);
        break;
    case MACH_PORT_TYPE_DEAD_NAME:
        right_free_name(space, entry, NULL);
        break;
    case MACH_PORT_TYPE_PORT_SET:
        space_entry_free(space, entry);
        port_set_destroy(set);
        break;
    default:
        panic("a name of type 0x%x", type);
    }
}

/* A port that nobody else knows ends here. */
void right_destroy(struct space *space, struct name_entry *entry)
{
    struct port *port = entry->port;

    if ((entry->bits & ENTRY_TYPE_MASK) == MACH_PORT_TYPE_RECEIVE && !entry->request &&
        port_is_lonely(port) && space_entry_is_listed(space, entry)) {
        space_entry_free_fast(space, entry);
        port_end_lonely(port);
    } else {
        destroy_any(space, entry);
    }
}

kern_return_t right_deallocate(struct space *space, struct name_entry *entry)
{
    if (entry->bits & MACH_PORT_TYPE_DEAD_NAME)
        return right_modify(space, entry, MACH_PORT_RIGHT_DEAD_NAME, -1);
    if (entry->bits & MACH_PORT_TYPE_SEND_ONCE)
        return right_modify(space, entry, MACH_PORT_RIGHT_SEND_ONCE, -1);
    if (entry->bits & MACH_PORT_TYPE_SEND)
        return right_modify(space, entry, MACH_PORT_RIGHT_SEND, -1);
    return KERN_INVALID_RIGHT;
}

/* For the kinds that exist once: delta may only take it away. */
static kern_return_t modify_single(struct space *space, struct name_entry *entry,
                                   mach_port_right_t right, mach_port_delta_t delta)
{
    if (delta == 0)
        return KERN_SUCCESS;
    if (delta != -1)
        return KERN_INVALID_VALUE;
    if (right == MACH_PORT_RIGHT_RECEIVE)
        drop_receive(space, entry);
    else
        right_destroy(space, entry);
    return KERN_SUCCESS;
}

/* Results: KERN_INVALID_VALUE: the count would be negative; KERN_UREFS_OVERFLOW. */
static kern_return_t modify_counted(struct space *space, struct name_entry *entry,
                                    mach_port_right_t right, mach_port_delta_t delta)
{
    int64_t references = (int64_t)entry_references(entry) + delta;

    if (references < 0)
        return KERN_INVALID_VALUE;
    if (references > ENTRY_REFERENCES_MAX)
        return KERN_UREFS_OVERFLOW;
    if (references > 0)
        entry->bits = (entry->bits & ENTRY_TYPE_MASK) | (uint32_t)references;
    else if (right == MACH_PORT_RIGHT_SEND)
        drop_send(space, entry);
    else
        right_free_name(space, entry, NULL);
    return KERN_SUCCESS;
}

/*
 * Results: KERN_INVALID_VALUE: no such kind, or the result is not possible; KERN_INVALID_RIGHT: the
 * name has no such right; KERN_UREFS_OVERFLOW.
 */
kern_return_t right_modify(struct space *space, struct name_entry *entry, mach_port_right_t right,
                           mach_port_delta_t delta)
{
    if (right >= MACH_PORT_RIGHT_NUMBER)
        return KERN_INVALID_VALUE;
    if (!(entry->bits & MACH_PORT_TYPE(right)))
        return KERN_INVALID_RIGHT;
    if (right == MACH_PORT_RIGHT_SEND || right == MACH_PORT_RIGHT_DEAD_NAME)
        return modify_counted(space, entry, right, delta);
    return modify_single(space, entry, right, delta);
}

void right_undo_copyout(struct space *space, mach_port_name_t name, mach_msg_type_name_t type)
{
    struct name_entry *entry = right_lookup(space, name);

    if (!entry || type == 0)
        return;
    if (type == MACH_MSG_TYPE_PORT_RECEIVE)
        right_modify(space, entry, MACH_PORT_RIGHT_RECEIVE, -1);
    else
        right_deallocate(space, entry);
}
