/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message trap: one send, then one receive.
 *
 * Between the two a receiver that has been given the message waits, on no queue, for the receive to
 * switch to it; and what a kernel object has answered waits to be copied straight into the caller's
 * buffer, if it is going to receive from the reply port anyway.
 */
#include "ipc/mach_msg.h"

#include "ipc/kernel_message.h"
#include "ipc/message.h"
#include "ipc/message_copyin.h"
#include "ipc/message_copyout.h"
#include "ipc/message_receive.h"
#include "ipc/message_send.h"
#include "ipc/port.h"
#include "ipc/space_table.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/user_copy.h"

/* Writes a message in user form to the caller's buffer; consumes the buffer. */
static mach_msg_return_t put(struct message *message, struct space *space, uint64_t user_address,
                             mach_msg_return_t status)
{
    if (!copyout(&message->header, user_address, message->header.msgh_size)) {
        message_copyout_undo(message, space);
        status = MACH_RCV_INVALID_DATA;
    }
    message_free(message);
    return status;
}

/* --- send --- */

/* Nothing is left of a message but its buffer's header, which is in kernel form. */
static mach_msg_return_t destroy_failed(struct message *message, mach_msg_return_t status)
{
    message_destroy(message);
    return status;
}

/* Gives everything back to the sender: the queue was full for too long (pseudo-receive). */
static mach_msg_return_t put_back(struct message *message, struct space *space,
                                  uint64_t user_address, mach_msg_return_t status)
{
    status |= message_copyout_back(message, space);
    if (!copyout(&message->header, user_address, message->header.msgh_size))
        status = MACH_SEND_INVALID_DATA;
    message_free(message);
    return status;
}

static mach_msg_return_t send_phase(struct space *space, uint64_t user_address,
                                    mach_msg_option_t option, mach_msg_size_t send_size,
                                    mach_msg_timeout_t timeout_ms, mach_port_name_t notify_name,
                                    struct thread **next, struct message **reply)
{
    struct port *cancel = NULL;
    struct message *message;
    mach_msg_return_t status;

    if (option & MACH_SEND_NOTIFY)
        return MACH_SEND_INVALID_NOTIFY; /* P-07 */
    if (option & MACH_SEND_CANCEL) {
        cancel = space_lookup_receive(space, notify_name);
        if (!cancel)
            return MACH_SEND_INVALID_NOTIFY;
    }
    status = message_get(space, user_address, send_size, &message);
    if (status != MACH_MSG_SUCCESS)
        return status;
    status = message_copyin_header(message, space, cancel);
    if (status != MACH_MSG_SUCCESS) {
        message_free(message);
        return status;
    }
    if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        status = message_copyin_body(message, space);
        if (status != MACH_MSG_SUCCESS)
            return destroy_failed(message, status);
    }
    status = message_send(message, option, timeout_ms, next, reply);
    if (status != MACH_MSG_SUCCESS)
        return put_back(message, space, user_address, status);
    return MACH_MSG_SUCCESS;
}

/* --- receive --- */

/* Copies a dequeued message out. */
static mach_msg_return_t deliver_to_user(struct message *message, struct space *space,
                                         uint64_t user_address, mach_msg_option_t option,
                                         mach_msg_size_t receive_size,
                                         mach_port_name_t notify_name)
{
    struct port *notify = NULL;
    mach_msg_return_t status;

    if (option & MACH_RCV_NOTIFY)
        notify = space_lookup_receive(space, notify_name);
    if (message->header.msgh_size > receive_size) {
        message_copyout_header_only(message, space);
        return put(message, space, user_address, MACH_RCV_TOO_LARGE);
    }
    status = message_copyout(message, space, notify);
    return put(message, space, user_address, status);
}

static mach_msg_return_t receive_phase(struct space *space, uint64_t user_address,
                                       mach_msg_option_t option, mach_msg_size_t receive_size,
                                       mach_port_name_t receive_name,
                                       mach_msg_timeout_t timeout_ms,
                                       mach_port_name_t notify_name, struct thread *next)
{
    mach_msg_size_t too_large = 0;
    struct message *message;
    mach_msg_return_t status;

    if (option & MACH_RCV_NOTIFY && !space_lookup_receive(space, notify_name)) {
        if (next)
            sched_make_runnable(next);
        return MACH_RCV_INVALID_NOTIFY;
    }
    status = message_receive(space, receive_name, option, receive_size, timeout_ms, next, &message,
                             &too_large);
    if (status == MACH_MSG_SUCCESS)
        return deliver_to_user(message, space, user_address, option, receive_size, notify_name);
    if (status == MACH_RCV_TOO_LARGE &&
        !copyout(&too_large, user_address + offsetof(mach_msg_user_header_t, msgh_size),
                 sizeof too_large))
        return MACH_RCV_INVALID_DATA;
    return status;
}

/* --- the answer of a kernel object --- */

/* True if the caller is about to receive just this reply, with nothing before it and nobody beside. */
static bool is_awaited(const struct message *reply, const struct space *space,
                       mach_msg_option_t option, mach_msg_size_t receive_size,
                       mach_port_name_t receive_name)
{
    const struct port *port = reply->header.msgh_remote_port;

    return (option & (MACH_RCV_MSG | MACH_RCV_NOTIFY)) == MACH_RCV_MSG &&
           port->receiver == space && port->receiver_name == receive_name && !port->set &&
           port->message_count == 0 && wait_queue_empty(&port->receivers) &&
           reply->header.msgh_size <= receive_size && !(reply->flags & MESSAGE_CIRCULAR);
}

/* Copies the reply out as if it had gone through the port's queue. */
static mach_msg_return_t deliver_reply(struct message *reply, struct space *space,
                                       uint64_t user_address)
{
    reply->header.msgh_seqno = reply->header.msgh_remote_port->sequence_number++;
    return put(reply, space, user_address, message_copyout(reply, space, NULL));
}

/*
 * Conditions: a user thread. All parameters are the user's and nothing is assumed of them.
 * Results: spec/ipc.md 3. The receive is skipped when the send fails.
 */
mach_msg_return_t mach_msg_trap(uint64_t user_address, mach_msg_option_t option,
                                mach_msg_size_t send_size, mach_msg_size_t receive_size,
                                mach_port_name_t receive_name, mach_msg_timeout_t timeout_ms,
                                mach_port_name_t notify_name)
{
    struct space *space = task_current()->space;
    struct thread *next = NULL;
    struct message *reply = NULL;

    if (option & MACH_SEND_MSG) {
        mach_msg_return_t status = send_phase(space, user_address, option, send_size, timeout_ms,
                                              notify_name, &next, &reply);

        if (status != MACH_MSG_SUCCESS)
            return status;
    }
    if (reply) {
        message_adopt_reply(reply);
        if (is_awaited(reply, space, option, receive_size, receive_name))
            return deliver_reply(reply, space, user_address);
        message_send_always(reply);
    }
    if (option & MACH_RCV_MSG)
        return receive_phase(space, user_address, option, receive_size, receive_name, timeout_ms,
                             notify_name, next);
    if (next)
        sched_make_runnable(next);
    return MACH_MSG_SUCCESS;
}
