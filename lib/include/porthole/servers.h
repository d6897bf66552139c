/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_SERVERS_H
#define PORTHOLE_SERVERS_H

#include <mach/boolean.h>
#include <mach/message.h>

/*
 * The demultiplexers that MIG makes of the interfaces that programs serve. Each returns FALSE for a
 * request that is not its own; the routines' declarations are in <mig/NAME_server.h>.
 */
boolean_t bootstrap_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t device_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t default_pager_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t exc_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t memory_object_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t memory_object_default_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_memory_object_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_memory_object_default_server(mach_msg_header_t *request,
                                              mach_msg_header_t *reply);
boolean_t notify_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_notify_server(mach_msg_header_t *request, mach_msg_header_t *reply);

#endif
