/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that are measured, by one client alone (ipc.c) and by several at once (lanes.c).
 */
#pragma once

#include "bench.h"

/* A trap that does nothing: one of the old port traps, which answer the null port at once. */
#define TRAP_NULL (-10)
static inline void trap_null(void)
{
    uint64_t result;

    __asm__ volatile("syscall" : "=a"(result) : "a"((int64_t)TRAP_NULL) : "rcx", "r11", "memory");
}

/* The trap mach_task_self, whose right piles up under one name. */
static inline void trap_task_self(void)
{
    (mach_task_self)();
}

/* A port with a receive right comes and goes. */
void port_allocate_destroy(void);
/* A page that nobody touches comes and goes. */
void vm_allocate_deallocate(void);

struct echo {
    mach_msg_header_t header;
    char body[256];
};

/* A client and its server, in a task of its own, that sends every request back. */
struct echo_client {
    struct child server;
    mach_port_t port;  /* send right */
    mach_port_t reply; /* receive right */
    struct echo message;
};

/* Makes the server's task, and one's own reply port. */
void echo_start(struct echo_client *client);
/* A request of a header alone, and its answer. */
void echo_header(struct echo_client *client);
/* The same with 128 bytes inline, which the first call prepares. */
void echo_128_bytes(struct echo_client *client);
/* 64 KiB that nobody has touched go to the server, moved, and come back. */
void echo_out_of_line(struct echo_client *client);
