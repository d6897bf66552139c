/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MACH_SEND_NOTIFY: a message that goes into a full queue all the same, and whose sender is told
 * (MACH_NOTIFY_MSG_ACCEPTED) when it has been received. One such message for a task and a port.
 */
#pragma once

#include <stdbool.h>

#include <mach/message.h>
#include <mach/port.h>

struct message;
struct port;
struct space;

#define MSG_ACCEPTED_BUCKETS 64u /* of the hash of requests; a power of two */

void msg_accepted_init(void);
/*
 * The message found its queue full: queues it beyond the limit, to be told of at the receive right
 * notify_name. MACH_SEND_WILL_NOTIFY consumes it, and so does MACH_MSG_SUCCESS (the port has died).
 * MACH_SEND_NOTIFY_IN_PROGRESS, _INVALID_NOTIFY and _NO_NOTIFY (out of memory) do not. Does not sleep.
 */
mach_msg_return_t msg_accepted_force(struct message *message, struct space *space,
                                     mach_port_name_t notify_name);
/* A message with MESSAGE_FORCED that the space sent to the port leaves the queue: tells of it. */
void msg_accepted(const struct space *space, const struct port *port);
/* True while such a message of the space is in the port's queue. */
bool msg_accepted_pending(const struct space *space, const struct port *port);
/* Requests in one bucket of the hash. */
unsigned msg_accepted_count(unsigned bucket);
