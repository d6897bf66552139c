/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports of the device protocol; its calls are those of device.defs. */
#pragma once

#include <mach/port.h>

struct serve_ports {
    mach_port_t service; /* receive right, registered as "disk": device_open */
    mach_port_t device;  /* receive right: the disk itself */
};
extern struct serve_ports serve_ports;
