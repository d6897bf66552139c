/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of ports, and the rights that the kernel itself holds. */
#include "ipc/port.h"

#include <kern/ipc_mig.h>
#include <ipc/ipc_port.h>

#include "ipc/notify.h"
#include "ipc/space.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/kmem.h"

#define PORTS_KEPT 32u      /* dead ports at hand for new ones */

static struct kmem_cache port_cache;
static struct port *kept_ports;     /* linked by kobject */
static uint32_t kept_count;

void port_init(void)
{
    kmem_cache_init(&port_cache, "ports", sizeof(struct port), 0, 0);
}

/* Brings to life what is as a dead port leaves it: without rights, messages, waiters, requests. */
static inline struct port *revive(struct port *port)
{
    port->references = 1;
    port->active = true;
    port->make_send_count = 0;
    port->sequence_number = 0;
    port->queue_limit = PORT_QUEUE_LIMIT_DEFAULT;
    return port;
}

static __attribute__((noinline)) struct port *create_new(void)
{
    struct port *port = kmem_cache_alloc(&port_cache);

    if (!port)
        return NULL;
    memset(port, 0, sizeof *port);
    list_init(&port->messages);
    wait_queue_init(&port->receivers);
    wait_queue_init(&port->senders);
    list_init(&port->dead_name_requests);
    return revive(port);
}

/* Returns the receive right, which is the only reference; NULL when out of memory. */
struct port *port_create(void)
{
    struct port *port = kept_ports;

    if (!port)
        return create_new();
    kept_ports = port->kobject;
    kept_count--;
    port->kobject = NULL;
    return revive(port);
}

/* A dead port is as good as new, and kept so for a while. */
static inline void keep(struct port *port)
{
    if (__builtin_expect(kept_count >= PORTS_KEPT, 0)) {
        kmem_cache_free(&port_cache, port);
        return;
    }
    port->kobject = kept_ports;
    kept_ports = port;
    kept_count++;
}

void port_free(struct port *port)
{
    assert(!port->active && port->message_count == 0);
    assert((port->send_rights | port->send_once_rights) == 0);
    assert(list_empty(&port->dead_name_requests) && !port->memory_object && !port->kobject);
    keep(port);
}

void port_end_lonely(struct port *port)
{
    port->references = 0;
    port->active = false;
    port->receiver = NULL;
    port->receiver_name = MACH_PORT_NAME_NULL;
    keep(port);
}

uint32_t port_count_at_hand(const struct kmem_cache *cache)
{
    return cache == &port_cache && kept_ports ? kept_count : 0;
}

/* Nothing is kept where the count says that all room is taken. */
void port_keep_at_hand(bool keep)
{
    struct port *port;

    while ((port = kept_ports) != NULL) {
        kept_ports = port->kobject;
        kmem_cache_free(&port_cache, port);
    }
    kept_count = keep ? 0 : PORTS_KEPT;
}

struct port *port_create_kernel(enum kobject_type type, void *object)
{
    struct port *port = port_create();

    if (!port)
        return NULL;
    port->kobject_type = (uint8_t)type;
    port->kobject = object;
    return port;
}

/* Conditions: the kernel holds the receive right, which is consumed; NULL is allowed. */
void port_destroy_kernel(struct port *port)
{
    if (!port)
        return;
    assert(port->active && port->receiver == NULL);
    port_kill(port);
}

/*
 * Conditions: the kernel holds the receive right and goes on holding it. Messages sent from here on
 * are queued for the next receiver. The queue limit is raised to the largest, so that a manager
 * which still talks to its old control port does not block on it (H-06).
 */
void port_detach_kernel(struct port *port)
{
    assert(port->active && port->receiver == NULL && port->kobject_type != KOBJECT_NONE);
    port->kobject_type = KOBJECT_NONE;
    port->kobject = NULL;
    port->make_send_count = 0;
    port->sequence_number = 0;
    port->queue_limit = PORT_QUEUE_LIMIT_MAX;
}

struct port *port_create_for_transfer(void)
{
    return port_create();
}

struct port *port_copy_send(struct port *right)
{
    if (!PORT_VALID(right))
        return right;
    if (!right->active)
        return PORT_DEAD;
    return port_copy_live_send(right);
}

/* Conditions: there is a request; it is used up. */
void port_no_senders(struct port *port)
{
    struct port *notify = port->no_senders_request;

    port->no_senders_request = NULL;
    notify_no_senders(notify, port->make_send_count);
}

void port_release_send_once(struct port *right)
{
    if (!PORT_VALID(right))
        return;
    if (right->active)
        notify_send_once(right);
    else
        port_forget_send_once(right);
}

void port_release_right(struct port *right, mach_msg_type_name_t type)
{
    if (!PORT_VALID(right))
        return;
    switch (type) {
    case MACH_MSG_TYPE_PORT_RECEIVE:
        port_release_receive(right);
        break;
    case MACH_MSG_TYPE_PORT_SEND:
        port_release_send(right);
        break;
    case MACH_MSG_TYPE_PORT_SEND_ONCE:
        port_release_send_once(right);
        break;
    default:
        panic("a message carries a right of type %u", type);
    }
}

struct task *port_receiver_task(const struct port *port)
{
    const struct port *at = port;

    while (at->active && !at->receiver && at->destination)
        at = at->destination;
    return at->active && at->receiver ? space_task(at->receiver) : NULL;
}

/* --- by the names that MIG's code uses --- */

void ipc_port_release_send(ipc_port_t port)
{
    port_release_send(port);
}

/* The message system finds circles itself, when it sends the reply (message_adopt). */
boolean_t ipc_port_check_circularity(ipc_port_t port, ipc_port_t destination)
{
    (void)port;
    (void)destination;
    return FALSE;
}
