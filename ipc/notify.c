/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications, built here rather than by MIG's stubs: they must not get lost when memory is
 * short, so their buffers come from the reserve. The layouts are those of <mach/notify.h>.
 */
#include "ipc/notify.h"

#include <mach/notify.h>

#include "ipc/kernel_message.h"
#include "ipc/message.h"
#include "ipc/message_send.h"
#include "ipc/port.h"
#include "kernel/string.h"

/* A cleared notification to a live port; NULL otherwise, and the right is gone. */
static struct message *notification(struct port *notify, mach_msg_id_t id, uint32_t bytes)
{
    struct message *message = notify->active ? message_alloc_urgent(bytes) : NULL;

    if (!message) {
        port_forget_send_once(notify);
        return NULL;
    }
    memset(&message->header, 0, bytes);
    message->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, 0);
    message->header.msgh_size = bytes;
    message->header.msgh_remote_port = notify;
    message->header.msgh_id = id;
    return message;
}

static const mach_msg_type_t one_name = {
    .msgt_name = MACH_MSG_TYPE_PORT_NAME, .msgt_size = 32, .msgt_inline = 1, .msgt_number = 1};
static const mach_msg_type_t one_count = {
    .msgt_name = MACH_MSG_TYPE_INTEGER_32, .msgt_size = 32, .msgt_inline = 1, .msgt_number = 1};
static const mach_msg_type_t one_receive_right = {
    .msgt_name = MACH_MSG_TYPE_PORT_RECEIVE, .msgt_size = 64, .msgt_inline = 1, .msgt_number = 1};

/* One descriptor and one 8-byte slot behind the header. */
struct notification_body {
    mach_msg_type_t type;
    uint64_t value;
};

#define BODY_BYTES (sizeof(mach_msg_header_t) + sizeof(struct notification_body))

/* One that carries a value. NULL as above. */
static struct message *valued(struct port *notify, mach_msg_id_t id, mach_msg_type_t type,
                              uint64_t value)
{
    struct message *message = notification(notify, id, BODY_BYTES);

    if (message)
        *(struct notification_body *)(&message->header + 1) = (struct notification_body){type, value};
    return message;
}

static void notify_value(struct port *notify, mach_msg_id_t id, mach_msg_type_t type,
                         uint32_t value)
{
    message_send_always(valued(notify, id, type, value));
}

void notify_port_deleted(struct port *notify, mach_port_name_t name)
{
    notify_value(notify, MACH_NOTIFY_PORT_DELETED, one_name, name);
}

void notify_msg_accepted(struct port *notify, mach_port_name_t name)
{
    notify_value(notify, MACH_NOTIFY_MSG_ACCEPTED, one_name, name);
}

void notify_dead_name(struct port *notify, mach_port_name_t name)
{
    notify_value(notify, MACH_NOTIFY_DEAD_NAME, one_name, name);
}

void notify_no_senders(struct port *notify, mach_port_mscount_t make_send_count)
{
    notify_value(notify, MACH_NOTIFY_NO_SENDERS, one_count, make_send_count);
}

void notify_send_once(struct port *notify)
{
    message_send_always(notification(notify, MACH_NOTIFY_SEND_ONCE, sizeof(mach_msg_header_t)));
}

/* Where the right cannot go it is destroyed, which ends its port. */
void notify_port_destroyed(struct port *notify, struct port *receive_right)
{
    struct message *message = valued(notify, MACH_NOTIFY_PORT_DESTROYED, one_receive_right,
                                     (uint64_t)receive_right);

    if (!message) {
        port_release_receive(receive_right);
        return;
    }
    message->header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    message_adopt_reply(message);
    message_send_always(message);
}
