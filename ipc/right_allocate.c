/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/right_allocate.h"

#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/space_hash.h"
#include "ipc/space_table.h"

/* Makes what a fresh entry stands for; false when memory is short. */
static inline bool fill(struct space *space, struct name_entry *entry, mach_port_right_t right)
{
    switch (right) {
    case MACH_PORT_RIGHT_RECEIVE:
        entry->port = port_create();
        if (!entry->port)
            return false;
        entry->port->receiver = space;
        entry->port->receiver_name = entry->name;
        entry->bits = MACH_PORT_TYPE_RECEIVE;
        return true;
    case MACH_PORT_RIGHT_PORT_SET:
        entry->set = port_set_create(entry->name);
        if (!entry->set)
            return false;
        entry->bits = MACH_PORT_TYPE_PORT_SET;
        return true;
    default:
        entry->bits = MACH_PORT_TYPE_DEAD_NAME | 1;
        return true;
    }
}

static bool kind_valid(mach_port_right_t right)
{
    return right == MACH_PORT_RIGHT_RECEIVE || right == MACH_PORT_RIGHT_PORT_SET ||
           right == MACH_PORT_RIGHT_DEAD_NAME;
}

/* A receive right may leave a pure send right behind, which must find its hash then. */
static inline kern_return_t finish(struct space *space, struct name_entry *entry,
                                   mach_port_right_t right)
{
    if (space_hash_prepare(&space->sends) && fill(space, entry, right))
        return KERN_SUCCESS;
    space_entry_free(space, entry);
    return KERN_RESOURCE_SHORTAGE;
}

/* Any kind, in any space. */
static __attribute__((noinline)) kern_return_t
allocate_any(struct space *space, mach_port_right_t right, mach_port_name_t *name)
{
    struct name_entry *entry;
    kern_return_t status;

    if (!kind_valid(right))
        return KERN_INVALID_VALUE;
    status = space_entry_alloc(space, &entry);
    if (status != KERN_SUCCESS)
        return status;
    *name = entry->name;
    return finish(space, entry, right);
}

/* A port under a name that is at hand needs nothing else. */
kern_return_t right_allocate(struct space *space, mach_port_right_t right, mach_port_name_t *name)
{
    struct name_entry *entry;
    struct port *port;

    if (right != MACH_PORT_RIGHT_RECEIVE || !space->sends.buckets || !space_entry_at_hand(space) ||
        !(port = port_create()))
        return allocate_any(space, right, name);
    entry = space_entry_take(space);
    entry->port = port;
    entry->bits = MACH_PORT_TYPE_RECEIVE;
    port->receiver = space;
    port->receiver_name = *name = entry->name;
    return KERN_SUCCESS;
}

kern_return_t right_allocate_name(struct space *space, mach_port_right_t right,
                                  mach_port_name_t name)
{
    struct name_entry *entry;
    kern_return_t status;

    if (!kind_valid(right))
        return KERN_INVALID_VALUE;
    status = space_entry_alloc_name(space, name, &entry);
    if (status != KERN_SUCCESS)
        return status;
    return finish(space, entry, right);
}
