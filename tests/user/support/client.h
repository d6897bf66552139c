/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

#include "exception.h"

/*
 * A thread that does one thing (touch an address, make a call) while the test goes on. It either
 * comes to its end with a value, or raises an exception, which the test receives in the place of a
 * handler; or it stays blocked.
 */
enum client_state { CLIENT_BLOCKED, CLIENT_DONE, CLIENT_EXCEPTION };

struct client {
    mach_port_t thread;        /* send right; NULL until it has begun */
    mach_port_t port;          /* receive right: its end or its exception comes here */
    enum client_state state;
    uint64_t value;            /* DONE */
    int exception, code;       /* EXCEPTION */
    uint64_t subcode;          /* the address, for EXC_BAD_ACCESS */
    struct exception raised;   /* EXCEPTION: to be answered */
    uint64_t (*function)(void *);
    void *argument;
    uint64_t word;
};

#define CLIENT_WAIT 20000 /* ms: for loaded machines */

/* Starts it. The structure must stay while the client lives. */
void client_call(struct client *client, uint64_t (*function)(void *), void *argument);
/* Reads or writes 8 bytes at the address; the value is what was read, or written. */
void client_read(struct client *client, vm_address_t address);
void client_write(struct client *client, vm_address_t address, uint64_t value);

/* Waits until it is done or has an exception, at most that long; the state. */
enum client_state client_wait(struct client *client, unsigned milliseconds);
/* It must be done within CLIENT_WAIT; its value. */
uint64_t client_finish(struct client *client);
/* It must raise EXC_BAD_ACCESS with that code at that address within CLIENT_WAIT. */
void client_expect_bad_access(struct client *client, kern_return_t code, vm_address_t address);
/* It must come to sleep in the kernel, and be blocked still after that time. */
void client_expect_blocked(struct client *client, unsigned milliseconds);
/* Answers its exception, so that it tries again; the state is BLOCKED again. */
void client_retry(struct client *client);
/* Ends it, whatever it does, and frees what it had. */
void client_end(struct client *client);
