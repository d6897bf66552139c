/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports: a queue of messages with one receive right.
 *
 * Where the receive right is:
 *   in a space    receiver and receiver_name say where
 *   in the kernel receiver == NULL, kobject_type != KOBJECT_NONE: messages are served at once
 *                 (KOBJECT_REPLY: they are queued for the kernel thread that waits)
 *   in transit    receiver == NULL, destination: the port on whose queue the carrying message is
 *   nowhere       active == false: the port is dead; the structure lives until its last reference
 *
 * Rights held by the kernel are plain pointers. A pointer that stands for a right (send, send-once,
 * receive) also holds one reference; every function below says which it takes and gives. PORT_DEAD
 * is the kernel form of MACH_PORT_DEAD, NULL of MACH_PORT_NULL.
 *
 * Invariants: message_count is the length of `messages`; a thread waits in `senders` only while
 * message_count >= queue_limit; receivers and messages are not both there, but for receivers that
 * have been woken for a message that is too large for them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/message.h>
#include <mach/port.h>

#include "kernel/kobject.h"
#include "kernel/list.h"
#include "kernel/wait.h"

struct kmem_cache;
struct port_set;
struct space;
struct vm_object;

#define PORT_DEAD ((struct port *)~0ul)
/* Neither NULL nor dead. */
#define PORT_VALID(port) ((port) != NULL && (port) != PORT_DEAD)

#define PORT_QUEUE_LIMIT_DEFAULT 5
#define PORT_QUEUE_LIMIT_MAX 16

/* What wakes a thread that waits to receive, besides a message (WAIT_AWAKENED). */
#define RECEIVE_PORT_DIED 1
#define RECEIVE_PORT_CHANGED 2

struct port {
    uint32_t references;
    union {
        struct {
            bool active;
            uint8_t kobject_type;  /* enum kobject_type */
            bool has_protected_payload;
        };
        uint32_t kind;             /* all three at once: see port_is_plain() */
    };
    void *kobject;                 /* the object; cleared when it goes away */

    struct space *receiver;
    mach_port_name_t receiver_name;
    uint32_t make_send_count;
    struct port *destination;      /* holds a reference while in transit */

    uint32_t send_rights;          /* extant anywhere, messages and kernel included */
    uint32_t send_once_rights;
    uint32_t sequence_number;      /* of the next message dequeued */
    uint32_t queue_limit;
    uint32_t message_count;
    struct list messages;          /* struct message by link */
    struct wait_queue receivers;   /* threads that wait to receive from this port itself */
    struct wait_queue senders;     /* threads that wait for room, first come first */
    struct port_set *set;          /* the set it is a member of, or NULL */
    struct list_node set_link;     /* in set->members */
    struct list_node ready_link;   /* in set->ready while it has messages */

    struct port *no_senders_request;     /* send-once right or NULL */
    struct port *port_destroyed_request; /* send-once right or NULL */
    struct list dead_name_requests;      /* struct dead_name_request, ipc/dead_name.h */

    /* The kernel's cache of the memory object that this port stands for, or NULL: a back pointer
       owned by the object (mm/vm_object.h), cleared through vm_object_port_died(). */
    struct vm_object *memory_object;
    uint64_t protected_payload;
};

/* Of the cache's objects in use, those that are dead ports at hand; for statistics. */
uint32_t port_count_at_hand(const struct kmem_cache *cache);
/* None is kept at hand any more, so that each new one is allocated; or some are again. */
void port_keep_at_hand(bool keep);

void port_init(void);
/* A new live port with nobody to receive: one reference, which is the receive right. NULL when
   out of memory. */
struct port *port_create(void);
/* Frees a dead port; for port_release() alone. */
void port_free(struct port *port);
/* Ends a lonely port (port_is_lonely()); consumes its receive right. */
void port_end_lonely(struct port *port);

/* --- references --- */
static inline void port_reference(struct port *port)
{
    port->references++;
}

/* Drops a reference; the last frees a dead port. */
static inline void port_release(struct port *port)
{
    if (--port->references == 0)
        port_free(port);
}

/* --- ports whose receiver is the kernel --- */
/* Makes a port that serves the object; returns the receive right (one reference), NULL when out of
   memory. */
struct port *port_create_kernel(enum kobject_type type, void *object);
/* Destroys a kernel-held port: consumes the receive right; rights elsewhere become dead names. */
void port_destroy_kernel(struct port *port);
/* Turns a kernel-held port into an ordinary one on its way to a user (memory_object_terminate moves
   control and name): clears the object; make-send count and seqno restart. The caller then owns
   the receive right and puts it into a message. */
void port_detach_kernel(struct port *port);
/* A fresh port whose receive right the kernel holds only to move it into a message
   (memory_object_create); no object behind it. NULL when out of memory. */
struct port *port_create_for_transfer(void);

/* The object behind a port if it is of that type and still there, else NULL. Borrows both. */
static inline void *port_kobject(struct port *port, enum kobject_type type)
{
    return PORT_VALID(port) && port->kobject_type == type ? port->kobject : NULL;
}

/* True if a message to this port is answered by kobject_serve(). */
static inline bool port_is_kernel_served(const struct port *port)
{
    return port->kobject_type != KOBJECT_NONE && port->kobject_type != KOBJECT_REPLY;
}

/* True for a live port of a user's without a protected payload. */
static inline bool port_is_plain(const struct port *port)
{
    _Static_assert(KOBJECT_NONE == 0, "a plain port's kind is `active` alone");
    return port->kind == true;
}

/*
 * True for a plain port with nothing but a receive right. All that could be in or on it but what is
 * asked for here would hold a reference: rights, messages, senders, dead-name requests, a memory
 * object.
 */
static inline bool port_is_lonely(const struct port *port)
{
    return port->references == 1 && port_is_plain(port) && !port->set && !port->destination &&
           !port->no_senders_request && !port->port_destroyed_request &&
           wait_queue_empty(&port->receivers);
}

/* --- rights held by the kernel --- */
/* Makes a send right from a port whose receive right the kernel can name; borrows port. */
static inline struct port *port_make_send(struct port *port)
{
    port->make_send_count++;
    port->send_rights++;
    port->references++;
    return port;
}

static inline struct port *port_make_send_once(struct port *port)
{
    port->send_once_rights++;
    port->references++;
    return port;
}

/* Another send right like this one, for a live port. */
static inline struct port *port_copy_live_send(struct port *right)
{
    right->send_rights++;
    right->references++;
    return right;
}

/* Another send right like this one; PORT_DEAD when the port is dead; NULL and DEAD pass through. */
struct port *port_copy_send(struct port *right);
/* The last send right is gone: fires the no-senders request, if there is one. */
void port_no_senders(struct port *port);
/* Consumes a send right for a port, live or dead; may fire no-senders. */
static inline void port_drop_send(struct port *right)
{
    if (--right->send_rights == 0 && right->no_senders_request)
        port_no_senders(right);
    port_release(right);
}

/* The same; NULL and PORT_DEAD are allowed. */
static inline void port_release_send(struct port *right)
{
    if (PORT_VALID(right))
        port_drop_send(right);
}

/* Consumes a send-once right that has been used, or whose port is dead: tells nobody. */
static inline void port_forget_send_once(struct port *right)
{
    right->send_once_rights--;
    port_release(right);
}

/* Consumes a send-once right unused: its port gets MACH_NOTIFY_SEND_ONCE. */
void port_release_send_once(struct port *right);
/* Consumes the send or send-once right that a message came through: it has done its work. */
static inline void port_release_used(struct port *right, mach_msg_type_name_t type)
{
    if (type == MACH_MSG_TYPE_PORT_SEND_ONCE)
        port_forget_send_once(right);
    else
        port_release_send(right);
}
/* Consumes a right that a message carried with this type (MACH_MSG_TYPE_PORT_*). */
void port_release_right(struct port *right, mach_msg_type_name_t type);

/* --- the receive right; ipc/port_death.c --- */
/* The receive right leaves its space or the kernel: receivers are woken with RECEIVE_PORT_DIED, the
   port leaves its set, make-send count and sequence number restart. */
void port_clear_receiver(struct port *port);
/* Consumes a receive right (destroys the port, or sends it by a port-destroyed notification). */
void port_release_receive(struct port *port);
/* Consumes a receive right and ends the port in any case. */
void port_kill(struct port *port);
/* Would a message to destination that carries port's receive right never be received? If not, notes
   that the right is in transit there. */
bool port_enter_transit(struct port *port, struct port *destination);
/* The receive right has arrived somewhere, or goes: it is in transit no more. */
void port_leave_transit(struct port *port);

/* The task whose space receives from the port, for the monitor; borrowed, may be NULL. */
struct task *port_receiver_task(const struct port *port);
