/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACHINE_KERN_RETURN_H
#define MACH_MACHINE_KERN_RETURN_H

typedef int kern_return_t;

#endif
