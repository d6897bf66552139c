/* SPDX-License-Identifier: BSD-2-Clause */
/* What requests on tasks, threads, hosts and processors have in common. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/time_value.h>

/*
 * Answers a flavor: copies what the caller has room for, at least `minimum` bytes, and sets the
 * count. A caller built against an older, shorter form of the structure gets that.
 * KERN_INVALID_ARGUMENT: less room than the minimum.
 */
kern_return_t rpc_info_answer(integer_t *out, mach_msg_type_number_t *count, const void *info,
                              size_t bytes, size_t minimum);

/* The same for hosts and processors: KERN_FAILURE when there is not room for all. */
kern_return_t rpc_host_info_answer(integer_t *out, mach_msg_type_number_t *count, const void *info,
                                   size_t bytes);

/* Nanoseconds in Mach's two forms. */
time_value64_t time_value64_from_ns(uint64_t ns);
time_value_t time_value_from_64(time_value64_t time);

/*
 * Room for an answer's array of `total` send rights, which the caller fills in without failing: the reply owns
 * it. NULL for none. KERN_RESOURCE_SHORTAGE.
 */
kern_return_t rpc_ports_begin(mach_port_t **ports, mach_msg_type_number_t *count, unsigned total);

/* Copies a user's name for something out of a request, where it need not be ended, up to bytes with the end;
   unprintable characters become '?'. */
void rpc_name_copy(char *to, size_t bytes, const char *name);
