/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACHINE_VM_PARAM_H
#define MACH_MACHINE_VM_PARAM_H

#include <mach/machine/vm_types.h>

#define BYTE_SIZE      8
#define PAGE_SHIFT     12
#define VM_MIN_ADDRESS 0ULL
#define VM_MAX_ADDRESS 0x800000000000ULL

#endif
