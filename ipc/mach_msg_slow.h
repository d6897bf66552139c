/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The long way through the message trap: any message, any options; and the pieces that the short
 * ways (ipc/fast_path.c) share with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/message.h>
#include <mach/port.h>

#include "kernel/wait.h"

struct message;
struct space;
struct thread;

/* The trap's parameters. */
struct call {
    uint64_t user_address;
    mach_msg_option_t option;
    mach_msg_size_t receive_size;
    mach_port_name_t receive_name;
    mach_msg_timeout_t timeout_ms;
    mach_port_name_t notify_name;
};

/* The whole trap. The message may have been read from the user already (in user form,
   untouched), or be NULL. */
mach_msg_return_t mach_msg_slow(struct message *message, struct space *space,
                                mach_msg_size_t send_size, const struct call *call);
/* The rest of it for a message in kernel form, which is consumed. */
mach_msg_return_t mach_msg_go_on(struct message *message, struct space *space,
                                 const struct call *call);
/* The receive. next: see message_receive(). */
mach_msg_return_t mach_msg_receive(struct space *space, const struct call *call,
                                   struct thread *next);
/* A receive that slept has come back without a message: ends it, or begins it again. */
mach_msg_return_t mach_msg_after_wait(struct space *space, const struct call *call,
                                      wait_result_t result);
/* Copies a received message out; consumes it. */
mach_msg_return_t mach_msg_deliver(struct message *message, struct space *space,
                                   const struct call *call);
/* The buffer was not writable: takes back what a message in user form has put into the space;
   consumes it. */
mach_msg_return_t mach_msg_undeliverable(struct message *message, struct space *space);
/* Copies a kernel object's reply out as if it had gone through the port's queue, or sends it
   where it is to go; consumes it. True: *status is the caller's result. */
bool mach_msg_deliver_reply(struct message *reply, struct space *space, const struct call *call,
                            mach_msg_return_t *status);
