/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/boot_memory.h"

#include "boot/memory_map.h"
#include "kernel/panic.h"
#include "kernel/string.h"

#define FOUR_GIB    (UINT64_C(1) << 32)
#define PAGE        UINT64_C(4096)
#define ONE_MIB     (UINT64_C(1) << 20)

extern char kernel_text_start[];
extern char kernel_end[];

static struct boot_info *map;

void boot_memory_init(struct boot_info *info)
{
    bool fits = memory_map_add(info, 0, PAGE, BOOT_MEMORY_RESERVED);

    fits = fits && memory_map_add(info, (uint64_t)kernel_text_start - KERNEL_BASE,
                                  (uint64_t)kernel_end - KERNEL_BASE, BOOT_MEMORY_KERNEL);
    fits = fits && memory_map_add(info, info->initrd_start, info->initrd_end, BOOT_MEMORY_INITRD);
    if (!fits)
        panic("the firmware's memory map has more than %d ranges", BOOT_RANGES_MAX);
    memory_map_normalise(info);
    map = info;
}

/* Takes the end of a range and gives the freed number of bytes the type KERNEL. */
static uint64_t take_from(struct boot_range *range, uint64_t bytes)
{
    struct boot_range *next = range + 1;

    range->end -= bytes;
    if (next < map->ranges + map->range_count && next->type == BOOT_MEMORY_KERNEL &&
        next->start == range->end + bytes)
        next->start -= bytes;
    else if (map->range_count < BOOT_RANGES_MAX) {
        memmove(next + 1, next,
                (size_t)((char *)(map->ranges + map->range_count) - (char *)next));
        map->range_count++;
        *next = (struct boot_range){ range->end, range->end + bytes, BOOT_MEMORY_KERNEL };
    }
    return range->end;
}

/*
 * Purpose: memory that stays with the kernel, from the highest usable range that the early page tables
 * reach and that is above 1 MiB (old devices want the memory below).
 * Conditions: between boot_memory_init and page_bootstrap.
 */
uint64_t boot_memory_allocate(uint64_t bytes)
{
    uint64_t rounded = (bytes + PAGE - 1) & ~(PAGE - 1);

    for (uint64_t i = map->range_count; i > 0; i--) {
        struct boot_range *range = &map->ranges[i - 1];
        uint64_t physical;

        if (range->type != BOOT_MEMORY_USABLE || range->end > FOUR_GIB || range->start < ONE_MIB ||
            range->end - range->start <= rounded)
            continue;
        physical = take_from(range, rounded);
        memset(direct_map(physical), 0, rounded);
        return physical;
    }
    panic("not enough memory to start: no %lu KiB in one piece below 4 GiB", rounded / 1024);
}

/* Conditions: as above. */
uint64_t boot_memory_low_page(void)
{
    for (uint64_t i = 0; i < map->range_count; i++) {
        struct boot_range *range = &map->ranges[i];

        if (range->type == BOOT_MEMORY_USABLE && range->end <= ONE_MIB &&
            range->end - range->start > PAGE)
            return take_from(range, PAGE);
    }
    return 0;
}
