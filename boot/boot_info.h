/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot door hands to the kernel.
 *
 * Each door fills one struct boot_info; nothing behind the door's own file knows which door it was.
 * All addresses are physical. The structure has the same layout for the UEFI loader and the kernel.
 */
#pragma once

#include <stdint.h>

#define BOOT_INFO_MAGIC         0x746f6f62656c6f70ULL
#define BOOT_RANGES_MAX         320
#define BOOT_COMMAND_LINE_MAX   1024

/* What a range of physical memory is for. Where ranges overlap, the higher number holds. */
enum boot_memory {
    BOOT_MEMORY_USABLE = 1,     /* free from the moment the kernel has copied the boot_info */
    BOOT_MEMORY_ACPI = 2,       /* ACPI tables; RAM, never handed out */
    BOOT_MEMORY_INITRD = 3,     /* the archive; RAM, the kernel may free it once unpacked */
    BOOT_MEMORY_KERNEL = 4,     /* the kernel image and what it allocated before the page allocator */
    BOOT_MEMORY_RESERVED = 5,   /* firmware, devices, bad memory: not to be touched */
};

struct boot_range {
    uint64_t start;             /* first byte */
    uint64_t end;               /* first byte behind */
    uint64_t type;              /* enum boot_memory */
};

struct boot_framebuffer {
    uint64_t address;           /* 0: there is none */
    uint32_t width;             /* pixels */
    uint32_t height;
    uint32_t pitch_bytes;       /* from one line to the next */
    uint32_t red_shift;         /* position of the 8 bits of each colour in a 32-bit pixel */
    uint32_t green_shift;
    uint32_t blue_shift;
};

struct boot_info {
    uint64_t magic;             /* BOOT_INFO_MAGIC */
    uint64_t tsc_at_entry;      /* time stamp when the door was reached */
    char door[8];               /* "pvh" or "uefi" */
    uint64_t initrd_start;      /* 0 and 0: no archive */
    uint64_t initrd_end;
    uint64_t acpi_rsdp;         /* 0: unknown */
    struct boot_framebuffer framebuffer;
    char command_line[BOOT_COMMAND_LINE_MAX];
    uint64_t range_count;
    struct boot_range ranges[BOOT_RANGES_MAX];  /* sorted and disjoint once memory_map_normalise ran */
};
