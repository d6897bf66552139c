/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/message_send.h"

#include "ipc/kernel_message.h"
#include "ipc/message.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/space.h"
#include "kernel/clock.h"
#include "kernel/kobject.h"
#include "kernel/panic.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/trace.h"
#include "kernel/wait.h"

/* --- queues --- */

static void enqueue(struct port *port, struct message *message)
{
    message_charge(message);
    trace(PORTHOLE_TRACE_QUEUE, (uint64_t)message, (uint64_t)port, trace_message(&message->header));
    list_insert_tail(&port->messages, &message->link);
    port->message_count++;
    if (port->set && !list_node_linked(&port->ready_link))
        list_insert_tail(&port->set->ready, &port->ready_link);
}

/*
 * A receiver whose buffer is too small is woken without the message, which stays in the queue for
 * it to look at. Conditions: the port is live and not served by the kernel.
 */
struct thread *message_deliver(struct port *port, struct message *message)
{
    struct wait_queue *receivers = port->set ? &port->set->receivers : &port->receivers;
    struct thread *thread;

    if (wait_queue_empty(receivers) || port->message_count != 0) {
        enqueue(port, message);
        return NULL;
    }
    thread = wait_queue_take(receivers, WAIT_AWAKENED);
    if (message->header.msgh_size <= thread->receive_limit) {
        message->header.msgh_seqno = port->sequence_number++;
        trace(PORTHOLE_TRACE_DELIVER, (uint64_t)thread, (uint64_t)port,
              trace_message(&message->header));
        thread->handed_message = message;
    } else {
        enqueue(port, message);
    }
    return thread;
}

void message_admit_senders(struct port *port)
{
    while (port->message_count < port->queue_limit && !wait_queue_empty(&port->senders)) {
        struct thread *sender = wait_queue_take(&port->senders, WAIT_AWAKENED);
        struct message *message = sender->pending_message;
        struct thread *receiver;

        sender->pending_message = NULL;
        sched_make_runnable(sender);
        receiver = message_deliver(port, message);
        if (receiver)
            sched_make_runnable(receiver);
    }
}

struct message *message_dequeue(struct port *port)
{
    struct message *message = list_entry(list_take_first(&port->messages), struct message, link);

    port->message_count--;
    message_uncharge(message);
    message->header.msgh_seqno = port->sequence_number++;
    trace(PORTHOLE_TRACE_RECEIVE, (uint64_t)message, (uint64_t)port,
          trace_message(&message->header));
    if (port->set) {
        list_remove(&port->ready_link);
        if (port->message_count > 0)
            list_insert_tail(&port->set->ready, &port->ready_link);
    }
    if (!wait_queue_empty(&port->senders))
        message_admit_senders(port);
    return message;
}

/* --- sending --- */

static void describe_full(const void *object, char *buffer, size_t bytes)
{
    struct task *task = port_receiver_task(object);

    snprintf(buffer, bytes, "%s to receive", task ? task->name : "nobody");
}

/* Waits until somebody has taken the current thread's message. */
static mach_msg_return_t wait_for_room(struct port *port, struct message *message,
                                       mach_msg_option_t option, mach_msg_timeout_t timeout_ms)
{
    static const struct wait_reason reason = {"room in a full queue", describe_full};
    struct thread *thread = thread_current();
    wait_result_t result;

    if (option & MACH_SEND_TIMEOUT && timeout_ms == 0)
        return MACH_SEND_TIMED_OUT;
    thread->pending_message = message;
    result = wait_queue_sleep(&port->senders, &reason, port, WAIT_INTERRUPTIBLE,
                              option & MACH_SEND_TIMEOUT ? deadline_after_ms(timeout_ms)
                                                         : DEADLINE_NEVER);
    if (result == WAIT_AWAKENED) {
        assert(thread->pending_message == NULL);
        return MACH_MSG_SUCCESS;
    }
    thread->pending_message = NULL;
    return result == WAIT_TIMED_OUT ? MACH_SEND_TIMED_OUT : MACH_SEND_INTERRUPTED;
}

/* Send-once rights make sure by themselves that there is room. */
static bool must_wait(const struct port *port, const struct message *message)
{
    return port->message_count >= port->queue_limit &&
           MACH_MSGH_BITS_REMOTE(message->header.msgh_bits) == MACH_MSG_TYPE_PORT_SEND;
}

mach_msg_return_t message_send(struct message *message, mach_msg_option_t option,
                               mach_msg_timeout_t timeout_ms, struct thread **next,
                               struct message **reply)
{
    struct port *dest = message->header.msgh_remote_port;

    *next = NULL;
    *reply = NULL;
    if (!dest->active || message->flags & MESSAGE_CIRCULAR) {
        message_destroy(message);
        return MACH_MSG_SUCCESS;
    }
    if (port_is_kernel_served(dest)) {
        *reply = kobject_serve(message);
        return MACH_MSG_SUCCESS;
    }
    if (must_wait(dest, message))
        return wait_for_room(dest, message, option, timeout_ms);
    *next = message_deliver(dest, message);
    return MACH_MSG_SUCCESS;
}

/* A kernel object's answer is sent in turn; it may go to another kernel object, which has none
   for it. */
void message_send_always(struct message *message)
{
    while (message) {
        struct port *dest = message->header.msgh_remote_port;

        if (!dest->active || message->flags & MESSAGE_CIRCULAR) {
            message_destroy(message);
            return;
        }
        if (port_is_kernel_served(dest)) {
            message = kobject_serve(message);
            if (message)
                message_adopt_reply(message);
        } else {
            struct thread *receiver = message_deliver(dest, message);

            if (receiver)
                sched_make_runnable(receiver);
            return;
        }
    }
}
