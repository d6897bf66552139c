/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACHINE_BOOLEAN_H
#define MACH_MACHINE_BOOLEAN_H

typedef int boolean_t;

#endif
