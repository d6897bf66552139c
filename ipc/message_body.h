/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking the body of a message: type descriptors, each followed by its data (layout B).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/message.h>

#include "ipc/message.h"

#define MESSAGE_PORT_INLINE_BITS 64u    /* a slot in the message */
#define MESSAGE_PORT_NAME_BITS 32u      /* an element of a user's out-of-line array */
#define MESSAGE_PORT_KERNEL_BITS 64u    /* an element of a kernel's out-of-line array */

#define MESSAGE_PORT_TYPES 6u           /* types 16 to 21 are rights */
#define MESSAGE_TYPE_INLINE 0x20000000u /* msgt_inline in a descriptor's first word */

#define MESSAGE_TYPE_LONG 0x40000000u   /* msgt_longform there */

#define MESSAGE_RIGHTS_CHUNK 256u       /* rights between two openings for interrupts */

/* One descriptor and its data. */
struct message_item {
    mach_msg_type_t *type;
    void *data;             /* inline data, or the slot of the out-of-line pointer */
    uint64_t bytes;         /* of data, not rounded; of the out-of-line region as the type says */
    uint32_t end;           /* offset in the message behind this item */
    bool is_port;           /* a right: type 16..21 */
    bool out_of_line;
};

/* Fills an item from the descriptor at an offset. The descriptor itself is within the message;
   what it says may not be. Both descriptor forms are 8 bytes; inline data is padded to 8 (layout
   B). */
static inline void message_item_at(struct message *message, uint32_t offset,
                                   struct message_item *item)
{
    mach_msg_type_t *type = (mach_msg_type_t *)((char *)&message->header + offset);
    uint64_t bits = (uint64_t)type->msgt_number * type->msgt_size;

    item->type = type;
    item->data = type + 1;
    item->bytes = (bits + 7) / 8;
    item->is_port =
        (uint32_t)type->msgt_name - MACH_MSG_TYPE_MOVE_RECEIVE <= MESSAGE_PORT_TYPES - 1;
    item->out_of_line = !type->msgt_inline;
    item->end = offset + sizeof *type +
                (item->out_of_line ? (uint32_t)sizeof(uint64_t) : (uint32_t)((bits + 63) / 64 * 8));
}

/* The descriptor at an offset, as one word. The low byte of its lower half is the type's name, the rest is the
   shape, the upper half the number: nearly all items are one element inline of 64 or 32 bits, and take 16
   bytes in all. */
#define MESSAGE_SHAPE(bits) (MESSAGE_TYPE_INLINE | (bits) << 8)
#define MESSAGE_SINGLE(bits) (UINT64_C(1) << 32 | MESSAGE_SHAPE(bits))
static inline bool message_is_single(uint64_t descriptor)
{
    uint32_t wider = ((uint32_t)descriptor & ~0xffu) - MESSAGE_SHAPE(32);

    return (wider & ~(MESSAGE_SHAPE(64) - MESSAGE_SHAPE(32))) == 0 && descriptor >> 32 == 1;
}

/* The lower half of the descriptor of bytes out of line in the long form, which stay with the sender: of data
   that managers supply. */
#define MESSAGE_BYTES_REMOTE (MESSAGE_TYPE_LONG | 8u << 8 | MACH_MSG_TYPE_BYTE)

static inline bool message_is_right(uint64_t descriptor)
{
    return (uint32_t)(uint8_t)descriptor - MACH_MSG_TYPE_MOVE_RECEIVE <= MESSAGE_PORT_TYPES - 1;
}

/*
 * Steps over one inline scalar that is no right: most items are. True: *offset is behind it. A 32-bit
 * scalar's padding is cleared, so that it carries nothing of its sender's (H-63).
 */
static inline bool message_skip_scalar(struct message *message, uint32_t *offset)
{
    uint64_t *words = (uint64_t *)((char *)&message->header + *offset);

    if (*offset + 2 * sizeof(uint64_t) > message->header.msgh_size ||
        !message_is_single(words[0]) || message_is_right(words[0]))
        return false;
    if (words[0] & MESSAGE_SHAPE(32) & ~MESSAGE_TYPE_INLINE)
        words[1] = (uint32_t)words[1];
    *offset += 2 * sizeof(uint64_t);
    return true;
}

/* Passes over items that are nothing but numbers inline. False: that was the end; else *offset
   is that of a right, or of something out of line. All items before the end have been decoded
   once. */
static inline bool message_next_special(struct message *message, uint32_t *offset, uint32_t end)
{
    while (*offset < end) {
        const mach_msg_type_t *type =
            (const mach_msg_type_t *)((char *)&message->header + *offset);
        uint64_t word = *(const uint64_t *)type;

        if (!(word & MESSAGE_TYPE_INLINE) || message_is_right(word))
            return true;
        if (message_is_single(word))
            *offset += 2 * sizeof(uint64_t);
        else
            *offset += sizeof *type + (uint32_t)(((uint64_t)type->msgt_number *
                                                  (word >> 8 & 0xffff) + 63) / 64 * 8);
    }
    return false;
}

/* The slot of one right inline, which is how most rights travel; NULL if the descriptor says
   otherwise. */
static inline uint64_t *message_single_port(struct message *message, uint32_t offset)
{
    uint32_t *words = (uint32_t *)((char *)&message->header + offset);

    return words[0] >> 8 == (MESSAGE_TYPE_INLINE >> 8 | MESSAGE_PORT_INLINE_BITS) && words[1] == 1
               ? (uint64_t *)(words + 2)
               : NULL;
}

/* The slot of the right that a body with one begins with (MESSAGE_ONE_RIGHT). */
static inline struct port **message_first_right(struct message *message)
{
    return (struct port **)((uint64_t *)(&message->header + 1) + 1);
}

#define MESSAGE_SINGLE_BYTES 16u    /* a descriptor and one slot */

/* The descriptor at an offset. */
static inline mach_msg_type_t *message_type_at(struct message *message, uint32_t offset)
{
    return (mach_msg_type_t *)((char *)&message->header + offset);
}

/* Sets msgt_name and leaves the rest. */
static inline void message_set_type_name(mach_msg_type_t *type, mach_msg_type_name_t name)
{
    *(uint8_t *)type = (uint8_t)name;
}

/* Decodes what a user has written at an offset. MACH_SEND_MSG_TOO_SMALL: it or its data passes
   the end; MACH_SEND_INVALID_TYPE. Changes nothing. */
mach_msg_return_t message_item_decode(struct message *message, uint32_t offset,
                                      struct message_item *item);
/* The pointer slot of an out-of-line item. */
static inline uint64_t *message_item_slot(const struct message_item *item)
{
    return item->data;
}

/* Destroys rights and memory of the items before the end; they are in kernel form. */
void message_body_destroy(struct message *message, uint32_t end);
