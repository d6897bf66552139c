/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name service: names of services and send rights to them.
 */
#pragma once

#include <mach.h>

/* The send right known by that name, borrowed; MACH_PORT_NULL when there is none or it has died. */
mach_port_t names_find(const char *name);
