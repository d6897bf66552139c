/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of the boot archive: static ELF64 files, and their first stack, which holds argument count,
 * arguments, environment, auxiliary vector.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct vm_map;

#define PROGRAM_ARGUMENTS_MAX 64u
#define PROGRAM_ARGUMENT_BYTES_MAX 8192u /* all arguments together, with their ends */

/* Loads a program into a map; *entry is its start address. NULL, or what is wrong with it. */
const char *elf_load(struct vm_map *map, const void *file, size_t bytes, uint64_t *entry);
/* Makes the stack; *sp is the program's first stack pointer. NULL, or what went wrong. */
const char *program_stack_make(struct vm_map *map, const char *const *arguments, unsigned count,
                               uint64_t *sp);
