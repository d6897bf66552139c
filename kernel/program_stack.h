/* SPDX-License-Identifier: BSD-2-Clause */
/* The first stack of a program: argument count, arguments, environment, auxiliary vector. */
#pragma once

#include <stdint.h>

struct vm_map;

#define PROGRAM_ARGUMENTS_MAX 64u
#define PROGRAM_ARGUMENT_BYTES_MAX 8192u /* all arguments together, with their ends */

/* Makes the stack; *sp is the program's first stack pointer. NULL, or what went wrong. */
const char *program_stack_make(struct vm_map *map, const char *const *arguments, unsigned count,
                               uint64_t *sp);
