/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_STD_TYPES_H
#define MACH_STD_TYPES_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/port.h>

/* In the kernel a pointer_t received out of line carries a struct vm_copy *. */
typedef vm_offset_t pointer_t;
typedef vm_offset_t vm_address_t;

#endif
