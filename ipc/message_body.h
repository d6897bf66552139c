/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking the body of a message: type descriptors, each followed by its data (layout B).
 */
#ifndef IPC_MESSAGE_BODY_H
#define IPC_MESSAGE_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include <mach/message.h>

struct message;
struct port;

#define MESSAGE_PORT_INLINE_BITS 64u    /* a slot in the message */
#define MESSAGE_PORT_NAME_BITS 32u      /* an element of a user's out-of-line array */
#define MESSAGE_PORT_KERNEL_BITS 64u    /* an element of a kernel's out-of-line array */

/* One descriptor and its data. */
struct message_item {
    mach_msg_type_t *type;
    void *data;             /* inline data, or the slot of the out-of-line pointer */
    uint64_t bytes;         /* of data, not rounded; of the out-of-line region as the type says */
    uint32_t end;           /* offset in the message behind this item */
    bool is_port;           /* a right: type 16..21 */
    bool out_of_line;
};

/* Decodes the descriptor at an offset. MACH_SEND_MSG_TOO_SMALL: it or its data passes the end;
   MACH_SEND_INVALID_TYPE. Changes nothing. */
mach_msg_return_t message_item_decode(struct message *message, uint32_t offset,
                                      struct message_item *item);
/* The pointer slot of an out-of-line item. */
static inline uint64_t *message_item_slot(const struct message_item *item)
{
    return item->data;
}

/* Destroys rights and memory of the items before the end; they are in kernel form. */
void message_body_destroy(struct message *message, uint32_t end);

#endif
