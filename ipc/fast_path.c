/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message trap, and its short ways: the common send-and-receive of up to 256 bytes.
 *
 *   request   to a port where a receiver waits, the reply expected on the very port named for it
 *   reply     through a send-once right to a waiting client, the next request expected on a port
 *             or set that has none yet
 *   kernel    a request to a kernel object
 *   complex   a request or reply to a task whose body carries rights or memory (ipc/fast_complex.c)
 *   one way   a send that expects no answer from a kernel object, and a receive alone: what managers
 *             do (ipc/fast_one_way.c)
 *
 * Each either does the whole send or changes nothing; all else is mach_msg_slow()'s. To be read from
 * the end. Between a client and a server that waits for it, rights in a message would be made only
 * to be used up a moment later: the receiver runs next, with nothing in between. So the sender does the
 * receiver's half too: the destination right is not made at all, the reply right goes straight into the
 * receiver's space. Counts end up as on the long way.
 *
 * Each thread keeps a buffer for its next request. With a message it goes to the receiver, whose own
 * comes back for it.
 */
#include "ipc/mach_msg.h"

#include "ipc/fast_path.h"
#include "kernel/kobject_call.h"

struct message *fast_make_buffer(struct message **place)
{
    return *place = message_take();
}

/* What came back is not the short way's to copy out; or nothing came back. */
mach_msg_return_t fast_end_slowly(struct message *message, uint64_t user_address, mach_msg_size_t receive_size,
           mach_port_name_t receive_name, wait_result_t result)
{
    const struct call call = long_call(user_address, receive_size, receive_name);
    struct space *space = thread_current()->task->space;

    if (message && message->flags & MESSAGE_BODY)
        return fast_receive_complex(message, user_address);
    return message ? mach_msg_deliver(message, space, &call)
                   : mach_msg_after_wait(space, &call, result);
}

/* The kernel object has not given a simple answer to the awaited port. */
static __attribute__((noinline)) mach_msg_return_t
answer_slowly(const struct kobject_service *service, struct message *request,
              struct message *reply, const struct fast_call *fast)
{
    const struct call call = long_call(fast->user_address, fast->receive_size, fast->receive_name);
    struct thread *thread = thread_current();
    struct space *space = thread->task->space;
    mach_msg_return_t status;

    thread->request_buffer = thread->answer_buffer = NULL;
    reply = kobject_finish(service, request, reply);
    if (reply && mach_msg_deliver_reply(reply, space, &call, &status))
        return status;
    return mach_msg_receive(space, &call, NULL);
}

/* The send is not of the common kind: nothing has been done but to read the message. */
mach_msg_return_t fast_send_slowly(struct message *message, uint64_t user_address, mach_msg_size_t receive_size,
            mach_port_name_t receive_name)
{
    const struct call call = long_call(user_address, receive_size, receive_name);
    struct space *space = thread_current()->task->space;

    thread_current()->request_buffer = NULL;
    message->flags = 0;
    message->payer = space;
    return mach_msg_slow(message, space, message->header.msgh_size, &call);
}

/* The trap's seventh parameter, which lies on the user's stack. What cannot be read is no port. */
static mach_port_name_t seventh_parameter(void)
{
    mach_port_name_t name = MACH_PORT_NAME_NULL;

    copyin(thread_current()->machine.frame->rsp + sizeof(uint64_t), &name, sizeof name);
    return name;
}

/* Any other kind of call. */
static __attribute__((noinline)) mach_msg_return_t
call_slowly(uint64_t user_address, mach_msg_option_t option, mach_msg_size_t send_size,
            mach_msg_size_t receive_size, mach_port_name_t receive_name,
            mach_msg_timeout_t timeout_ms)
{
    struct call call = {user_address, option,     receive_size,
                        receive_name, timeout_ms, MACH_PORT_NAME_NULL};

    if (option & (MACH_SEND_CANCEL | MACH_SEND_NOTIFY | MACH_RCV_NOTIFY))
        call.notify_name = seventh_parameter();
    return mach_msg_slow(NULL, thread_current()->task->space, send_size, &call);
}

/* --- from task to task --- */

static inline bool hand_over_request(struct message *message, struct port *dest, struct port *reply,
                                     struct fast_wait *wait)
{
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)&message->header;
    struct wait_queue *queue = waiting_receiver(dest, user->msgh_size);
    struct name_entry *entry;

    if (unlikely(!queue || dest->queue_limit == 0 ||
                 space_entry_alloc_fast(dest->receiver, &entry) != KERN_SUCCESS))
        return false;
    port_make_send_once(reply);
    entry->port = reply;
    entry->bits = MACH_PORT_TYPE_SEND_ONCE | 1;
    user->msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, MACH_MSG_TYPE_PORT_SEND);
    user->msgh_remote_port_do_not_use = entry->name;
    user->msgh_protected_payload = dest->receiver_name;
    wait->queue = &reply->receivers;
    wait->reason = &message_wait_on_port;
    wait->object = reply;
    hand_over(message, dest, queue, MESSAGE_USER_FORM, wait);
    return true;
}

static inline bool hand_over_reply(struct message *message, struct space *space,
                                   mach_port_name_t receive_name, struct fast_wait *wait)
{
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)&message->header;
    struct name_entry *entry = space_entry_fast(space, user->msgh_remote_port);
    struct wait_queue *queue;
    struct port *dest;

    if (unlikely(!entry || !(entry->bits & MACH_PORT_TYPE_SEND_ONCE) || entry->request ||
                 !space_entry_is_listed(space, entry) ||
                 user->msgh_local_port != MACH_PORT_NAME_NULL))
        return false;
    dest = entry->port;
    queue = waiting_receiver(dest, user->msgh_size);
    if (unlikely(!queue || !find_wait(space, receive_name, wait)))
        return false;
    space_entry_free_fast(space, entry);
    dest->send_once_rights--;
    dest->references--; /* not the last: it has a receiver */
    user->msgh_bits = MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE);
    user->msgh_remote_port_do_not_use = MACH_PORT_NAME_NULL;
    user->msgh_protected_payload = dest->receiver_name;
    hand_over(message, dest, queue, MESSAGE_USER_FORM, wait);
    return true;
}

/* --- kernel objects --- */

/* True if a kernel object's answer can go straight to the caller's buffer: a simple one to his own
   send-once right, of a port that is as it was. */
static inline bool is_plain_answer(const struct message *reply, const struct port *port,
                                   const struct space *space, const struct fast_call *call)
{
    const mig_reply_header_t *out = (const mig_reply_header_t *)&reply->header;

    return out->RetCode == KERN_SUCCESS && out->Head.msgh_remote_port == port &&
           out->Head.msgh_bits == MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, 0) &&
           port->receiver == space && port->receiver_name == call->receive_name &&
           port_is_plain(port) && port->message_count == 0 && !port->set &&
           wait_queue_empty(&port->receivers) && out->Head.msgh_size <= call->receive_size &&
           is_short(out->Head.msgh_size);
}

/* Uses up the send-once right that such an answer carries, and copies it out. */
static inline mach_msg_return_t copyout_answer(struct thread *thread, struct port *port,
                                               const struct fast_call *call)
{
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)&thread->answer_buffer->header;

    port->send_once_rights--;
    port->references--; /* not the last: it has a receiver */
    user->msgh_bits = MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE);
    user->msgh_remote_port_do_not_use = MACH_PORT_NAME_NULL;
    user->msgh_protected_payload = call->receive_name;
    user->msgh_seqno = port->sequence_number++;
    thread->messages_received++;
    return likely(user_copy_words((void *)call->user_address, user, user->msgh_size / 8))
               ? MACH_MSG_SUCCESS
               : MACH_RCV_INVALID_DATA;
}

/* Takes a request's rights as message_copyin_header() does, lets the kernel object answer, and copies
   the answer out. Both messages stay in their buffers. */
static inline mach_msg_return_t call_kernel(struct thread *thread, struct space *space,
                                            struct message *request, struct port *dest,
                                            struct port *port, const struct fast_call *call)
{
    struct message *reply = thread->answer_buffer;
    const struct kobject_service *service = kobject_service_of(request->header.msgh_id);

    if (unlikely(service->reply_bytes > MESSAGE_SMALL_BYTES ||
                 (!reply && !(reply = fast_make_buffer(&thread->answer_buffer)))))
        return fast_send_slowly(request, call->user_address, call->receive_size, call->receive_name);
    request->header.msgh_remote_port = port_copy_live_send(dest);
    request->header.msgh_local_port = port_make_send_once(port);
    request->header.msgh_bits =
        MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, MACH_MSG_TYPE_PORT_SEND_ONCE);
    kobject_reply_init(reply, request, service->reply_bytes);
    kobject_run(service, request, reply);
    thread->messages_sent++;
    if (unlikely(!is_plain_answer(reply, port, space, call)))
        return answer_slowly(service, request, reply, call);
    port_drop_send(dest);
    return copyout_answer(thread, port, call);
}

/* --- the trap --- */

/* The option is to send and to receive. */
static __attribute__((noinline)) mach_msg_return_t
send_and_receive(uint64_t user_address, mach_msg_option_t option, mach_msg_size_t send_size,
                 mach_msg_size_t receive_size, mach_port_name_t receive_name,
                 mach_msg_timeout_t timeout_ms)
{
    const struct fast_call call = {user_address, receive_size, receive_name};
    struct thread *thread = thread_current();
    struct space *space = thread->task->space;
    struct message *message = thread->request_buffer;
    struct port *dest, *reply;
    struct fast_wait wait = {.sender = thread};
    bool done = false;

    if (unlikely(!is_short(send_size) || user_address > USER_ADDRESS_END - MESSAGE_SMALL_BYTES ||
                 (!message && !(message = fast_make_buffer(&thread->request_buffer)))))
        return call_slowly(user_address, option, send_size, receive_size, receive_name,
                           timeout_ms);
    if (unlikely(!user_copy_words(&message->header, (void *)user_address, send_size / 8)))
        return MACH_SEND_INVALID_DATA;
    message->header.msgh_size = send_size;
    if (message->header.msgh_bits == REPLY_BITS) {
        done = hand_over_reply(message, space, receive_name, &wait);
    } else if (message->header.msgh_bits == REQUEST_BITS &&
               find_request(message, space, receive_name, &dest, &reply)) {
        if (port_is_plain(dest))
            done = hand_over_request(message, dest, reply, &wait);
        else if (dest->active && port_is_kernel_served(dest))
            return call_kernel(thread, space, message, dest, reply, &call);
    } else if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        return fast_send_complex(thread, &call);
    }
    if (likely(done))
        return wait_and_copyout(&call, &wait);
    return fast_send_slowly(message, user_address, receive_size, receive_name);
}

/*
 * Conditions: a user thread. All parameters are the user's and nothing is assumed of them. The
 * seventh, the notify port, is fetched only where an option asks for it. Results: spec/ipc.md 3.
 * The receive is skipped when the send fails.
 */
mach_msg_return_t mach_msg_trap(uint64_t user_address, mach_msg_option_t option,
                                mach_msg_size_t send_size, mach_msg_size_t receive_size,
                                mach_port_name_t receive_name, mach_msg_timeout_t timeout_ms)
{
    if (likely(option == (MACH_SEND_MSG | MACH_RCV_MSG)))
        return send_and_receive(user_address, option, send_size, receive_size, receive_name,
                                timeout_ms);
    if (option == MACH_RCV_MSG)
        return fast_receive(user_address, receive_size, receive_name);
    if (option == MACH_SEND_MSG)
        return fast_send(user_address, send_size);
    return call_slowly(user_address, option, send_size, receive_size, receive_name, timeout_ms);
}
