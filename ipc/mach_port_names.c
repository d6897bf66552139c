/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests 3200, 3202 to 3204, 3212: names as such (spec/ipc.md 2). */
#include <mig/mach_port_server.h>

#include "ipc/dead_name.h"
#include "ipc/msg_accepted.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/right.h"
#include "ipc/space_hash.h"
#include "ipc/space_table.h"
#include "mm/record_list.h"
#include "mm/vm_copy.h"

/* What the entry itself tells of the type. */
static inline mach_port_type_t type_bits(const struct name_entry *entry)
{
    return (entry->bits & ENTRY_TYPE_MASK) | (entry->request ? MACH_PORT_TYPE_DNREQUEST : 0);
}

static mach_port_type_t type_of(const struct space *space, const struct name_entry *entry)
{
    bool forced = entry->bits & MACH_PORT_TYPE_SEND_RECEIVE && entry->port->message_count != 0 &&
                  msg_accepted_pending(space, entry->port);

    return type_bits(entry) | (forced ? MACH_PORT_TYPE_MAREQUEST : 0);
}

struct name_lists {
    struct record_list names, types;
};

static void list_name(struct space *space, struct name_entry *entry, void *argument)
{
    struct name_lists *lists = argument;

    right_lookup(space, entry->name);
    mach_port_type_t type = type_of(space, entry);

    record_list_add(&lists->names, &entry->name);
    record_list_add(&lists->types, &type);
}

/* A snapshot of all names and their types. */
kern_return_t mach_port_names(ipc_space_t space, mach_port_name_array_t *names,
                              mach_msg_type_number_t *names_count, mach_port_type_array_t *types,
                              mach_msg_type_number_t *types_count)
{
    struct name_lists lists;
    kern_return_t status;

    if (!space || !space->active)
        return KERN_INVALID_TASK;
    record_list_init(&lists.names, sizeof(mach_port_name_t), space->names);
    record_list_init(&lists.types, sizeof(mach_port_type_t), space->names);
    space_for_each(space, list_name, &lists);
    status = record_list_give(&lists.names, names, names_count);
    if (record_list_give(&lists.types, types, types_count) == KERN_SUCCESS && status == KERN_SUCCESS)
        return KERN_SUCCESS;
    vm_copy_discard((struct vm_copy *)*names);
    vm_copy_discard((struct vm_copy *)*types);
    return KERN_RESOURCE_SHORTAGE;
}

kern_return_t mach_port_get_set_status(ipc_space_t space, mach_port_name_t name,
                                       mach_port_name_array_t *members,
                                       mach_msg_type_number_t *count)
{
    struct name_entry *entry;
    struct record_list list;
    kern_return_t status = right_find(space, name, &entry);

    if (status != KERN_SUCCESS)
        return status;
    if (!(entry->bits & MACH_PORT_TYPE_PORT_SET))
        return KERN_INVALID_RIGHT;
    record_list_init(&list, sizeof(mach_port_name_t), entry->set->member_count);
    list_for_each(&entry->set->members, node)
        record_list_add(&list, &list_entry(node, struct port, set_link)->receiver_name);
    return record_list_give(&list, members, count);
}

/* For a name that is not in the table, or a port that is dead or has messages. */
static __attribute__((noinline)) kern_return_t
port_type_slowly(struct space *space, mach_port_name_t name, mach_port_type_t *type)
{
    struct name_entry *entry;
    kern_return_t status = right_find(space, name, &entry);

    if (status == KERN_SUCCESS)
        *type = type_of(space, entry);
    return status;
}

kern_return_t mach_port_type(ipc_space_t space, mach_port_name_t name, mach_port_type_t *type)
{
    struct name_entry *entry = space && space->active ? space_entry_fast(space, name) : NULL;

    if (!entry || !right_entry_is_good(entry) ||
        (entry->bits & MACH_PORT_TYPE_SEND_RECEIVE && entry->port->message_count != 0))
        return port_type_slowly(space, name, type);
    *type = type_bits(entry);
    return KERN_SUCCESS;
}

/* Moves what an entry stands for to a fresh one. */
static void move_entry(struct space *space, struct name_entry *from, struct name_entry *to)
{
    bool pure_send = (from->bits & MACH_PORT_TYPE_SEND_RECEIVE) == MACH_PORT_TYPE_SEND;

    if (pure_send)
        space_hash_remove_send(space, from);
    to->port = from->port;
    to->bits = from->bits;
    to->request = from->request;
    if (to->request)
        to->request->entry = to;
    from->request = NULL;
    if (pure_send)
        space_hash_insert_send(space, to);
    if (to->bits & MACH_PORT_TYPE_RECEIVE)
        to->port->receiver_name = to->name;
    if (to->bits & MACH_PORT_TYPE_PORT_SET)
        to->set->name = to->name;
    space_entry_free(space, from);
}

kern_return_t mach_port_rename(ipc_space_t space, mach_port_name_t old_name,
                               mach_port_name_t new_name)
{
    struct name_entry *from, *to;
    kern_return_t status;

    if (!space || !space->active)
        return KERN_INVALID_TASK;
    if (!MACH_PORT_NAME_VALID(new_name))
        return KERN_INVALID_VALUE;
    from = right_lookup(space, old_name);
    if (!from)
        return KERN_INVALID_NAME;
    status = space_entry_alloc_name(space, new_name, &to);
    if (status != KERN_SUCCESS)
        return status;
    move_entry(space, from, to);
    return KERN_SUCCESS;
}

/* --- new rights: receive rights, port sets, dead names --- */

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

    if (!space)
        return KERN_INVALID_TASK;
    if (!kind_valid(right))
        return KERN_INVALID_VALUE;
    status = space_entry_alloc(space, &entry);
    if (status != KERN_SUCCESS)
        return status;
    *name = entry->name;
    return finish(space, entry, right);
}

/* A port under a name that is at hand needs nothing else. */
kern_return_t mach_port_allocate(ipc_space_t space, mach_port_right_t right, mach_port_name_t *name)
{
    struct name_entry *entry;
    struct port *port;

    if (!space || right != MACH_PORT_RIGHT_RECEIVE || !space->sends.buckets || !space_entry_at_hand(space) ||
        !(port = port_create()))
        return allocate_any(space, right, name);
    entry = space_entry_take(space);
    entry->port = port;
    entry->bits = MACH_PORT_TYPE_RECEIVE;
    port->receiver = space;
    port->receiver_name = *name = entry->name;
    return KERN_SUCCESS;
}

kern_return_t mach_port_allocate_name(ipc_space_t space, mach_port_right_t right,
                                      mach_port_name_t name)
{
    struct name_entry *entry;
    kern_return_t status;

    if (!space)
        return KERN_INVALID_TASK;
    if (!kind_valid(right))
        return KERN_INVALID_VALUE;
    status = space_entry_alloc_name(space, name, &entry);
    if (status != KERN_SUCCESS)
        return status;
    return finish(space, entry, right);
}
