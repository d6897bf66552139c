/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a receive right, and the death of ports (spec/ipc.md 6, 7).
 *
 * A port's queue may hold messages that carry receive rights, whose ports have queues, and so on.
 * message_destroy() only lists what is destroyed while it is at work already, so that no chain of
 * ports is deeper than one call (H-32).
 */
#include "ipc/dead_name.h"
#include "ipc/message.h"
#include "ipc/notify.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/association_end.h"

void port_clear_receiver(struct port *port)
{
    port->receiver = NULL;
    port->receiver_name = MACH_PORT_NAME_NULL;
    port->make_send_count = 0;
    port->sequence_number = 0;
    port->has_protected_payload = false;
    if (port->set)
        port_set_remove(port);
    else if (!wait_queue_empty(&port->receivers))
        wait_queue_wake_all(&port->receivers, RECEIVE_PORT_DIED);
}

bool port_enter_transit(struct port *port, struct port *destination)
{
    struct port *at = destination;

    while (at != port && at->active && !at->receiver && at->destination)
        at = at->destination;
    if (at == port)
        return false;
    assert(port->destination == NULL);
    port->destination = destination;
    port_reference(destination);
    return true;
}

void port_leave_transit(struct port *port)
{
    struct port *destination = port->destination;

    port->destination = NULL;
    if (destination)
        port_release(destination);
}

/* Senders that wait for room have done their part: their messages are destroyed with the others. */
static inline void release_senders(struct port *port)
{
    while (!wait_queue_empty(&port->senders)) {
        struct thread *sender = wait_queue_take(&port->senders, WAIT_AWAKENED);
        struct message *message = sender->pending_message;

        sender->pending_message = NULL;
        sched_make_runnable(sender);
        message_destroy(message);
    }
}

static void destroy_queue(struct port *port)
{
    struct list_node *node;

    while ((node = list_take_first(&port->messages)) != NULL) {
        struct message *message = list_entry(node, struct message, link);

        port->message_count--;
        message_uncharge(message);
        message_destroy(message);
    }
    assert(port->message_count == 0);
}

/* Conditions: the right is in no space and in no queued message any more. */
void port_kill(struct port *port)
{
    struct port *no_senders = port->no_senders_request;
    struct port *port_destroyed = port->port_destroyed_request;

    assert(port->active);
    port->active = false;
    port->no_senders_request = port->port_destroyed_request = NULL;
    port_clear_receiver(port);
    port_leave_transit(port);
    release_senders(port);
    if (no_senders)
        port_release_send_once(no_senders);
    if (port_destroyed)
        port_release_send_once(port_destroyed);
    if (port->message_count > 0)
        destroy_queue(port);
    if (!list_empty(&port->dead_name_requests))
        dead_name_fire(port);
    vm_object_port_died(port);
    port->kobject = NULL;
    port->kobject_type = KOBJECT_NONE;
    port_release(port);
}

/*
 * With a port-destroyed request the right goes to whoever asked, queue and all; where that is not
 * possible the port dies.
 */
void port_release_receive(struct port *port)
{
    struct port *notify = port->port_destroyed_request;

    port_leave_transit(port);
    if (!notify || !notify->active) {
        port_kill(port);
        return;
    }
    port->port_destroyed_request = NULL;
    notify_port_destroyed(notify, port);
}
