/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware memory maps come unsorted, with overlaps and odd edges. The rule here: cut the address space
 * at every edge, and give each piece the highest type that claims it.
 */
#include "boot/memory_map.h"

#define PAGE_BYTES 4096ULL

/* Edges and result of one normalisation; static because a boot stack is small. */
static uint64_t edges[2 * BOOT_RANGES_MAX];
static struct boot_range result[BOOT_RANGES_MAX];

/*
 * Purpose: append [start, end) with its type. Usable memory is shrunk to whole pages, all else grown, so
 * that a page is usable only if every byte of it is.
 * Result: false when the map has no room; empty ranges are dropped and succeed.
 */
bool memory_map_add(struct boot_info *info, uint64_t start, uint64_t end, enum boot_memory type)
{
    if (start >= end)
        return true;
    if (type == BOOT_MEMORY_USABLE) {
        start = (start + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
        end = end & ~(PAGE_BYTES - 1);
    } else {
        start = start & ~(PAGE_BYTES - 1);
        end = (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    }
    if (start >= end)
        return true;
    if (info->range_count == BOOT_RANGES_MAX)
        return false;
    info->ranges[info->range_count++] = (struct boot_range){ start, end, type };
    return true;
}

static uint64_t sort_edges(const struct boot_info *info)
{
    uint64_t count = 0;

    for (uint64_t i = 0; i < 2 * info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i / 2];
        uint64_t edge = i % 2 ? range->end : range->start;
        uint64_t at = count;

        while (at > 0 && edges[at - 1] > edge)
            at--;
        if (at > 0 && edges[at - 1] == edge)
            continue;
        for (uint64_t k = count; k > at; k--)
            edges[k] = edges[k - 1];
        edges[at] = edge;
        count++;
    }
    return count;
}

static uint64_t type_at(const struct boot_info *info, uint64_t address)
{
    uint64_t type = 0;

    for (uint64_t i = 0; i < info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->start <= address && address < range->end && range->type > type)
            type = range->type;
    }
    return type;
}

/*
 * Purpose: bring the map into its final form: sorted, disjoint, neighbours of one type merged.
 * Conditions: every range came through memory_map_add, so all edges are page edges. Should the pieces be
 * more than the map can hold, the highest ones are dropped: memory is lost, nothing is wrong.
 */
void memory_map_normalise(struct boot_info *info)
{
    uint64_t edge_count = sort_edges(info);
    uint64_t count = 0;

    for (uint64_t i = 0; i + 1 < edge_count; i++) {
        uint64_t type = type_at(info, edges[i]);
        struct boot_range *last = count ? &result[count - 1] : 0;

        if (type == 0)
            continue;
        if (last && last->end == edges[i] && last->type == type)
            last->end = edges[i + 1];
        else if (count < BOOT_RANGES_MAX)
            result[count++] = (struct boot_range){ edges[i], edges[i + 1], type };
    }
    for (uint64_t i = 0; i < count; i++)
        info->ranges[i] = result[i];
    info->range_count = count;
}

uint64_t memory_map_bytes(const struct boot_info *info, enum boot_memory type)
{
    uint64_t bytes = 0;

    for (uint64_t i = 0; i < info->range_count; i++)
        if (info->ranges[i].type == type)
            bytes += info->ranges[i].end - info->ranges[i].start;
    return bytes;
}
