/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reply right of a manager's request: it has one owner at any line, and one message or one release
 * ends it (H-01).
 */
#pragma once

#include <stdbool.h>

#include <mach/message.h>

struct port;

struct reply_right {
    struct port *port;          /* NULL or PORT_DEAD: nobody is to be told */
    mach_msg_type_name_t type;  /* MACH_MSG_TYPE_PORT_SEND or _SEND_ONCE */
};

/* Whether a request brought a right that can be answered to, or none. MIG lets any type pass here, also a
   number, which is then no port at all. */
static inline bool reply_right_valid(struct reply_right reply)
{
    return !reply.port || reply.type == MACH_MSG_TYPE_PORT_SEND ||
           reply.type == MACH_MSG_TYPE_PORT_SEND_ONCE;
}
