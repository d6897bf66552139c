/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

#define ID_EXCEPTION 2400

/* What the kernel sends: exception_raise. */
struct exception_message {
    mach_msg_header_t header;
    mach_msg_type_t thread_type;
    mach_port_name_inlined_t thread;
    mach_msg_type_t task_type;
    mach_port_name_inlined_t task;
    mach_msg_type_t exception_type;
    int exception, exception_pad;
    mach_msg_type_t code_type;
    int code, code_pad;
    mach_msg_type_t subcode_type;
    uint64_t subcode;
};

/* An exception that a handler has been told and has not answered. */
struct exception {
    mach_port_t thread, task, reply; /* rights of the handler */
    int exception, code;
    uint64_t subcode;
};

/* Decodes a message; the rights are then those of *exception. */
void exception_take(const struct exception_message *message, struct exception *exception);
/* Receives one at a handler's port; FALSE if none came within the time (ms). */
boolean_t exception_receive(mach_port_t port, struct exception *exception, unsigned milliseconds);
/* One must come within CLIENT_WAIT. */
void exception_expect(mach_port_t port, struct exception *exception);
/* Answers with a code, and gives up the rights. */
void exception_answer(struct exception *exception, kern_return_t code);
