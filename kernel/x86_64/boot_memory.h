/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory before there is a page allocator: taken off the ends of the usable ranges, never given back. */
#pragma once

#include <stdint.h>

struct boot_info;

#define DIRECT_MAP_BASE UINT64_C(0xffff800000000000)
#define KERNEL_BASE     UINT64_C(0xffffffff80000000)

/* Marks the kernel image and the archive in the map; allocations come out of it from here on. */
void boot_memory_init(struct boot_info *info);
/* Zeroed, page-aligned memory below 4 GiB; returns its physical address. Panics if there is none. */
uint64_t boot_memory_allocate(uint64_t bytes);

/* A page below 1 MiB, where a processor can begin; 0 if there is none. */
uint64_t boot_memory_low_page(void);

/* The kernel's view of physical RAM. */
static inline void *direct_map(uint64_t physical)
{
    return (void *)(DIRECT_MAP_BASE + physical);
}
