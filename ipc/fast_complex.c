/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way of messages that carry rights or memory from task to task: the header goes as in
 * ipc/fast_path.c, the body by the long way's functions. Taking the body may sleep, so that it is seen
 * only afterwards whether somebody waits; the header has kernel form meanwhile, as on the long way, which
 * can go on with it at any time.
 */
#include "ipc/fast_path.h"

#include "ipc/message_copyin.h"
#include "ipc/message_copyout.h"
#include "ipc/right.h"

/* Brings a request's header to kernel form; false: it is not of the common kind, nothing changed. */
static bool take_request(struct message *message, struct space *space, const struct fast_call *call)
{
    struct port *dest, *reply;

    if (!find_request(message, space, call->receive_name, &dest, &reply) || !port_is_plain(dest))
        return false;
    message->header.msgh_remote_port = port_copy_live_send(dest);
    message->header.msgh_local_port = port_make_send_once(reply);
    message->header.msgh_bits =
        MACH_MSGH_BITS_COMPLEX |
        MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, MACH_MSG_TYPE_PORT_SEND_ONCE);
    return true;
}

static bool take_reply(struct message *message, struct space *space)
{
    const mach_msg_user_header_t *user = (const mach_msg_user_header_t *)&message->header;
    struct name_entry *entry = space_entry_fast(space, user->msgh_remote_port);
    struct port *dest;

    if (!entry || !(entry->bits & MACH_PORT_TYPE_SEND_ONCE) || entry->request ||
        user->msgh_local_port != MACH_PORT_NAME_NULL || !port_is_plain(entry->port))
        return false;
    dest = entry->port;
    right_free_name(space, entry, NULL);
    message->header.msgh_remote_port = dest;
    message->header.msgh_local_port = NULL;
    message->header.msgh_bits =
        MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, 0);
    return true;
}

/* The header's rights go where they are used up: the reply right into the receiver's space. False: the
   long way is to do it, nothing changed. */
static bool give_header(struct message *message, struct port *dest)
{
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)&message->header;
    struct port *reply = message->header.msgh_local_port;
    mach_port_name_t name = MACH_PORT_NAME_NULL;
    struct name_entry *entry;

    if (!reply) {
        dest->send_once_rights--;
        user->msgh_bits =
            MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE);
    } else {
        /* The last send right would have to tell somebody. */
        if (dest->queue_limit == 0 || dest->send_rights == 1 || !reply->active ||
            space_entry_alloc_fast(dest->receiver, &entry) != KERN_SUCCESS)
            return false;
        entry->port = reply;
        entry->bits = MACH_PORT_TYPE_SEND_ONCE | 1;
        name = entry->name;
        dest->send_rights--;
        user->msgh_bits = MACH_MSGH_BITS_COMPLEX |
                          MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, MACH_MSG_TYPE_PORT_SEND);
    }
    dest->references--; /* not the last: it has a receiver */
    user->msgh_remote_port_do_not_use = name;
    user->msgh_protected_payload = dest->receiver_name;
    return true;
}

mach_msg_return_t fast_send_complex(struct thread *thread, const struct fast_call *call)
{
    const struct call rest = long_call(call->user_address, call->receive_size, call->receive_name);
    struct message *message = thread->request_buffer;
    struct space *space = thread->task->space;
    struct fast_wait wait = {.sender = thread};
    mach_msg_bits_t bits = message->header.msgh_bits & ~MACH_MSGH_BITS_COMPLEX;
    struct wait_queue *queue;
    mach_msg_return_t status;
    struct port *dest;

    if (!(bits == REQUEST_BITS && take_request(message, space, call)) &&
        !(bits == REPLY_BITS && take_reply(message, space)))
        return fast_send_slowly(message, call->user_address, call->receive_size,
                                call->receive_name);
    thread->request_buffer = NULL;
    message->flags = 0;
    message->payer = space;
    dest = message->header.msgh_remote_port;
    status = message_copyin_body(message, space);
    if (status != MACH_MSG_SUCCESS) {
        message_destroy(message);
        return status;
    }
    queue = waiting_receiver(dest, message->header.msgh_size);
    if (!queue || message->flags & MESSAGE_CIRCULAR || !find_wait(space, call->receive_name, &wait) ||
        !give_header(message, dest))
        return mach_msg_go_on(message, space, &rest);
    hand_over(message, dest, queue, MESSAGE_USER_FORM | MESSAGE_BODY, &wait);
    return wait_and_copyout(call, &wait);
}

mach_msg_return_t fast_receive_complex(struct message *message, uint64_t user_address)
{
    struct thread *thread = thread_current();
    struct space *space = thread->task->space;
    mach_msg_return_t status = message_copyout_body(message, space);

    if (!user_copy_words((void *)user_address, &message->header,
                         message->header.msgh_size / sizeof(uint64_t)))
        return mach_msg_undeliverable(message, space);
    thread->request_buffer = message;
    thread->messages_received++;
    return status;
}
