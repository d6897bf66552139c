/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a sender's bytes to a message: rights and memory leave his task (spec/ipc.md 3, send, 1 to
 * 3).
 */
#pragma once

#include <stdint.h>

#include <mach/message.h>

struct message;
struct port;
struct space;

/* Reads a user's message into a fresh buffer; rights are still names. MACH_SEND_MSG_TOO_SMALL,
   _TOO_LARGE, _NO_BUFFER, _INVALID_DATA, _INTERRUPTED. May sleep. */
mach_msg_return_t message_get(struct space *space, uint64_t user_address, uint32_t bytes,
                              struct message **result);
/* Takes the header's two rights out of the space, both or (on an error) neither; cleans msgh_bits.
   A name that goes does not tell the dead-name request that names `cancel` (NULL: none). */
mach_msg_return_t message_copyin_header(struct message *message, struct space *space,
                                        struct port *cancel);
/* Takes rights and memory of a complex body, front to back. May sleep. On an error all that was
   taken is destroyed, the header's rights are still the message's, and the message is not
   complex. */
mach_msg_return_t message_copyin_body(struct message *message, struct space *space);
