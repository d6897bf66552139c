/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map of a boot_info: adding ranges, sorting it, asking it. */
#pragma once

#include "boot/boot_info.h"

#include <stdbool.h>

/* Appends a range; false when the map is full. */
bool memory_map_add(struct boot_info *info, uint64_t start, uint64_t end, enum boot_memory type);

/* Sorts the map, resolves overlaps, aligns to pages and merges neighbours. */
void memory_map_normalise(struct boot_info *info);

/* The number of bytes of a type in a normalised map. */
uint64_t memory_map_bytes(const struct boot_info *info, enum boot_memory type);

