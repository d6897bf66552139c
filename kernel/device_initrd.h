/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot archive in memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Where it lies; physical addresses, equal if there is none. */
void device_initrd_init(uint64_t start, uint64_t end);
/* Its bytes; NULL and 0 if there is none. */
const void *device_initrd_bytes(size_t *bytes);
