/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel writes into the memory of a task that does not run yet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm_map;

/* Copies kernel bytes over writable memory of the map; false if that fails. May sleep. */
bool user_memory_write(struct vm_map *map, uint64_t address, const void *bytes, size_t count);
