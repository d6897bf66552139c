/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The direct door. QEMU (-kernel) and other machine monitors start an ELF image by its PVH note and leave a
 * start structure in low memory. Layout: Xen's public interface, arch-x86/hvm/start_info.h, version 1.
 */
#include "boot/pvh.h"

#include "boot/memory_map.h"

#define START_MAGIC     0x336ec578u
#define LOW_MEMORY_BASE 0xffff800000000000ULL   /* the early tables map the first 4 GiB here */

enum { E820_RAM = 1, E820_ACPI = 3 };

struct start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t memory_map;        /* from here on: version 1 */
    uint32_t memory_map_entries;
    uint32_t reserved;
};

struct start_module {
    uint64_t address;
    uint64_t size;
    uint64_t command_line;
    uint64_t reserved;
};

struct start_memory {
    uint64_t address;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};

static const void *low(uint64_t physical)
{
    return (const void *)(LOW_MEMORY_BASE + physical);
}

static enum boot_memory memory_type(uint32_t e820)
{
    switch (e820) {
    case E820_RAM:
        return BOOT_MEMORY_USABLE;
    case E820_ACPI:
        return BOOT_MEMORY_ACPI;
    default:
        return BOOT_MEMORY_RESERVED;
    }
}

static void copy_command_line(struct boot_info *info, uint64_t address)
{
    const char *text = low(address);
    unsigned at = 0;

    if (address == 0)
        return;
    while (at < BOOT_COMMAND_LINE_MAX - 1 && text[at] != '\0') {
        info->command_line[at] = text[at];
        at++;
    }
    info->command_line[at] = '\0';
}

/*
 * Purpose: translate the PVH start structure.
 * Conditions: early page tables; everything the loader left lies below 4 GiB, as PVH demands of it.
 * Result: false if the magic number is wrong or there is no memory map (version 0 has none).
 */
bool pvh_boot_info(uint64_t start_info, struct boot_info *info)
{
    const struct start_info *start = low(start_info);
    const struct start_module *module = low(start->modules);
    const struct start_memory *memory = low(start->memory_map);

    if (start->magic != START_MAGIC || start->version < 1)
        return false;
    info->magic = BOOT_INFO_MAGIC;
    info->door[0] = 'p';
    info->door[1] = 'v';
    info->door[2] = 'h';
    info->acpi_rsdp = start->rsdp;
    copy_command_line(info, start->command_line);
    if (start->module_count > 0) {
        info->initrd_start = module->address;
        info->initrd_end = module->address + module->size;
    }
    for (uint32_t i = 0; i < start->memory_map_entries; i++)
        if (!memory_map_add(info, memory[i].address, memory[i].address + memory[i].size,
                            memory_type(memory[i].type)))
            return false;
    return true;
}
