/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's memory map, and the end of its rule. */
#include "boot/uefi/loader.h"

#define MAP_BYTES   (128 * 1024)
#define ATTEMPTS    4

struct map {
    EFI_MEMORY_DESCRIPTOR *descriptors;
    UINTN bytes;
    UINTN key;
    UINTN descriptor_bytes;
};

/* What becomes of a kind of memory once the firmware has left. The loader's own is free too: the kernel
   copies the boot information first, and knows its image and the archive by address. */
static enum boot_memory kind_of(UINT32 type)
{
    switch (type) {
    case EfiLoaderCode:
    case EfiLoaderData:
    case EfiBootServicesCode:
    case EfiBootServicesData:
    case EfiConventionalMemory:
        return BOOT_MEMORY_USABLE;
    case EfiACPIReclaimMemory:
        return BOOT_MEMORY_ACPI;
    default:
        return BOOT_MEMORY_RESERVED;
    }
}

/* Appends a range, or lengthens the last; FALSE when there is no room. */
static BOOLEAN add(struct boot_info *info, uint64_t start, uint64_t end, enum boot_memory type)
{
    struct boot_range *last = info->range_count ? &info->ranges[info->range_count - 1] : NULL;

    if (last && last->end == start && last->type == type) {
        last->end = end;
        return TRUE;
    }
    if (info->range_count == BOOT_RANGES_MAX)
        return FALSE;
    info->ranges[info->range_count].start = start;
    info->ranges[info->range_count].end = end;
    info->ranges[info->range_count].type = type;
    info->range_count++;
    return TRUE;
}

static EFI_STATUS translate(const struct map *map, struct boot_info *info)
{
    const UINT8 *at = (const UINT8 *)map->descriptors;
    const UINT8 *end = at + map->bytes;

    info->range_count = 0;
    for (; at + map->descriptor_bytes <= end; at += map->descriptor_bytes) {
        const EFI_MEMORY_DESCRIPTOR *descriptor = (const EFI_MEMORY_DESCRIPTOR *)at;
        uint64_t start = descriptor->PhysicalStart;

        if (!add(info, start, start + descriptor->NumberOfPages * EFI_PAGE_SIZE,
                 kind_of(descriptor->Type)))
            return EFI_BUFFER_TOO_SMALL;
    }
    return EFI_SUCCESS;
}

static EFI_STATUS get_map(struct map *map)
{
    UINT32 version;

    map->bytes = MAP_BYTES;
    return BS->GetMemoryMap(&map->bytes, map->descriptors, &map->key, &map->descriptor_bytes,
                            &version);
}

/*
 * Purpose: end boot services. The map must be the latest one, and it can change between the two calls (a
 * timer of the firmware is enough): then it is read again.
 */
EFI_STATUS memory_take(EFI_HANDLE image, struct boot_info *info)
{
    struct map map;
    EFI_STATUS status = BS->AllocatePool(EfiLoaderData, MAP_BYTES, (void **)&map.descriptors);

    if (EFI_ERROR(status))
        return loader_fail(status, L"no memory for the memory map", L"Give the machine more memory");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        status = get_map(&map);
        if (!EFI_ERROR(status))
            status = translate(&map, info);
        if (EFI_ERROR(status))
            break;
        status = BS->ExitBootServices(image, map.key);
        if (!EFI_ERROR(status))
            return EFI_SUCCESS;
    }
    return loader_fail(status, L"the firmware does not give up the machine",
                       L"Update the firmware, or boot by another way");
}
