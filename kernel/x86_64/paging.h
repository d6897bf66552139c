/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's half of every address space, made once at boot:
 *
 *   0xffff800000000000  all RAM, in order, writable, not executable
 *   0xffffc00000000000  for mm: stacks, device memory (an empty table, shared by all pmaps)
 *   0xffffc08000000000  devices that the machine layer itself uses
 *   0xffffffff80000000  the kernel image: code, constants and data, each with just its rights
 *
 * Every top-level entry that will ever be needed exists from here on: a pmap copies entries 256..511
 * once and never looks again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct boot_info;

#define KERNEL_DYNAMIC_BASE UINT64_C(0xffffc00000000000)
#define DEVICE_WINDOW_BASE  UINT64_C(0xffffc08000000000)

#define PTE_PRESENT     (UINT64_C(1) << 0)
#define PTE_WRITE       (UINT64_C(1) << 1)
#define PTE_USER        (UINT64_C(1) << 2)
#define PTE_PWT         (UINT64_C(1) << 3)      /* alone: write-combining; with PCD: uncached */
#define PTE_PCD         (UINT64_C(1) << 4)
#define PTE_ACCESSED    (UINT64_C(1) << 5)
#define PTE_DIRTY       (UINT64_C(1) << 6)
#define PTE_LARGE       (UINT64_C(1) << 7)
#define PTE_GLOBAL      (UINT64_C(1) << 8)
#define PTE_NX          (UINT64_C(1) << 63)
#define PTE_ADDRESS     UINT64_C(0x000ffffffffff000)

enum paging_cache { PAGING_UNCACHED, PAGING_WRITE_COMBINING };

/* Builds and loads the final kernel page tables. */
void paging_init(const struct boot_info *info);
/* Physical address of the kernel's top-level table. */
uint64_t paging_root(void);
/* Shows device memory in the kernel; only before page_bootstrap. */
void *paging_map_device(uint64_t physical, size_t bytes, enum paging_cache cache);
