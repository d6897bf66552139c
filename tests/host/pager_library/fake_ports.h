/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/port.h>
#include <mach/std_types.h>

/* A port of the kernel's or a stranger's. */
mach_port_t fake_port_make(void);
/* The pager has so many references more. */
void fake_reference(mach_port_t port, int count);
/* Out-of-line memory. */
vm_address_t fake_region_make(unsigned pages);
