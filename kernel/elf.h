/* SPDX-License-Identifier: BSD-2-Clause */
/* Static ELF64 programs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct vm_map;

/* Loads a program into a map; *entry is its start address. NULL, or what is wrong with it. */
const char *elf_load(struct vm_map *map, const void *file, size_t bytes, uint64_t *entry);
