/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short ways of who sends without expecting an answer and receives for itself, as managers do: a
 * one-way request to a kernel object, and a receive for which nothing has come yet.
 *
 * The request stays in the thread's buffer while the kernel object serves it, the answer that nobody gets
 * in the other one. Taking the body may sleep: the header has kernel form meanwhile, as on the long
 * way, which can go on with it at any time.
 */
#include "ipc/fast_path.h"

#include "ipc/message_body.h"
#include "ipc/message_copyin.h"
#include "ipc/message_send.h"
#include "ipc/space_hash.h"
#include "kernel/kobject_call.h"

#define ONE_WAY_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0)

/* The kernel-served port that the message goes to by a plain send right; NULL: not such a message. */
static struct port *find_kernel_port(const struct message *message, const struct space *space)
{
    const mach_msg_user_header_t *user = (const mach_msg_user_header_t *)&message->header;
    struct name_entry *entry = space_entry_fast(space, user->msgh_remote_port);

    if (!entry || !(entry->bits & MACH_PORT_TYPE_SEND) || !entry->port->active ||
        !port_is_kernel_served(entry->port) || user->msgh_local_port != MACH_PORT_NAME_NULL ||
        (user->msgh_bits & ~MACH_MSGH_BITS_COMPLEX) != ONE_WAY_BITS ||
        kobject_service_of(user->msgh_id)->reply_bytes > MESSAGE_SMALL_BYTES)
        return NULL;
    return entry->port;
}

/* Lets the kernel object serve what has kernel form by now. */
static void serve(struct thread *thread, struct message *message)
{
    const struct kobject_service *service = kobject_service_of(message->header.msgh_id);
    struct message *reply = thread->answer_buffer;
    mig_reply_header_t *out = (mig_reply_header_t *)&reply->header;

    kobject_reply_init(reply, message, service->reply_bytes);
    kobject_run(service, message, reply);
    thread->messages_sent++;
    if (likely(out->RetCode == KERN_SUCCESS && !(out->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX))) {
        port_drop_send(message->header.msgh_remote_port);
        return;
    }
    thread->request_buffer = thread->answer_buffer = NULL;
    kobject_finish(service, message, reply);
}

/* The message is in the thread's buffer, untouched, and goes to a kernel object. */
static mach_msg_return_t send(struct thread *thread, struct message *message, struct port *dest,
                              uint64_t user_address)
{
    const struct call rest = {.user_address = user_address, .option = MACH_SEND_MSG};
    struct space *space = thread->task->space;
    mach_msg_return_t status = MACH_MSG_SUCCESS;

    message->flags = 0;
    message->header.msgh_remote_port = port_copy_live_send(dest);
    message->header.msgh_local_port = NULL;
    if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        message->header.msgh_bits =
            MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, 0);
        status = message_copyin_body(message, space);
    } else {
        message->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, 0);
    }
    if (likely(status == MACH_MSG_SUCCESS && message->flags == 0 && dest->active &&
               port_is_kernel_served(dest))) {
        serve(thread, message);
        return MACH_MSG_SUCCESS;
    }
    thread->request_buffer = NULL;
    message->payer = space;
    if (status == MACH_MSG_SUCCESS)
        return mach_msg_go_on(message, space, &rest);
    message_destroy(message);
    return status;
}

mach_msg_return_t fast_send(uint64_t user_address, mach_msg_size_t bytes)
{
    const struct call call = {.user_address = user_address, .option = MACH_SEND_MSG};
    struct thread *thread = thread_current();
    struct message *message = thread->request_buffer;
    struct port *dest;

    if (likely(is_short(bytes) && user_address <= USER_ADDRESS_END - MESSAGE_SMALL_BYTES &&
               (message || (message = fast_make_buffer(&thread->request_buffer))) &&
               (thread->answer_buffer || fast_make_buffer(&thread->answer_buffer)) &&
               user_copy_words(&message->header, (void *)user_address, bytes / 8) &&
               (dest = find_kernel_port(message, thread->task->space)) != NULL)) {
        message->header.msgh_size = bytes;
        return send(thread, message, dest, user_address);
    }
    return mach_msg_slow(NULL, thread->task->space, bytes, &call);
}

/* Gives a message that the kernel has queued its user form: numbers behind one right, for which the space
   has a name. False: it is not such a one, nothing changed. */
static bool name_plain(struct message *message, const struct space *space)
{
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)&message->header;
    struct port *dest = message->header.msgh_remote_port, **right = message_first_right(message);
    mach_msg_type_name_t type = MACH_MSGH_BITS_REMOTE(message->header.msgh_bits);
    struct name_entry *entry;

    if (!(message->flags & MESSAGE_ONE_RIGHT) || message->header.msgh_local_port || !port_is_plain(dest) ||
        !PORT_VALID(*right) || !(*right)->active || !(entry = space_hash_find_send(space, *right)))
        return false;
    entry_add_reference(entry);
    port_drop_send(*right);
    *right = (struct port *)(uint64_t)entry->name;
    user->msgh_bits = MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(0, type);
    user->msgh_remote_port_do_not_use = MACH_PORT_NAME_NULL;
    user->msgh_protected_payload = dest->receiver_name;
    if (type == MACH_MSG_TYPE_PORT_SEND_ONCE)
        port_forget_send_once(dest);
    else
        port_drop_send(dest);
    return true;
}

/* Copies a message out that came through a queue. */
static mach_msg_return_t put_queued(struct thread *thread, struct message *message,
                                    const struct call *call)
{
    struct space *space = thread->task->space;

    if (message->header.msgh_size > call->receive_size || message->header.msgh_size > MESSAGE_SMALL_BYTES ||
        !name_plain(message, space))
        return mach_msg_deliver(message, space, call);
    if (!user_copy_words((void *)call->user_address, &message->header, message->header.msgh_size / 8))
        return mach_msg_undeliverable(message, space);
    message_free(message);
    thread->messages_received++;
    return MACH_MSG_SUCCESS;
}

/* Takes the first message that is there, whatever it is; the long way where none is. */
static mach_msg_return_t receive_queued(struct thread *thread, const struct call *call)
{
    struct space *space = thread->task->space;
    struct name_entry *entry = space_entry_fast(space, call->receive_name);
    struct port *port = NULL;

    if (!entry)
        return mach_msg_receive(space, call, NULL);
    if (entry->bits & MACH_PORT_TYPE_PORT_SET && !list_empty(&entry->set->ready))
        port = list_entry(list_first(&entry->set->ready), struct port, ready_link);
    else if (entry->bits & MACH_PORT_TYPE_RECEIVE && !entry->port->set &&
             entry->port->message_count > 0)
        port = entry->port;
    return port ? put_queued(thread, message_dequeue(port), call)
                : mach_msg_receive(space, call, NULL);
}

mach_msg_return_t fast_receive(uint64_t user_address, mach_msg_size_t bytes, mach_port_name_t name)
{
    const struct call call = {.user_address = user_address, .option = MACH_RCV_MSG,
                              .receive_size = bytes, .receive_name = name};
    struct thread *thread = thread_current();
    struct message *message;
    struct fast_wait wait;
    wait_result_t result;

    if (unlikely(user_address > USER_ADDRESS_END - MESSAGE_SMALL_BYTES))
        return mach_msg_receive(thread->task->space, &call, NULL);
    if (unlikely(!find_wait(thread->task->space, name, &wait)))
        return receive_queued(thread, &call);
    thread->receive_limit = bytes;
    result = wait_queue_sleep(wait.queue, wait.reason, wait.object, WAIT_INTERRUPTIBLE,
                              DEADLINE_NEVER);
    message = thread->handed_message;
    thread->handed_message = NULL;
    if (unlikely(!message || message->flags != MESSAGE_USER_FORM))
        return fast_end_slowly(message, user_address, bytes, name, result);
    if (unlikely(!user_copy_words((void *)user_address, &message->header,
                                  message->header.msgh_size / 8)))
        return mach_msg_undeliverable(message, thread->task->space);
    thread->request_buffer = message;
    thread->messages_received++;
    return MACH_MSG_SUCCESS;
}
