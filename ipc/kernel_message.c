/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/kernel_message.h"

#include <mach/mig_support.h>

#include "ipc/fast_path.h"
#include "ipc/message.h"
#include "ipc/message_body.h"
#include "ipc/message_receive.h"
#include "ipc/message_send.h"
#include "ipc/port.h"
#include "ipc/right.h"
#include "ipc/space_hash.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/thread.h"

/* Makes the right that the disposition asks for. What moves is consumed, the rest is borrowed. */
static inline struct port *kernel_right(struct port *port, mach_msg_type_name_t disposition)
{
    if (!PORT_VALID(port))
        return port;
    switch (disposition) {
    case MACH_MSG_TYPE_COPY_SEND:
        return port_copy_send(port);
    case MACH_MSG_TYPE_MAKE_SEND:
        return port->active ? port_make_send(port) : PORT_DEAD;
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
        return port->active ? port_make_send_once(port) : PORT_DEAD;
    default:
        return port;
    }
}

/* Makes one right of a message; notes where a receive right goes. */
static inline struct port *adopt_port(struct message *message, struct port *port,
                                      mach_msg_type_name_t disposition)
{
    port = kernel_right(port, disposition);
    if (disposition == MACH_MSG_TYPE_PORT_RECEIVE && PORT_VALID(port) &&
        PORT_VALID(message->header.msgh_remote_port) &&
        !port_enter_transit(port, message->header.msgh_remote_port))
        message->flags |= MESSAGE_CIRCULAR;
    return port;
}

static void adopt_ports(struct message *message, const struct message_item *item)
{
    mach_msg_type_name_t disposition = item->type->msgt_name;
    struct port **ports =
        item->out_of_line ? (struct port **)*message_item_slot(item) : item->data;

    for (uint32_t i = 0; i < item->type->msgt_number; i++)
        ports[i] = adopt_port(message, ports[i], disposition);
    message_set_type_name(item->type, right_received_type(disposition));
    if (item->out_of_line)
        item->type->msgt_size = MESSAGE_PORT_KERNEL_BITS;
}

/* Takes what the item at an offset carries; returns the offset behind it. */
static uint32_t adopt_item(struct message *message, uint32_t offset)
{
    struct message_item item;

    message_item_at(message, offset, &item);
    item.type->msgt_deallocate = 0;
    if (item.is_port)
        adopt_ports(message, &item);
    else if (item.bytes == 0)
        *message_item_slot(&item) = 0;
    return item.end;
}

static void adopt_body(struct message *message)
{
    uint32_t offset = sizeof message->header, end = message->header.msgh_size;

    while (message_next_special(message, &offset, end)) {
        uint64_t *slot = message_single_port(message, offset);
        mach_msg_type_t *type = message_type_at(message, offset);
        mach_msg_type_name_t disposition = *(uint8_t *)type;

        if (!slot) {
            offset = adopt_item(message, offset);
            continue;
        }
        *slot = (uint64_t)adopt_port(message, (struct port *)*slot, disposition);
        message_set_type_name(type, right_received_type(disposition));
        offset += MESSAGE_SINGLE_BYTES;
    }
}

void message_adopt_reply(struct message *reply)
{
    if (reply->header.msgh_bits & MACH_MSGH_BITS_COMPLEX)
        adopt_body(reply);
}

/*
 * Copies a body that is nothing but single numbers, behind at most one right to be made: that is what most
 * messages are. False: it is not such a body, or has no right.
 */
static inline bool copy_plain_body(struct message *message, const mach_msg_header_t *from,
                                   mach_msg_size_t bytes)
{
    const uint64_t *word = (const uint64_t *)(from + 1);
    const uint64_t *end = (const uint64_t *)((const char *)from + bytes);
    uint64_t *to = (uint64_t *)(&message->header + 1);

    if (word == end || word[0] != (MESSAGE_SINGLE(64) | MACH_MSG_TYPE_MAKE_SEND))
        return false;
    to[0] = MESSAGE_SINGLE(64) | MACH_MSG_TYPE_PORT_SEND;
    to[1] = word[1];
    while ((word += 2) < end) {
        to += 2;
        to[0] = word[0];
        to[1] = word[1];
        if (!message_is_single(word[0]) || message_is_right(word[0]))
            return false;
    }
    return true;
}

/* Copies a kernel-built message into a buffer; its rights are then the message's. */
static void adopt(struct message *message, const mach_msg_header_t *from, mach_msg_size_t bytes)
{
    mach_msg_header_t *header = &message->header;
    mach_msg_type_name_t dest_type = MACH_MSGH_BITS_REMOTE(from->msgh_bits);
    mach_msg_type_name_t reply_type = MACH_MSGH_BITS_LOCAL(from->msgh_bits);

    *header = *from;
    header->msgh_size = bytes;
    header->msgh_remote_port = kernel_right(from->msgh_remote_port, dest_type);
    header->msgh_local_port = kernel_right(from->msgh_local_port, reply_type);
    header->msgh_bits = (from->msgh_bits & MACH_MSGH_BITS_COMPLEX) |
                        MACH_MSGH_BITS(right_received_type(dest_type),
                                       right_received_type(reply_type));
    if (copy_plain_body(message, from, bytes)) {
        *message_first_right(message) = kernel_right(*message_first_right(message), MACH_MSG_TYPE_MAKE_SEND);
        message->flags |= MESSAGE_ONE_RIGHT;
        return;
    }
    memcpy(header + 1, from + 1, bytes - sizeof *header);
    if (header->msgh_bits & MACH_MSGH_BITS_COMPLEX)
        adopt_body(message);
}

/* A message that will not be sent: destroys what it was to carry. */
static void discard(const mach_msg_header_t *from, mach_msg_size_t bytes)
{
    struct message *message = message_alloc_urgent(bytes);

    if (!message)
        return; /* no memory at all, not even the reserve: its rights stay behind */
    adopt(message, from, bytes);
    message_destroy(message);
}

/* --- the short way: somebody waits for it --- */

/*
 * Gives a message to a receiver that waits for it, in the buffer that he keeps, as he is to see it: the
 * kernel does his half too. Counts end up as on the long way. False: the long way is to do it, nothing changed.
 */
static bool give(const mach_msg_header_t *from, mach_msg_size_t bytes)
{
    struct port *dest = from->msgh_remote_port, **right;
    mach_msg_type_name_t type = MACH_MSGH_BITS_REMOTE(from->msgh_bits);
    struct thread *sender = thread_current(), *receiver;
    struct message *message;
    mach_msg_user_header_t *user;
    struct wait_queue *queue;
    struct name_entry *entry;

    if (!PORT_VALID(dest) || !is_short(bytes) || from->msgh_local_port ||
        (type != MACH_MSG_TYPE_COPY_SEND && type != MACH_MSG_TYPE_MOVE_SEND_ONCE) ||
        !(queue = waiting_receiver(dest, bytes)))
        return false;
    receiver = list_entry(queue->waiters.head.next, struct thread, wait_link);
    message = receiver->request_buffer;
    if ((!message && !(message = fast_make_buffer(&receiver->request_buffer))) ||
        !copy_plain_body(message, from, bytes))
        return false;
    right = message_first_right(message);
    if (!PORT_VALID(*right) || !(*right)->active ||
        !(entry = space_hash_find_send(dest->receiver, *right)))
        return false;
    (*right)->make_send_count++;
    *right = (struct port *)(uint64_t)entry->name;
    entry_add_reference(entry);
    if (type == MACH_MSG_TYPE_MOVE_SEND_ONCE) {
        dest->send_once_rights--;
        dest->references--; /* not the last: it has a receiver */
    }
    user = (mach_msg_user_header_t *)&message->header;
    user->msgh_bits = (from->msgh_bits & MACH_MSGH_BITS_COMPLEX) |
                      MACH_MSGH_BITS(0, right_received_type(type));
    user->msgh_size = bytes;
    user->msgh_remote_port_do_not_use = MACH_PORT_NAME_NULL;
    user->msgh_protected_payload = dest->receiver_name;
    user->msgh_seqno = dest->sequence_number++;
    user->msgh_id = from->msgh_id;
    message->flags = MESSAGE_USER_FORM;
    if (list_node_linked(&receiver->wait_timeout.link)) {
        wait_queue_take(queue, WAIT_AWAKENED);
    } else {
        list_remove(&receiver->wait_link);
        receiver->state = THREAD_RUNNABLE; /* the result is WAIT_AWAKENED */
    }
    trace(PORTHOLE_TRACE_DELIVER, (uint64_t)receiver, (uint64_t)dest, trace_message(&message->header));
    receiver->request_buffer = NULL;
    receiver->handed_message = message;
    if (sender->gives_way)
        sender->successor = receiver;
    else
        sched_make_runnable(receiver);
    return true;
}

/*
 * Queues a message beyond any limit; never waits (O8). `header` is in kernel form, every byte
 * initialised, with dispositions: what it moves is consumed in any case, what it copies or makes is
 * borrowed.
 *
 * Results: MACH_MSG_SUCCESS; MACH_SEND_INVALID_DEST: null or dead; MACH_SEND_NO_BUFFER. On a
 * failure all that it carried is destroyed.
 */
mach_msg_return_t mach_msg_send_from_kernel(mach_msg_header_t *header, mach_msg_size_t bytes)
{
    struct message *message;
    struct port *dest;

    if (give(header, bytes))
        return MACH_MSG_SUCCESS;
    message = message_alloc(bytes);
    if (!message) {
        discard(header, bytes);
        return MACH_SEND_NO_BUFFER;
    }
    adopt(message, header, bytes);
    dest = message->header.msgh_remote_port;
    if (!PORT_VALID(dest) || !dest->active) {
        message_destroy(message);
        return MACH_SEND_INVALID_DEST;
    }
    message_send_always(message);
    return MACH_MSG_SUCCESS;
}

/* The current thread's port for replies, made when it is first needed. */
static struct port *reply_port(void)
{
    struct thread *thread = thread_current();

    if (!thread->reply_port)
        thread->reply_port = port_create_kernel(KOBJECT_REPLY, thread);
    return thread->reply_port;
}

/* The wait was given up: a late reply must find nobody. */
static void abandon_reply(void)
{
    struct thread *thread = thread_current();

    port_destroy_kernel(thread->reply_port);
    thread->reply_port = NULL;
}

/* Copies a reply to where the request was; consumes the message. */
static mach_msg_return_t take_reply(struct message *reply, mach_msg_header_t *header,
                                    mach_msg_size_t receive_bytes)
{
    mach_msg_return_t status = MACH_MSG_SUCCESS;

    port_release_used(reply->header.msgh_remote_port,
                      MACH_MSGH_BITS_REMOTE(reply->header.msgh_bits));
    reply->header.msgh_remote_port = NULL;
    if (reply->header.msgh_size > receive_bytes)
        status = MACH_RCV_TOO_LARGE;
    else if (reply->header.msgh_bits & MACH_MSGH_BITS_COMPLEX || reply->header.msgh_local_port)
        status = MACH_RCV_BODY_ERROR;
    else
        memcpy(header, &reply->header, reply->header.msgh_size);
    message_destroy(reply);
    return status;
}

/*
 * Sends a request from the current thread and waits interruptibly for the reply, which overwrites
 * the buffer. The rights in the request are treated as mach_msg_send_from_kernel() says; the
 * header's reply port is made here.
 *
 * Results: MACH_MSG_SUCCESS; the codes of mach_msg_send_from_kernel(); MACH_RCV_INTERRUPTED;
 * MACH_RCV_TOO_LARGE (the reply is destroyed). A reply that carries rights or memory is destroyed
 * too (MACH_RCV_BODY_ERROR): the kernel asks for none.
 */
mach_msg_return_t mach_msg_rpc_from_kernel(mach_msg_header_t *header, mach_msg_size_t send_bytes,
                                           mach_msg_size_t receive_bytes)
{
    struct port *port = reply_port();
    struct message *reply;
    mach_msg_return_t status;

    header->msgh_local_port = port;
    if (!port) {
        discard(header, send_bytes);
        return MACH_SEND_NO_BUFFER;
    }
    status = mach_msg_send_from_kernel(header, send_bytes);
    if (status == MACH_MSG_SUCCESS)
        status = message_receive_kernel(port, NULL, &reply);
    if (status != MACH_MSG_SUCCESS) {
        abandon_reply();
        return status;
    }
    return take_reply(reply, header, receive_bytes);
}

/* MIG calls this when a reply has the wrong id. The reply right is used up and the port stays the
   thread's: there is nothing to give up. */
void mig_dealloc_reply_port(mach_port_t port)
{
    (void)port;
}
