/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdint.h>

/* The kernel's first C function; does not return. */
void kernel_main(unsigned door, uint64_t physical, uint64_t tsc_at_entry);
