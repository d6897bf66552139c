/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ports that programs ask at; the calls themselves are those of default_pager.defs.
 */
#pragma once

#include <mach/port.h>

struct service_ports {
    mach_port_t service; /* receive right, registered as "default_pager" */
    mach_port_t set;     /* the manager port, the service port, every backing store */
};
extern struct service_ports service_ports;
