/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads that receive, and what they do with a message.
 */
#pragma once

#include <mach/boolean.h>
#include <mach/port.h>

/*
 * Starts a thread that serves a port set for ever. With the host's privileged port it may use the
 * frames that are reserved for page-out; with MACH_PORT_NULL it waits for memory like any other
 * (DP3).
 */
boolean_t threads_serve(mach_port_t set, mach_port_t host_privileged);
