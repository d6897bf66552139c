/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/boolean.h>
#include <mach/message.h>

/* A demultiplexer for whatever comes to objects' ports: each message has its turn here. */
boolean_t pager_demux(mach_msg_header_t *request, mach_msg_header_t *reply);
/* The turn of a message that was lost on its way. */
void pager_message_lost(const mach_msg_header_t *header);
