/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_BOOLEAN_H
#define MACH_BOOLEAN_H

#include <mach/machine/boolean.h>

#ifndef TRUE
#define TRUE ((boolean_t)1)
#endif
#ifndef FALSE
#define FALSE ((boolean_t)0)
#endif

#endif
