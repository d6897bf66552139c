/* SPDX-License-Identifier: BSD-2-Clause */
/* Rights leave a space. */
#include "ipc/dead_name.h"
#include "ipc/notify.h"
#include "ipc/port.h"
#include "ipc/right.h"
#include "ipc/space_hash.h"
#include "ipc/space_table.h"
#include "kernel/panic.h"

/* Conditions: the entry holds send or send-once rights and no receive right; the port is dead. */
void right_make_dead(struct space *space, struct name_entry *entry)
{
    struct port *port = entry->port;

    if (entry->bits & MACH_PORT_TYPE_SEND) {
        space_hash_remove_send(space, entry);
        port->send_rights--;
    } else {
        port->send_once_rights--;
    }
    entry->bits = MACH_PORT_TYPE_DEAD_NAME | entry_references(entry);
    entry->port = NULL;
    entry->link = NULL;
    port_release(port);
}

kern_return_t right_check(const struct name_entry *entry, mach_msg_type_name_t disposition,
                          bool dead_allowed)
{
    uint32_t needed;

    switch (disposition) {
    case MACH_MSG_TYPE_MOVE_RECEIVE:
    case MACH_MSG_TYPE_MAKE_SEND:
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
        needed = MACH_PORT_TYPE_RECEIVE;
        break;
    case MACH_MSG_TYPE_COPY_SEND:
    case MACH_MSG_TYPE_MOVE_SEND:
        needed = MACH_PORT_TYPE_SEND;
        break;
    case MACH_MSG_TYPE_MOVE_SEND_ONCE:
        needed = MACH_PORT_TYPE_SEND_ONCE;
        break;
    default:
        return KERN_INVALID_VALUE;
    }
    if (entry->bits & needed)
        return KERN_SUCCESS;
    if (dead_allowed && needed != MACH_PORT_TYPE_RECEIVE && entry->bits & MACH_PORT_TYPE_DEAD_NAME)
        return KERN_SUCCESS;
    return KERN_INVALID_RIGHT;
}

void right_free_name_slowly(struct space *space, struct name_entry *entry, struct port *cancel)
{
    struct port *notify = entry->request ? dead_name_cancel(entry) : NULL;
    mach_port_name_t name = entry->name;

    space_entry_free(space, entry);
    if (!notify)
        return;
    if (notify == cancel)
        port_forget_send_once(notify);
    else
        notify_port_deleted(notify, name);
}

/* A reference of a dead name goes; COPY_SEND leaves it. */
static struct port *take_dead(struct space *space, struct name_entry *entry,
                              mach_msg_type_name_t disposition, struct port *cancel)
{
    if (disposition == MACH_MSG_TYPE_COPY_SEND)
        return PORT_DEAD;
    entry->bits--;
    if (entry_references(entry) == 0)
        right_free_name(space, entry, cancel);
    return PORT_DEAD;
}

static struct port *take_send(struct space *space, struct name_entry *entry, struct port *cancel)
{
    struct port *port = entry->port;

    if (entry_references(entry) > 1) {
        entry->bits--;
        port->send_rights++;
        port_reference(port);
        return port;
    }
    if (entry->bits & MACH_PORT_TYPE_RECEIVE) {
        entry->bits &= ~(MACH_PORT_TYPE_SEND | ENTRY_REFERENCES_MAX);
        return port;
    }
    space_hash_remove_send(space, entry);
    right_free_name(space, entry, cancel);
    return port;
}

static struct port *take_receive(struct space *space, struct name_entry *entry,
                                 struct port *cancel)
{
    struct port *port = entry->port;

    port_clear_receiver(port);
    if (entry->bits & MACH_PORT_TYPE_SEND) {
        entry->bits &= ~MACH_PORT_TYPE_RECEIVE;
        space_hash_insert_send(space, entry);
    } else {
        right_free_name(space, entry, cancel);
    }
    return port;
}

/* Conditions: right_check() has agreed, with nothing in between. */
struct port *right_take(struct space *space, struct name_entry *entry,
                        mach_msg_type_name_t disposition, struct port *cancel)
{
    struct port *port = entry->port;

    if (entry->bits & MACH_PORT_TYPE_DEAD_NAME)
        return take_dead(space, entry, disposition, cancel);
    switch (disposition) {
    case MACH_MSG_TYPE_MAKE_SEND:
        return port_make_send(port);
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
        return port_make_send_once(port);
    case MACH_MSG_TYPE_COPY_SEND:
        return port_copy_send(port);
    case MACH_MSG_TYPE_MOVE_SEND:
        return take_send(space, entry, cancel);
    case MACH_MSG_TYPE_MOVE_SEND_ONCE:
        right_free_name(space, entry, cancel);
        return port;
    case MACH_MSG_TYPE_MOVE_RECEIVE:
        return take_receive(space, entry, cancel);
    default:
        panic("right_take: disposition %u", disposition);
    }
}

kern_return_t right_copyin(struct space *space, mach_port_name_t name,
                           mach_msg_type_name_t disposition, bool dead_allowed,
                           struct port **right)
{
    struct name_entry *entry;
    kern_return_t status;

    if (!MACH_PORT_NAME_VALID(name)) {
        *right = name == MACH_PORT_NAME_NULL ? NULL : PORT_DEAD;
        return KERN_SUCCESS;
    }
    entry = right_lookup(space, name);
    if (!entry)
        return KERN_INVALID_NAME;
    status = right_check(entry, disposition, dead_allowed);
    if (status == KERN_SUCCESS)
        *right = right_take(space, entry, disposition, NULL);
    return status;
}
