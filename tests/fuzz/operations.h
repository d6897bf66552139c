/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations: one function for each kind. None expects anything of its results. */
#pragma once

#include "fuzz.h"

/* request.c: any request of any subsystem, mostly to a fitting port, with the layout that its stub makes;
   and with that layout damaged. */
void request_send(struct member *member);
void request_send_wrong(struct member *member);
/* letter.c: messages with all kinds of rights and memory. */
void letter_send(struct member *member);
/* receive.c: receives in all ways; may serve what it got as a pager or an exception handler. */
void letter_receive(struct member *member);
/* ordinary.c: names and memory, mostly changed as programs do. */
void port_change(struct member *member);
void memory_change(struct member *member);
/* wild.c: traps of any number; memory touched; exceptions raised. */
void wild_trap(struct member *member);
void wild_touch(struct member *member);
void wild_fault(struct member *member);

/* --- what they share --- */

/* If the run is told: a line on the console about the member's operation. */
void tell(const struct member *member, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Remembers the rights and gives back the memory that a received message has brought. */
void harvest(struct member *member, mach_msg_header_t *message, enum target target);
/*
 * Asks for routine `id` with these values: one for each argument, a second (its number of bytes) for memory, a
 * second (its disposition) for a right whose kind is the caller's choice. Inline arrays are not for this. The
 * rights of the reply are good for `target`. The routine's code, or that of mach_msg.
 */
kern_return_t request_ask(struct member *member, mach_port_name_t port, mach_msg_id_t id, enum target target,
                           const uint64_t *values);
#define CALL(member, port, id, ...)                                                                \
    request_ask(member, port, id, TARGET_ANY, (const uint64_t[]){__VA_ARGS__})
/* Sends what was built in the member's buffer, mostly with a short time-out; receives a reply, if wanted, and
   harvests it. */
mach_msg_return_t exchange(struct member *member, mach_msg_size_t size, boolean_t reply,
                           enum target target);
