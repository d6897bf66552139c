/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>
#include <mach/machine/exception.h>
#include <mach/machine/thread_status.h>

#include "client.h"

#define FLAG_TRAP 0x100u

/* The registers of a thread that is stopped in some way. */
void registers_get(mach_port_t thread, struct i386_thread_state *state);
void registers_set(mach_port_t thread, struct i386_thread_state *state);

/* The client must raise this exception within CLIENT_WAIT. */
void client_expect_exception(struct client *client, int exception, int code);
/* Lets a client that has raised an exception go on so many bytes further. */
void client_skip(struct client *client, unsigned bytes);
/* Lets it go on at an address. */
void client_go(struct client *client, const void *address);
