/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's header, as far as the reference's headers need it. */
#ifndef ABI_SYS_TYPES_H
#define ABI_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#endif
