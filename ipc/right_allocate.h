/* SPDX-License-Identifier: BSD-2-Clause */
/* New rights that begin with a name: receive rights, port sets, dead names. */
#pragma once

#include <mach/kern_return.h>
#include <mach/port.h>

struct space;

/* Makes a right of one of the three kinds under a name of the kernel's choice.
   KERN_INVALID_VALUE (other kind), KERN_INVALID_TASK, KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE. */
kern_return_t right_allocate(struct space *space, mach_port_right_t right, mach_port_name_t *name);
/* The same under a given name: also KERN_NAME_EXISTS, and KERN_INVALID_VALUE for a reserved
   name. */
kern_return_t right_allocate_name(struct space *space, mach_port_right_t right,
                                  mach_port_name_t name);
