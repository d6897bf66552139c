/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Names under which MIG's kernel code knows ports. */
#include <mach/port.h>

#define IP_NULL        ((ipc_port_t)0)
#define IP_DEAD        ((ipc_port_t)~(uintptr_t)0)
#define IP_VALID(port) ((port) != IP_NULL && (port) != IP_DEAD)

/* Drops a send right. */
void ipc_port_release_send(ipc_port_t port);
/* Would sending port's receive right to destination make it unreachable? */
boolean_t ipc_port_check_circularity(ipc_port_t port, ipc_port_t destination);
