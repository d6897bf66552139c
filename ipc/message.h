/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages inside the kernel.
 *
 * A message has the same layout as the user's bytes (layout B, spec/ipc.md 4), but that port slots
 * hold struct port pointers (rights owned by the message) and out-of-line pointers hold struct
 * vm_copy pointers (owned by the message). Out-of-line port arrays are kernel arrays of struct port
 * *, made by kmem_alloc, with msgt_size 64. The header's remote port is the destination, local the
 * reply right. All types are received types (16..18).
 *
 * The road: message_get (user bytes) -> message_copyin (rights and memory leave the sender)
 * -> message_send (queue, waiting receiver, kernel object) -> message_receive
 * -> message_copyout (rights and memory enter the receiver) -> message_put.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <mach/message.h>

#include "kernel/list.h"
#include "kernel/x86_64/cpu.h"

struct kmem_cache;
struct space;

#define MESSAGE_INLINE_MAX 65536u   /* P-10 */
#define MESSAGE_SMALL_BYTES 256u    /* header and body that fit the cached small buffer */

#define MESSAGE_SMALL_CACHED 64u    /* free small buffers that a processor keeps at hand */

#define MESSAGE_CIRCULAR 0x1u       /* carries a receive right that nobody could ever receive */
#define MESSAGE_CHARGED 0x2u        /* payer->queued_bytes includes it; holds a payer reference */
#define MESSAGE_FORCED 0x8u         /* queued beyond the limit: its sender is told when it is received */
#define MESSAGE_USER_FORM 0x4u      /* handed over: the header's rights are in the receiver's space */
#define MESSAGE_ONE_RIGHT 0x20u     /* in kernel form; the first item is a right, all others are numbers */
#define MESSAGE_BODY 0x10u          /* besides: its body has kernel form still */

struct message {
    struct list_node link;     /* on a port's queue, or a worklist */
    uint32_t capacity;         /* bytes from &header on */
    uint32_t flags;
    struct space *payer;       /* of the sender while he is in the send or the message is charged */
    mach_msg_header_t header;  /* and the body behind it */
};

void message_init(void);
/* The buffers that are not at hand: message_alloc() and message_free() call these. */
struct message *message_alloc_slow(uint32_t bytes);
void message_free_slow(struct message *message);
/* A buffer for a notification, which must not get lost: draws from the reserve. */
struct message *message_alloc_urgent(uint32_t bytes);

/* Of the cache's objects in use, those that are buffers at hand; for statistics. */
uint32_t message_count_at_hand(const struct kmem_cache *cache);
/* No buffer is kept at hand any more, so that each is allocated; or some are again. */
void message_keep_at_hand(bool keep);

/* A small buffer if one is at hand, else NULL. */
static inline struct message *message_take(void)
{
    struct cpu *cpu = this_cpu();
    struct message *message = cpu->free_messages;

    if (__builtin_expect(!message, 0))
        return NULL;
    cpu->free_messages = *(struct message **)message;
    cpu->free_message_count--;
    message->flags = 0;
    message->payer = NULL;
    return message;
}

/* A buffer for a message of that many bytes, header included, not cleared. NULL when out of memory
   or over MESSAGE_INLINE_MAX. Privileged threads draw from the reserve. */
static inline struct message *message_alloc(uint32_t bytes)
{
    struct message *message = bytes <= MESSAGE_SMALL_BYTES ? message_take() : NULL;

    return message ? message : message_alloc_slow(bytes);
}

/* Frees the buffer alone: its rights and memory have been moved elsewhere. */
static inline void message_free(struct message *message)
{
    struct cpu *cpu = this_cpu();

    if (__builtin_expect(message->capacity != MESSAGE_SMALL_BYTES ||
                         cpu->free_message_count >= MESSAGE_SMALL_CACHED, 0)) {
        message_free_slow(message);
        return;
    }
    *(struct message **)message = cpu->free_messages;
    cpu->free_messages = message;
    cpu->free_message_count++;
}

/* Destroys a message with all it carries; iteratively (H-32). Consumes it. */
void message_destroy(struct message *message);
/* Destroys what a request carries but its reply right and destination (MIG error rule). */
void message_destroy_body(struct message *message);

/* The message goes on a queue: its bytes count against the space that sent it. */
void message_charge(struct message *message);
/* The message has left the queue. */
void message_uncharge(struct message *message);
