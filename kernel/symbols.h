/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of kernel functions, from the table that the second link puts into the image. */
#pragma once

#include <stdint.h>

/* The function that holds a code address and the offset in it; NULL if no function does. */
const char *symbol_lookup(uint64_t address, uint64_t *offset);
