/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking the body of a message: type descriptors, each followed by its data (layout B).
 */
#ifndef IPC_MESSAGE_BODY_H
#define IPC_MESSAGE_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include <mach/message.h>

#include "ipc/message.h"

struct port;

#define MESSAGE_INLINE_FLAG 0x20u       /* top byte of a descriptor's first word: inline, no other flag */
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
/*
 * Steps over one inline scalar of at most 8 bytes that is no right: most items are. True: *offset is
 * behind it. A 32-bit scalar's padding is cleared, so that it carries nothing of its sender's (H-63).
 */
static inline bool message_skip_scalar(struct message *message, uint32_t *offset)
{
    uint32_t *words = (uint32_t *)((char *)&message->header + *offset);
    uint32_t name = words[0] & 0xff, bits = words[0] >> 8 & 0xffff;

    if (*offset + 2 * sizeof(uint64_t) > message->header.msgh_size ||
        words[0] >> 24 != MESSAGE_INLINE_FLAG || words[1] != 1 || bits - 1 > 63 ||
        MACH_MSG_TYPE_PORT_ANY(name))
        return false;
    if (bits == 32)
        words[3] = 0;
    *offset += 2 * sizeof(uint64_t);
    return true;
}

/* The pointer slot of an out-of-line item. */
static inline uint64_t *message_item_slot(const struct message_item *item)
{
    return item->data;
}

/* Destroys rights and memory of the items before the end; they are in kernel form. */
void message_body_destroy(struct message *message, uint32_t end);

#endif
