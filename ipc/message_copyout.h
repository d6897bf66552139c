/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a message to a receiver's bytes: rights and memory enter his task (spec/ipc.md 3, receive).
 */
#pragma once

#include <mach/message.h>

struct message;
struct port;
struct space;

/* Turns a received message into user form; the buffer then owns nothing. MACH_RCV_HEADER_ERROR
   (only the header is left, all contents destroyed) or MACH_RCV_BODY_ERROR (what could not be
   delivered is null), with MACH_MSG_* bits. `notify` (or NULL) is the port of MACH_RCV_NOTIFY. */
mach_msg_return_t message_copyout(struct message *message, struct space *space,
                                  struct port *notify);
/* The same for the body alone, where the header is in user form already. */
mach_msg_return_t message_copyout_body(struct message *message, struct space *space);
/* MACH_RCV_NOTIFY for a message that is in user form already; notify may be NULL. */
void message_copyout_notify(struct message *message, struct space *space, struct port *notify);
/* Gives up all but the header, whose reply right reads as null: for a buffer that is too small. */
void message_copyout_header_only(struct message *message, struct space *space);
/* Puts rights and memory of a message that could not be sent back into the sender's task; returns
   MACH_MSG_* bits for what got lost. */
mach_msg_return_t message_copyout_back(struct message *message, struct space *space);
/* Takes back what a copyout put into the task: its buffer turned out not to be writable (P-11). */
void message_copyout_undo(struct message *message, struct space *space);
