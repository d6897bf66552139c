/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports: a queue of messages with one receive right.
 *
 * Where the receive right is:
 *   in a space    receiver and receiver_name say where
 *   in the kernel receiver == NULL, kobject_type != KOBJECT_NONE: messages are served at once
 *   in transit    receiver == NULL, destination: the port on whose queue the carrying message is
 *   nowhere       active == false: the port is dead; the structure lives until its last reference
 *
 * Rights held by the kernel are plain pointers. A pointer that stands for a right (send, send-once)
 * also holds one reference; every function below says which it takes and gives. PORT_DEAD is the
 * kernel form of MACH_PORT_DEAD, NULL of MACH_PORT_NULL.
 */
#ifndef IPC_PORT_H
#define IPC_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <mach/message.h>
#include <mach/port.h>

#include "kernel/kobject.h"
#include "kernel/list.h"
#include "kernel/wait.h"

struct message;
struct port_set;
struct space;
struct vm_object;

#define PORT_DEAD ((struct port *)~0ul)
/* Neither NULL nor dead. */
#define PORT_VALID(port) ((port) != NULL && (port) != PORT_DEAD)

#define PORT_QUEUE_LIMIT_DEFAULT 5
#define PORT_QUEUE_LIMIT_MAX 16

struct port {
    uint32_t references;
    bool active;
    uint8_t kobject_type;          /* enum kobject_type */
    void *kobject;                 /* the object; cleared when it goes away */

    struct space *receiver;
    mach_port_name_t receiver_name;
    struct port *destination;      /* holds a reference while in transit */

    uint32_t send_rights;          /* extant anywhere, messages and kernel included */
    uint32_t send_once_rights;
    uint32_t make_send_count;
    uint32_t sequence_number;      /* of the next message dequeued */

    uint32_t queue_limit;
    uint32_t message_count;
    struct list messages;          /* struct message by link */
    struct wait_queue receivers;   /* threads that wait to receive from this port itself */
    struct wait_queue senders;     /* threads that wait for room, first come first */
    struct port_set *set;          /* the set it is a member of, or NULL */
    struct list_node set_link;

    struct port *no_senders_request;     /* send-once right or NULL */
    struct port *port_destroyed_request; /* send-once right or NULL */
    struct list dead_name_requests;      /* see ipc/notify.h */

    /* The kernel's cache of the memory object that this port stands for, or NULL: a back pointer
       owned by the object (mm/vm_object.h), cleared through vm_object_port_died(). */
    struct vm_object *memory_object;
    uint64_t protected_payload;
    bool has_protected_payload;
};

void port_init(void);

/* --- references --- */
void port_reference(struct port *port);
/* Drops a reference; the last frees a dead port. */
void port_release(struct port *port);

/* --- ports whose receiver is the kernel --- */
/* Makes a port that serves the object; returns the receive right (one reference), NULL when out of
   memory. */
struct port *port_create_kernel(enum kobject_type type, void *object);
/* Destroys a kernel-held port: consumes the receive right; rights elsewhere become dead names. */
void port_destroy_kernel(struct port *port);
/* The object behind a port if it is of that type and still there, else NULL. Borrows both. */
void *port_kobject(struct port *port, enum kobject_type type);
/* Turns a kernel-held port into an ordinary one on its way to a user (memory_object_terminate moves
   control and name): clears the object; make-send count and seqno restart. The caller then owns
   the receive right and puts it into a message. */
void port_detach_kernel(struct port *port);
/* A fresh port whose receive right the kernel holds only to move it into a message
   (memory_object_create); no object behind it. NULL when out of memory. */
struct port *port_create_for_transfer(void);

/* --- rights held by the kernel --- */
/* Makes a send right from a port whose receive right the kernel can name; borrows port. */
struct port *port_make_send(struct port *port);
struct port *port_make_send_once(struct port *port);
/* Another send right like this one; PORT_DEAD when the port is dead; NULL and DEAD pass through. */
struct port *port_copy_send(struct port *right);
/* Consumes a send right (NULL, PORT_DEAD allowed); may fire no-senders. */
void port_release_send(struct port *right);
/* Consumes a send-once right unused: its port gets MACH_NOTIFY_SEND_ONCE. */
void port_release_send_once(struct port *right);
/* Consumes a receive right (destroys the port, or sends it by a port-destroyed notification). */
void port_release_receive(struct port *port);
/* Consumes a right that a message carried with this type (MACH_MSG_TYPE_PORT_*). */
void port_release_right(struct port *right, mach_msg_type_name_t type);

/* The task whose space receives from the port, for the monitor; borrowed, may be NULL. */
struct task *port_receiver_task(const struct port *port);

#endif
