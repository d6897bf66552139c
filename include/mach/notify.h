/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_NOTIFY_H
#define MACH_NOTIFY_H

#include <mach/message.h>
#include <mach/port.h>

#define MACH_NOTIFY_FIRST          64
#define MACH_NOTIFY_PORT_DELETED   65
#define MACH_NOTIFY_MSG_ACCEPTED   66
#define MACH_NOTIFY_PORT_DESTROYED 69
#define MACH_NOTIFY_NO_SENDERS     70
#define MACH_NOTIFY_SEND_ONCE      71
#define MACH_NOTIFY_DEAD_NAME      72
#define MACH_NOTIFY_LAST           77

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_type_t not_type;
    mach_port_name_t not_port;
} mach_port_deleted_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_type_t not_type;
    mach_port_name_t not_port;
} mach_msg_accepted_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_type_t not_type;
    mach_port_t not_port; /* the receive right */
} mach_port_destroyed_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_type_t not_type;
    unsigned int not_count; /* make-send count */
} mach_no_senders_notification_t;

typedef struct {
    mach_msg_header_t not_header;
} mach_send_once_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_type_t not_type;
    mach_port_name_t not_port;
} mach_dead_name_notification_t;

#endif
