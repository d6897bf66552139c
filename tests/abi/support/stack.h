/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/port.h>

#define STACK_BYTES      65536
#define STACK_BYTES_TEXT "65536"

/* A thread's stack, at a multiple of its size: it begins with what the stubs keep for the thread. */
struct stack {
    mach_port_t reply_port;
    char space[STACK_BYTES - sizeof(mach_port_t)];
};
