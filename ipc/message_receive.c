/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/message_receive.h"

#include "ipc/message.h"
#include "ipc/message_send.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/space_table.h"
#include "kernel/clock.h"
#include "kernel/panic.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

/* Where messages come from: a port, or the first member of a set that has any. */
struct source {
    struct wait_queue *receivers;
    struct port *port;              /* with messages; NULL: none there */
    const struct wait_reason *reason;
    const void *object;             /* the port or set, for the monitor */
};

static void describe_port(const void *object, char *buffer, size_t bytes)
{
    const struct port *port = object;

    snprintf(buffer, bytes, "port 0x%x, %u send rights, %u send-once", port->receiver_name,
              port->send_rights, port->send_once_rights);
}

static void describe_set(const void *object, char *buffer, size_t bytes)
{
    const struct port_set *set = object;

    snprintf(buffer, bytes, "port set 0x%x, %u members", set->name, set->member_count);
}

const struct wait_reason message_wait_on_port = {"a message", describe_port};
const struct wait_reason message_wait_on_set = {"a message to a set", describe_set};

static void source_of_port(struct port *port, struct source *source)
{
    source->receivers = &port->receivers;
    source->port = port->message_count > 0 ? port : NULL;
    source->reason = &message_wait_on_port;
    source->object = port;
}

static mach_msg_return_t find_source(struct space *space, mach_port_name_t name,
                                     struct source *source)
{
    struct name_entry *entry = space_entry(space, name);

    if (!entry)
        return MACH_RCV_INVALID_NAME;
    if (entry->bits & MACH_PORT_TYPE_RECEIVE) {
        if (entry->port->set)
            return MACH_RCV_IN_SET;
        source_of_port(entry->port, source);
        return MACH_MSG_SUCCESS;
    }
    if (!(entry->bits & MACH_PORT_TYPE_PORT_SET))
        return MACH_RCV_INVALID_NAME;
    source->receivers = &entry->set->receivers;
    source->port = list_empty(&entry->set->ready)
                       ? NULL
                       : list_entry(list_first(&entry->set->ready), struct port, ready_link);
    source->reason = &message_wait_on_set;
    source->object = entry->set;
    return MACH_MSG_SUCCESS;
}

/* Takes the first message, unless it is too large and is to stay. */
static mach_msg_return_t take(struct source *source, mach_msg_option_t option,
                              mach_msg_size_t receive_size, struct message **message,
                              mach_msg_size_t *too_large)
{
    struct message *first =
        list_entry(list_first(&source->port->messages), struct message, link);

    if (first->header.msgh_size > receive_size && option & MACH_RCV_LARGE) {
        *too_large = first->header.msgh_size;
        wait_queue_wake_one(source->receivers, WAIT_AWAKENED); /* it stays for somebody else */
        return MACH_RCV_TOO_LARGE;
    }
    *message = message_dequeue(source->port);
    return MACH_MSG_SUCCESS;
}

mach_msg_return_t message_receive_error(wait_result_t result)
{
    switch (result) {
    case WAIT_TIMED_OUT:
        return MACH_RCV_TIMED_OUT;
    case WAIT_INTERRUPTED:
        return MACH_RCV_INTERRUPTED;
    case RECEIVE_PORT_DIED:
        return MACH_RCV_PORT_DIED;
    case RECEIVE_PORT_CHANGED:
        return MACH_RCV_PORT_CHANGED;
    default:
        panic("a receiver was woken with %d", result);
    }
}

/* Sleeps until a message has been handed over (*message) or there is reason to look again
   (NULL). The source may be gone afterwards. */
static mach_msg_return_t sleep_on(const struct source *source, mach_msg_size_t receive_size,
                                  uint64_t deadline_ns, struct thread *next,
                                  struct message **message)
{
    struct thread *thread = thread_current();
    wait_result_t result;

    thread->receive_limit = receive_size;
    result = next ? wait_queue_sleep_switch(source->receivers, source->reason, source->object,
                                            WAIT_INTERRUPTIBLE, deadline_ns, next)
                  : wait_queue_sleep(source->receivers, source->reason, source->object,
                                     WAIT_INTERRUPTIBLE, deadline_ns);
    *message = thread->handed_message;
    thread->handed_message = NULL;
    assert(!*message || result == WAIT_AWAKENED);
    return result == WAIT_AWAKENED ? MACH_MSG_SUCCESS : message_receive_error(result);
}

mach_msg_return_t message_receive(struct space *space, mach_port_name_t name,
                                  mach_msg_option_t option, mach_msg_size_t receive_size,
                                  mach_msg_timeout_t timeout_ms, struct thread *next,
                                  struct message **message, mach_msg_size_t *too_large)
{
    bool timed = option & MACH_RCV_TIMEOUT;
    uint64_t deadline_ns = timed && timeout_ms ? deadline_after_ms(timeout_ms) : DEADLINE_NEVER;
    mach_msg_return_t status;

    for (;;) {
        struct source source;

        status = find_source(space, name, &source);
        if (status != MACH_MSG_SUCCESS)
            break;
        if (source.port) {
            status = take(&source, option, receive_size, message, too_large);
            break;
        }
        if (timed && timeout_ms == 0) {
            status = MACH_RCV_TIMED_OUT;
            break;
        }
        status = sleep_on(&source, receive_size, deadline_ns, next, message);
        next = NULL;
        if (status != MACH_MSG_SUCCESS || *message)
            break;
    }
    if (next)
        sched_make_runnable(next);
    return status;
}

/* Conditions: nobody but the current thread receives from the port. */
mach_msg_return_t message_receive_kernel(struct port *port, struct thread *next,
                                         struct message **message)
{
    mach_msg_return_t status = MACH_MSG_SUCCESS;
    struct source source;

    *message = NULL;
    source_of_port(port, &source);
    if (source.port) {
        *message = message_dequeue(port);
        if (next)
            sched_make_runnable(next);
        return MACH_MSG_SUCCESS;
    }
    while (status == MACH_MSG_SUCCESS && !*message) {
        status = sleep_on(&source, MESSAGE_INLINE_MAX, DEADLINE_NEVER, next, message);
        next = NULL;
    }
    return status;
}
