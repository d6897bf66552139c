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

#include "ipc/message_copyin.h"
#include "kernel/kobject_call.h"

#define ONE_WAY_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0)

/* The kernel-served port that the message goes to by a plain send right; NULL: not such a message. */
static struct port *find_kernel_port(const struct message *message, const struct space *space)
{
    const mach_msg_user_header_t *user = (const mach_msg_user_header_t *)&message->header;
    struct name_entry *entry = space_entry_fast(space, user->msgh_remote_port);

    if (!entry || !(entry->bits & MACH_PORT_TYPE_SEND) || !entry->port->active ||
        !port_is_kernel_served(entry->port) || user->msgh_local_port != MACH_PORT_NAME_NULL ||
        (user->msgh_bits & ~MACH_MSGH_BITS_COMPLEX) != ONE_WAY_BITS)
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

bool fast_send(uint64_t user_address, mach_msg_size_t bytes, mach_msg_return_t *status)
{
    const struct call rest = {.user_address = user_address, .option = MACH_SEND_MSG};
    struct thread *thread = thread_current();
    struct space *space = thread->task->space;
    struct message *message = thread->request_buffer;
    struct port *dest;

    if (unlikely((!message && !(message = fast_make_buffer(&thread->request_buffer))) ||
                 (!thread->answer_buffer && !fast_make_buffer(&thread->answer_buffer)) ||
                 user_address > USER_ADDRESS_END - MESSAGE_SMALL_BYTES ||
                 !user_copy_words(&message->header, (void *)user_address, bytes / 8)))
        return false;
    dest = find_kernel_port(message, space);
    if (!dest || kobject_service_of(message->header.msgh_id)->reply_bytes > MESSAGE_SMALL_BYTES)
        return false;
    message->flags = 0;
    message->header.msgh_size = bytes;
    message->header.msgh_bits = (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) |
                                MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, 0);
    message->header.msgh_remote_port = port_copy_live_send(dest);
    message->header.msgh_local_port = NULL;
    *status = message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX
                  ? message_copyin_body(message, space) : MACH_MSG_SUCCESS;
    if (likely(*status == MACH_MSG_SUCCESS && message->flags == 0 && dest->active &&
               port_is_kernel_served(dest))) {
        serve(thread, message);
        return true;
    }
    thread->request_buffer = NULL;
    message->payer = space;
    if (*status == MACH_MSG_SUCCESS)
        *status = mach_msg_go_on(message, space, &rest);
    else
        message_destroy(message);
    return true;
}

bool fast_receive(uint64_t user_address, mach_msg_size_t bytes, mach_port_name_t name,
                  mach_msg_return_t *status)
{
    struct thread *thread = thread_current();
    struct fast_wait wait = {.sender = thread};
    struct message *message;
    wait_result_t result;

    if (user_address > USER_ADDRESS_END - MESSAGE_SMALL_BYTES ||
        !find_wait(thread->task->space, name, &wait))
        return false;
    thread->receive_limit = bytes;
    result = wait_queue_sleep(wait.queue, wait.reason, wait.object, WAIT_INTERRUPTIBLE,
                              DEADLINE_NEVER);
    message = thread->handed_message;
    thread->handed_message = NULL;
    *status = MACH_MSG_SUCCESS;
    if (unlikely(!message || message->flags != MESSAGE_USER_FORM)) {
        *status = fast_end_slowly(message, user_address, bytes, name, result);
    } else if (unlikely(!user_copy_words((void *)user_address, &message->header,
                                         message->header.msgh_size / 8))) {
        *status = mach_msg_undeliverable(message, thread->task->space);
    } else {
        thread->messages_received++;
        thread->request_buffer = message;
    }
    return true;
}
