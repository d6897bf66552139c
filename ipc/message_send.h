/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a message to a queue, a waiting receiver, or a kernel object.
 */
#pragma once

#include <mach/message.h>

struct message;
struct port;
struct thread;

/*
 * Sends a user's message. MACH_MSG_SUCCESS consumes it; MACH_SEND_TIMED_OUT and
 * MACH_SEND_INTERRUPTED do not. May sleep while the queue is full. *next: a receiver that has been
 * given the message and is on no queue: the caller makes it run. NULL if there is none. *reply:
 * what a kernel object has answered, not sent yet; or NULL.
 */
mach_msg_return_t message_send(struct message *message, mach_msg_option_t option,
                               mach_msg_timeout_t timeout_ms, struct thread **next,
                               struct message **reply);
/* Queues a message or hands it to a waiting receiver; never waits, ignores the queue limit. A
   kernel object serves it here and now. Consumes the message; NULL is allowed. */
void message_send_always(struct message *message);
/* Gives a message to the port's first waiting receiver, or queues it. Returns a receiver to run. */
struct thread *message_deliver(struct port *port, struct message *message);
/* Takes the first message off a port's queue, stamps it, and lets a waiting sender in. */
struct message *message_dequeue(struct port *port);
/* Lets senders in while there is room: the limit has been raised, or a message taken. */
void message_admit_senders(struct port *port);
