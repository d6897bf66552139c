/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACHINE_MACH_I386_TYPES_H
#define MACH_MACHINE_MACH_I386_TYPES_H

#include <mach/port.h>

struct descriptor {
    unsigned int low_word;
    unsigned int high_word;
};
typedef struct descriptor descriptor_t;
typedef struct descriptor *descriptor_list_t;
typedef const struct descriptor *const_descriptor_list_t;

typedef unsigned short io_port_t;
#ifdef KERNEL
typedef struct io_perm *io_perm_t;
#else
typedef mach_port_t io_perm_t;
#endif

#endif
