/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests 3210, 3211, 3213, 3214, 3217, 3218, 3221, 3222: receive rights (spec/ipc.md 2, 5); mach_debug 3007, 3009. */
#include <mig/mach_debug_server.h>
#include <mig/mach_port_server.h>

#include <mach/notify.h>

#include "ipc/dead_name.h"
#include "ipc/message_send.h"
#include "ipc/notify.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/right.h"
#include "ipc/space_table.h"

/* The port whose receive right has that name, borrowed. */
static kern_return_t find_receive(struct space *space, mach_port_name_t name, struct port **port)
{
    struct name_entry *entry;
    kern_return_t status = right_find(space, name, &entry);

    if (status != KERN_SUCCESS)
        return status;
    *port = entry->port;
    return entry->bits & MACH_PORT_TYPE_RECEIVE ? KERN_SUCCESS : KERN_INVALID_RIGHT;
}

/* A limit of 0 lets nobody in but send-once rights and the kernel (P-18). */
kern_return_t mach_port_set_qlimit(ipc_space_t space, mach_port_name_t name,
                                   mach_port_msgcount_t limit)
{
    struct port *port;
    kern_return_t status;

    if (limit > PORT_QUEUE_LIMIT_MAX)
        return KERN_INVALID_VALUE;
    status = find_receive(space, name, &port);
    if (status != KERN_SUCCESS)
        return status;
    port->queue_limit = limit;
    message_admit_senders(port);
    return KERN_SUCCESS;
}

kern_return_t mach_port_set_mscount(ipc_space_t space, mach_port_name_t name,
                                    mach_port_mscount_t count)
{
    struct port *port;
    kern_return_t status = find_receive(space, name, &port);

    if (status == KERN_SUCCESS)
        port->make_send_count = count;
    return status;
}

kern_return_t mach_port_set_seqno(ipc_space_t space, mach_port_name_t name,
                                  mach_port_seqno_t number)
{
    struct port *port;
    kern_return_t status = find_receive(space, name, &port);

    if (status == KERN_SUCCESS)
        port->sequence_number = number;
    return status;
}

kern_return_t mach_port_move_member(ipc_space_t space, mach_port_name_t member,
                                    mach_port_name_t after)
{
    struct name_entry *entry;
    struct port *port;
    kern_return_t status = find_receive(space, member, &port);

    if (status != KERN_SUCCESS)
        return status;
    if (after == MACH_PORT_NAME_NULL) {
        if (!port->set)
            return KERN_NOT_IN_SET;
        port_set_remove(port);
        return KERN_SUCCESS;
    }
    status = right_find(space, after, &entry);
    if (status != KERN_SUCCESS)
        return status;
    if (!(entry->bits & MACH_PORT_TYPE_PORT_SET))
        return KERN_INVALID_RIGHT;
    if (entry->set != port->set)
        port_set_add(entry->set, port);
    return KERN_SUCCESS;
}

kern_return_t mach_port_get_receive_status(ipc_space_t space, mach_port_name_t name,
                                           mach_port_status_t *status)
{
    struct port *port;
    kern_return_t result = find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    *status = (mach_port_status_t){
        .mps_pset = port->set ? port->set->name : MACH_PORT_NAME_NULL,
        .mps_seqno = port->sequence_number,
        .mps_mscount = port->make_send_count,
        .mps_qlimit = port->queue_limit,
        .mps_msgcount = port->message_count,
        .mps_sorights = port->send_once_rights,
        .mps_srights = port->send_rights > 0,
        .mps_pdrequest = port->port_destroyed_request != NULL,
        .mps_nsrequest = port->no_senders_request != NULL,
    };
    return KERN_SUCCESS;
}

kern_return_t mach_port_set_protected_payload(ipc_space_t space, mach_port_name_t name,
                                              rpc_uintptr_t payload)
{
    struct port *port;
    kern_return_t status = find_receive(space, name, &port);

    if (status != KERN_SUCCESS)
        return status;
    port->protected_payload = payload;
    port->has_protected_payload = true;
    return KERN_SUCCESS;
}

kern_return_t mach_port_clear_protected_payload(ipc_space_t space, mach_port_name_t name)
{
    struct port *port;
    kern_return_t status = find_receive(space, name, &port);

    if (status == KERN_SUCCESS)
        port->has_protected_payload = false;
    return status;
}

/* Send rights that exist anywhere, those in messages and in the kernel included. */
kern_return_t mach_port_get_srights(ipc_space_t space, mach_port_name_t name,
                                    mach_port_rights_t *send_rights)
{
    struct port *port;
    kern_return_t result = find_receive(space, name, &port);

    if (result == KERN_SUCCESS)
        *send_rights = port->send_rights;
    return result;
}

/* Dead-name requests on a port: they are a list, so that the room for them is what is used. */
kern_return_t mach_port_dnrequest_info(ipc_space_t space, mach_port_name_t name, unsigned *total,
                                       unsigned *used)
{
    struct port *port;
    kern_return_t result = find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    *total = *used = list_length(&port->dead_name_requests);
    return KERN_SUCCESS;
}

/* --- notifications --- */

/* A dead name can only be told of at once, by sync != 0. */
static kern_return_t request_of_dead_name(struct name_entry *entry, mach_port_mscount_t sync,
                                          struct port *notify, struct port **previous)
{
    if (sync == 0 || !notify)
        return KERN_INVALID_ARGUMENT;
    if (entry_references(entry) == ENTRY_REFERENCES_MAX)
        return KERN_UREFS_OVERFLOW;
    entry_add_reference(entry);
    *previous = NULL;
    notify_dead_name(notify, entry->name);
    return KERN_SUCCESS;
}

static kern_return_t request_dead_name(struct space *space, mach_port_name_t name,
                                       mach_port_mscount_t sync, struct port *notify,
                                       struct port **previous)
{
    struct name_entry *entry = right_lookup(space, name);

    if (!entry)
        return KERN_INVALID_NAME;
    if (entry->bits & MACH_PORT_TYPE_DEAD_NAME)
        return request_of_dead_name(entry, sync, notify, previous);
    if (!(entry->bits & MACH_PORT_TYPE_PORT_RIGHTS))
        return KERN_INVALID_RIGHT;
    return dead_name_request(space, entry, notify, previous);
}

/* Without senders now, and none made since `sync` were: the notification is due at once. */
static void request_no_senders(struct port *port, mach_port_mscount_t sync, struct port *notify,
                               struct port **previous)
{
    *previous = port->no_senders_request;
    port->no_senders_request = notify;
    if (notify && port->send_rights == 0 && sync <= port->make_send_count)
        port_no_senders(port);
}

/* Exchanges a request atomically. Consumes notify on success; *previous is a send-once right or
   NULL. */
kern_return_t mach_port_request_notification(ipc_space_t space, mach_port_name_t name,
                                             mach_msg_id_t id, mach_port_mscount_t sync,
                                             ipc_port_t notify, ipc_port_t *previous)
{
    struct port *port;
    kern_return_t status;

    if (!space || !space->active)
        return KERN_INVALID_TASK;
    if (notify == PORT_DEAD || (notify && !notify->active))
        return KERN_INVALID_CAPABILITY;
    if (id == MACH_NOTIFY_DEAD_NAME)
        return request_dead_name(space, name, sync, notify, previous);
    if (id != MACH_NOTIFY_NO_SENDERS && id != MACH_NOTIFY_PORT_DESTROYED)
        return KERN_INVALID_VALUE;
    if (id == MACH_NOTIFY_PORT_DESTROYED && sync != 0)
        return KERN_INVALID_VALUE;
    status = find_receive(space, name, &port);
    if (status != KERN_SUCCESS)
        return status;
    if (id == MACH_NOTIFY_NO_SENDERS) {
        request_no_senders(port, sync, notify, previous);
    } else {
        *previous = port->port_destroyed_request;
        port->port_destroyed_request = notify;
    }
    return KERN_SUCCESS;
}
