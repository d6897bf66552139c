/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the short ways of the message trap have in common: ipc/fast_path.c says what they are.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/message.h>

#include "ipc/mach_msg_slow.h"
#include "ipc/message.h"
#include "ipc/message_receive.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/space_table.h"
#include "kernel/hand_over.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/user_copy.h"

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define REQUEST_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE)
#define REPLY_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0)

/* The parameters of a send and receive without further options, as far as they matter here. */
struct fast_call {
    uint64_t user_address;
    mach_msg_size_t receive_size;
    mach_port_name_t receive_name;
};

/* Where the current thread is to wait after a message has been handed over. */
struct fast_wait {
    struct thread *sender;   /* the current thread */
    struct wait_queue *from; /* its first thread has been given the message */
    struct wait_queue *queue;
    const struct wait_reason *reason;
    const void *object;
    struct hand_over_event event;
};

/* A header at least, whole words, and no more than a small buffer takes; one comparison for all. */
static inline bool is_short(uint32_t bytes)
{
    uint32_t body = bytes - sizeof(mach_msg_user_header_t);

    _Static_assert(sizeof(uint64_t) == 1 << 3, "what is rotated out are bytes of a word");
    return (body >> 3 | body << 29) <= (MESSAGE_SMALL_BYTES - sizeof(mach_msg_user_header_t)) >> 3;
}

/* The same parameters for the long way. */
static inline struct call long_call(uint64_t user_address, mach_msg_size_t receive_size,
                                    mach_port_name_t receive_name)
{
    return (struct call){
        .user_address = user_address,
        .option = MACH_SEND_MSG | MACH_RCV_MSG,
        .receive_size = receive_size,
        .receive_name = receive_name,
    };
}

/* Fills an empty place for a buffer of the thread's; NULL when there is none at hand. */
struct message *fast_make_buffer(struct message **place);

/* --- ipc/fast_one_way.c: the trap without options, but the long way where it is not of the common kind --- */
/* Sends a message of that many bytes; short to a kernel object. */
mach_msg_return_t fast_send(uint64_t user_address, mach_msg_size_t bytes);
/* Receives into a buffer of that many bytes; short if it has to wait for what comes to the port or set. */
mach_msg_return_t fast_receive(uint64_t user_address, mach_msg_size_t bytes, mach_port_name_t name);

/* --- where the short ways end; ipc/fast_path.c, ipc/fast_complex.c --- */
/* What came back is not the short way's to copy out; or nothing came back (NULL). */
mach_msg_return_t fast_end_slowly(struct message *message, uint64_t user_address,
                                  mach_msg_size_t receive_size, mach_port_name_t receive_name,
                                  wait_result_t result);
/* The send is not of the common kind: nothing has been done but to read the message. */
mach_msg_return_t fast_send_slowly(struct message *message, uint64_t user_address,
                                   mach_msg_size_t receive_size, mach_port_name_t receive_name);
/* Sends the message in the thread's buffer, whose body carries rights or memory, and receives. */
mach_msg_return_t fast_send_complex(struct thread *thread, const struct fast_call *call);
/* Such a message has been handed over: brings its body into the task and copies it out. */
mach_msg_return_t fast_receive_complex(struct message *message, uint64_t user_address);

/* The ports of a request that expects its answer where it will be received; false: not such a one. */
static inline bool find_request(const struct message *message, struct space *space,
                                mach_port_name_t receive_name, struct port **dest,
                                struct port **reply)
{
    const mach_msg_user_header_t *user = (const mach_msg_user_header_t *)&message->header;
    struct name_entry *to = space_entry_fast(space, user->msgh_remote_port);
    struct name_entry *from = space_entry_fast(space, receive_name);

    if (unlikely(!to || !(to->bits & MACH_PORT_TYPE_SEND) || !from ||
                 !(from->bits & MACH_PORT_TYPE_RECEIVE) ||
                 user->msgh_local_port != receive_name || from->port->set ||
                 from->port->message_count != 0))
        return false;
    *dest = to->port;
    *reply = from->port;
    return true;
}

/* The queue in which somebody waits for a message of this size to the port; NULL if nobody does. Where
   somebody waits for a user's port, a space has its receive right. */
static inline struct wait_queue *waiting_receiver(struct port *port, uint32_t bytes)
{
    struct wait_queue *queue = port->set ? &port->set->receivers : &port->receivers;
    struct thread *thread;

    if (unlikely(!port_is_plain(port) || port->message_count != 0 || wait_queue_empty(queue)))
        return NULL;
    thread = list_entry(queue->waiters.head.next, struct thread, wait_link);
    return likely(bytes <= thread->receive_limit) ? queue : NULL;
}

/* Gives the message, with flags MESSAGE_USER_FORM and perhaps _BODY, to the receiver found above, whose
   buffer the current thread gets for it. */
static inline void hand_over(struct message *message, struct port *port, struct wait_queue *queue,
                             uint32_t flags, struct fast_wait *wait)
{
    struct thread *thread = list_entry(queue->waiters.head.next, struct thread, wait_link);

    message->flags = flags;
    message->header.msgh_seqno = port->sequence_number++;
    wait->sender->request_buffer = thread->request_buffer;
    wait->sender->messages_sent++;
    thread->request_buffer = NULL;
    thread->handed_message = message;
    wait->from = queue;
    wait->event = (struct hand_over_event){port, trace_message((mach_msg_header_t *)&message->header)};
}

/* Finds where the caller will receive; false if there is something to receive already, or no
   such right. */
static inline bool find_wait(struct space *space, mach_port_name_t name, struct fast_wait *wait)
{
    struct name_entry *entry = space_entry_fast(space, name);

    if (unlikely(!entry))
        return false;
    wait->object = entry->port;
    if (entry->bits & MACH_PORT_TYPE_PORT_SET) {
        wait->queue = &entry->set->receivers;
        wait->reason = &message_wait_on_set;
        return list_empty(&entry->set->ready);
    }
    if (!(entry->bits & MACH_PORT_TYPE_RECEIVE) || entry->port->set)
        return false;
    wait->queue = &entry->port->receivers;
    wait->reason = &message_wait_on_port;
    return entry->port->message_count == 0;
}

/* Sleeps where the message has been handed over, and copies out what comes. */
static inline __attribute__((always_inline)) mach_msg_return_t
wait_and_copyout(const struct fast_call *call, const struct fast_wait *wait)
{
    struct thread *thread = wait->sender;
    struct message *message;
    wait_result_t result;

    thread->receive_limit = call->receive_size;
    result = wait_queue_hand_over(thread, wait->queue, wait->reason, wait->object, wait->from,
                                  &wait->event);
    message = thread->handed_message;
    thread->handed_message = NULL;
    if (unlikely(!message || message->flags != MESSAGE_USER_FORM))
        return fast_end_slowly(message, call->user_address, call->receive_size, call->receive_name,
                          result);
    if (unlikely(!user_copy_words((void *)call->user_address, &message->header,
                                  message->header.msgh_size / 8)))
        return mach_msg_undeliverable(message, thread->task->space);
    thread->request_buffer = message;
    thread->messages_received++;
    return MACH_MSG_SUCCESS;
}
