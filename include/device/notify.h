/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DEVICE_NOTIFY_H
#define DEVICE_NOTIFY_H

#include <mach/message.h>
#include <mach/port.h>

/* Sent to the port of device_intr_register at each interrupt. */
#define DEVICE_INTR_NOTIFY 100

typedef struct {
    mach_msg_header_t intr_header;
    mach_msg_type_t intr_type;
    int id;
} device_intr_notification_t;

#endif
