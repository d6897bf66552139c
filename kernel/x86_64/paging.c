/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/paging.h"

#include "boot/boot_info.h"
#include "kernel/x86_64/boot_memory.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/registers.h"

#include <stdbool.h>

#define PAGE_4K     (UINT64_C(1) << 12)
#define PAGE_2M     (UINT64_C(1) << 21)
#define PAGE_1G     (UINT64_C(1) << 30)

extern char kernel_text_start[], kernel_text_end[];
extern char kernel_rodata_start[], kernel_rodata_end[];
extern char kernel_data_start[], kernel_data_end[];
extern char boot_stack_guard[];

static uint64_t root;
static uint64_t device_next = DEVICE_WINDOW_BASE;

uint64_t paging_root(void)
{
    return root;
}

static uint64_t *table_entry(uint64_t table, uint64_t address, unsigned level)
{
    uint64_t *entries = direct_map(table);

    return &entries[address >> (12 + 9 * level) & 511];
}

/* The entry for an address at a level (0: 4 KiB), with the tables above it. */
static uint64_t *walk(uint64_t address, unsigned level)
{
    uint64_t table = root;

    for (unsigned at = 3; at > level; at--) {
        uint64_t *entry = table_entry(table, address, at);

        if (!(*entry & PTE_PRESENT))
            *entry = boot_memory_allocate(PAGE_4K) | PTE_PRESENT | PTE_WRITE;
        table = *entry & PTE_ADDRESS;
    }
    return table_entry(table, address, level);
}

static bool fits(uint64_t address, uint64_t physical, uint64_t end, uint64_t size)
{
    return ((address | physical) & (size - 1)) == 0 && end - physical >= size;
}

/* Maps [physical, end) at an address with the largest pages that fit. */
static void map(uint64_t address, uint64_t physical, uint64_t end, uint64_t flags)
{
    while (physical < end) {
        uint64_t size = PAGE_4K;
        unsigned level = 0;

        if (cpu_features.pages_1g && fits(address, physical, end, PAGE_1G)) {
            size = PAGE_1G;
            level = 2;
        } else if (fits(address, physical, end, PAGE_2M)) {
            size = PAGE_2M;
            level = 1;
        }
        *walk(address, level) = physical | flags | PTE_PRESENT | PTE_GLOBAL | PTE_ACCESSED |
                                PTE_DIRTY | (level ? PTE_LARGE : 0);
        address += size;
        physical += size;
    }
}

/* In small pages always: a single one may be taken out. */
static void map_image(const char *start, const char *end, uint64_t flags)
{
    for (uint64_t at = (uint64_t)start; at < (uint64_t)end; at += PAGE_4K)
        map(at, at - KERNEL_BASE, at - KERNEL_BASE + PAGE_4K, flags);
}

/* RAM in maximal runs: neighbouring ranges of different types are one run to the direct map. Found
   before any is mapped, because that allocates, and allocating changes the map. */
static void map_ram(const struct boot_info *info)
{
    static struct boot_range runs[BOOT_RANGES_MAX];
    unsigned count = 0;

    for (uint64_t i = 0; i < info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->type == BOOT_MEMORY_RESERVED)
            continue;
        if (count > 0 && runs[count - 1].end == range->start)
            runs[count - 1].end = range->end;
        else
            runs[count++] = *range;
    }
    for (unsigned i = 0; i < count; i++)
        map(DIRECT_MAP_BASE + runs[i].start, runs[i].start, runs[i].end, PTE_WRITE | PTE_NX);
}

/*
 * Purpose: leave the early page tables, with their identity map and their writable code, behind.
 * Conditions: the map of boot memory is normalised.
 */
void paging_init(const struct boot_info *info)
{
    root = boot_memory_allocate(PAGE_4K);
    map_ram(info);
    map_image(kernel_text_start, kernel_text_end, 0);
    map_image(kernel_rodata_start, kernel_rodata_end, PTE_NX);
    map_image(kernel_data_start, kernel_data_end, PTE_WRITE | PTE_NX);
    *walk((uint64_t)boot_stack_guard, 0) = 0;
    walk(KERNEL_DYNAMIC_BASE, 2);
    walk(DEVICE_WINDOW_BASE, 2);
    this_cpu()->root = root;
    cr3_write(root);
}

/*
 * Purpose: device memory for the machine layer itself. Page 0 of a region need not be page aligned; the
 * result points to the byte asked for.
 */
void *paging_map_device(uint64_t physical, size_t bytes, enum paging_cache cache)
{
    uint64_t inside = physical & (PAGE_2M - 1);
    uint64_t start = (physical - (physical & (PAGE_4K - 1)));
    uint64_t end = (physical + bytes + PAGE_4K - 1) & ~(PAGE_4K - 1);
    uint64_t address = device_next + (inside & ~(PAGE_4K - 1));
    uint64_t flags = PTE_WRITE | PTE_PWT | (cache == PAGING_UNCACHED ? PTE_PCD : 0);

    map(address, start, end, flags | PTE_NX);
    device_next = (address + (end - start) + PAGE_2M - 1) & ~(PAGE_2M - 1);
    return (void *)(address + (physical & (PAGE_4K - 1)));
}
