/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The long way through the message trap: one send, then one receive.
 *
 * Between the two a receiver that has been given the message waits, on no queue, for the receive to
 * switch to it; and what a kernel object has answered waits to be copied straight into the caller's
 * buffer, if it is going to receive from the reply port anyway.
 */
#include "ipc/mach_msg_slow.h"

#include "ipc/kernel_message.h"
#include "ipc/message.h"
#include "ipc/message_copyin.h"
#include "ipc/message_copyout.h"
#include "ipc/message_receive.h"
#include "ipc/message_send.h"
#include "ipc/msg_accepted.h"
#include "ipc/port.h"
#include "ipc/space_table.h"
#include "kernel/kobject.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/user_copy.h"

mach_msg_return_t mach_msg_undeliverable(struct message *message, struct space *space)
{
    message_copyout_undo(message, space);
    message_free(message);
    return MACH_RCV_INVALID_DATA;
}

/* Writes a message in user form to the caller's buffer; consumes the buffer. */
static mach_msg_return_t put(struct message *message, struct space *space, uint64_t user_address,
                             mach_msg_return_t status)
{
    if (!copyout(&message->header, user_address, message->header.msgh_size))
        return mach_msg_undeliverable(message, space);
    message_free(message);
    if (status == MACH_MSG_SUCCESS)
        thread_current()->messages_received++;
    return status;
}

/* --- send --- */

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

/* A send that does not take a full queue for an answer (P-07); without a time-out it does not wait. */
static mach_msg_return_t send_or_force(struct message *message, struct space *space,
                                       const struct call *call, struct thread **next,
                                       struct message **reply)
{
    mach_msg_timeout_t timeout_ms = call->option & MACH_SEND_TIMEOUT ? call->timeout_ms : 0;
    mach_msg_return_t status =
        message_send(message, call->option | MACH_SEND_TIMEOUT, timeout_ms, next, reply);

    return status == MACH_SEND_TIMED_OUT ? msg_accepted_force(message, space, call->notify_name)
                                         : status;
}

/* Brings a message that is fresh from the user's buffer to kernel form; on an error it is gone. */
static mach_msg_return_t take_rights(struct message *message, struct space *space,
                                     const struct call *call)
{
    struct port *cancel = NULL;
    mach_msg_return_t status;

    if (call->option & MACH_SEND_CANCEL)
        cancel = space_lookup_receive(space, call->notify_name);
    status = message_copyin_header(message, space, cancel);
    if (status != MACH_MSG_SUCCESS) {
        message_free(message);
        return status;
    }
    if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        status = message_copyin_body(message, space);
        if (status != MACH_MSG_SUCCESS)
            message_destroy(message);
    }
    return status;
}

/* What can be said of the options before anything is sent. */
static mach_msg_return_t check_send_options(struct space *space, const struct call *call)
{
    if (call->option & MACH_SEND_CANCEL && !space_lookup_receive(space, call->notify_name))
        return MACH_SEND_INVALID_NOTIFY;
    return MACH_MSG_SUCCESS;
}

/* --- receive --- */

mach_msg_return_t mach_msg_deliver(struct message *message, struct space *space,
                                   const struct call *call)
{
    struct port *notify = NULL;

    if (call->option & MACH_RCV_NOTIFY)
        notify = space_lookup_receive(space, call->notify_name);
    if (message->flags & MESSAGE_USER_FORM) {
        message_copyout_notify(message, space, notify);
        return put(message, space, call->user_address,
                   message->flags & MESSAGE_BODY ? message_copyout_body(message, space)
                                                 : MACH_MSG_SUCCESS);
    }
    if (message->header.msgh_size > call->receive_size) {
        message_copyout_header_only(message, space);
        return put(message, space, call->user_address, MACH_RCV_TOO_LARGE);
    }
    return put(message, space, call->user_address, message_copyout(message, space, notify));
}

mach_msg_return_t mach_msg_receive(struct space *space, const struct call *call,
                                   struct thread *next)
{
    mach_msg_size_t too_large = 0;
    struct message *message;
    mach_msg_return_t status;

    if (call->option & MACH_RCV_NOTIFY && !space_lookup_receive(space, call->notify_name)) {
        if (next)
            sched_make_runnable(next);
        return MACH_RCV_INVALID_NOTIFY;
    }
    status = message_receive(space, call->receive_name, call->option, call->receive_size,
                             call->timeout_ms, next, &message, &too_large);
    if (status == MACH_MSG_SUCCESS)
        return mach_msg_deliver(message, space, call);
    if (status == MACH_RCV_TOO_LARGE &&
        !copyout(&too_large, call->user_address + offsetof(mach_msg_user_header_t, msgh_size),
                 sizeof too_large))
        return MACH_RCV_INVALID_DATA;
    return status;
}

/* --- the answer of a kernel object --- */

/* True if the caller is about to receive just this reply, with nothing before it and nobody
   beside. */
static bool is_awaited(const struct message *reply, const struct space *space,
                       const struct call *call)
{
    const struct port *port = reply->header.msgh_remote_port;

    return (call->option & (MACH_RCV_MSG | MACH_RCV_NOTIFY)) == MACH_RCV_MSG &&
           port->receiver == space && port->receiver_name == call->receive_name && !port->set &&
           port->message_count == 0 && wait_queue_empty(&port->receivers) &&
           reply->header.msgh_size <= call->receive_size && !(reply->flags & MESSAGE_CIRCULAR);
}

bool mach_msg_deliver_reply(struct message *reply, struct space *space, const struct call *call,
                            mach_msg_return_t *status)
{
    message_adopt_reply(reply);
    if (!is_awaited(reply, space, call)) {
        message_send_always(reply);
        return false;
    }
    reply->header.msgh_seqno = reply->header.msgh_remote_port->sequence_number++;
    *status = put(reply, space, call->user_address, message_copyout(reply, space, NULL));
    return true;
}

mach_msg_return_t mach_msg_go_on(struct message *message, struct space *space,
                                 const struct call *call)
{
    struct thread *next;
    struct message *reply;
    mach_msg_return_t status =
        call->option & MACH_SEND_NOTIFY
            ? send_or_force(message, space, call, &next, &reply)
            : message_send(message, call->option, call->timeout_ms, &next, &reply);

    if (status != MACH_MSG_SUCCESS && status != MACH_SEND_WILL_NOTIFY)
        return put_back(message, space, call->user_address, status);
    thread_current()->messages_sent++;
    if (status == MACH_SEND_WILL_NOTIFY)
        return status;
    if (reply && mach_msg_deliver_reply(reply, space, call, &status))
        return status;
    if (call->option & MACH_RCV_MSG)
        return mach_msg_receive(space, call, next);
    if (next)
        sched_make_runnable(next);
    return MACH_MSG_SUCCESS;
}

mach_msg_return_t mach_msg_slow(struct message *message, struct space *space,
                                mach_msg_size_t send_size, const struct call *call)
{
    mach_msg_return_t status;

    if (!(call->option & MACH_SEND_MSG))
        return call->option & MACH_RCV_MSG ? mach_msg_receive(space, call, NULL) : MACH_MSG_SUCCESS;
    status = check_send_options(space, call);
    if (status == MACH_MSG_SUCCESS && !message)
        status = message_get(space, call->user_address, send_size, &message);
    if (status == MACH_MSG_SUCCESS)
        status = take_rights(message, space, call);
    return status == MACH_MSG_SUCCESS ? mach_msg_go_on(message, space, call) : status;
}

mach_msg_return_t mach_msg_after_wait(struct space *space, const struct call *call,
                                      wait_result_t result)
{
    if (result != WAIT_AWAKENED)
        return message_receive_error(result);
    return mach_msg_receive(space, call, NULL);
}
