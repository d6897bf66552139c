/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages inside the kernel.
 *
 * A message has the same layout as the user's bytes (layout B, spec/ipc.md 4), but that port slots
 * hold struct port pointers (rights owned by the message) and out-of-line pointers hold
 * struct vm_copy pointers (owned by the message). Out-of-line port arrays are kernel arrays of
 * struct port *. The header's remote port is the destination, local the reply right.
 *
 * copyin: user bytes -> message (rights leave the sender's space)
 * send:   message -> queue, waiting receiver, or kernel object
 * copyout: message -> user bytes (rights enter the receiver's space)
 */
#ifndef IPC_MESSAGE_H
#define IPC_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/message.h>

#include "kernel/list.h"

struct port;
struct space;

#define MESSAGE_INLINE_MAX 65536u   /* P-10 */
#define MESSAGE_SMALL_BYTES 256u    /* body + header that fit the cached small buffer */

struct message {
    struct list_node link;     /* on a port's queue, or a worklist */
    uint32_t capacity;         /* bytes from &header on */
    uint32_t flags;
    mach_msg_header_t header;  /* and the body behind it */
};

void message_init(void);
/* A buffer for a message of that many bytes, header included, not cleared. NULL when out of memory
   or over MESSAGE_INLINE_MAX. Privileged threads draw from the reserve. */
struct message *message_alloc(uint32_t bytes);
/* Frees the buffer alone: its rights and memory have been moved elsewhere. */
void message_free(struct message *message);
/* Destroys a message with all it carries; iteratively (H-32). Consumes it. */
void message_destroy(struct message *message);
/* Destroys what a request carries but its reply right and destination (MIG error rule). */
void message_destroy_body(struct message *message);

/* Copies a user message in; rights leave the space. On an error everything taken is destroyed, as
   spec/ipc.md 3 step 3 says. */
mach_msg_return_t message_copyin(struct space *space, uint64_t user_address, uint32_t bytes,
                                 mach_port_name_t notify, struct message **result);

/* --- what the kernel itself sends --- */
/*
 * Sends a kernel-built message, as the MIG stubs of kernel senders call it: copies `bytes` bytes at
 * header (kernel form; must be fully initialised) and queues it beyond any limit; never waits (O8).
 * The dispositions are those of MIG's kernel stubs: COPY_SEND, MAKE_SEND and MAKE_SEND_ONCE make a new
 * right here and borrow the caller's pointer; MOVE_* rights (and out-of-line memory) are consumed,
 * also on failure. A dead destination destroys it and answers
 * MACH_SEND_INVALID_DEST.
 */
mach_msg_return_t mach_msg_send_from_kernel(mach_msg_header_t *header, mach_msg_size_t bytes);
/*
 * Sends a request from the current thread and waits interruptibly for the reply at its
 * reply port, which it makes itself (exception_raise). The reply overwrites the buffer.
 */
mach_msg_return_t mach_msg_rpc_from_kernel(mach_msg_header_t *header, mach_msg_size_t send_bytes,
                                           mach_msg_size_t receive_bytes);

/* Queues a message on its remote port or hands it to a waiting receiver; never waits, ignores the
   queue limit. Consumes the message. */
void message_send_always(struct message *message);

#endif
