/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elf.h"

#include <mig/mach_server.h>

#include <stdbool.h>

#include "kernel/string.h"
#include "kernel/user_memory.h"
#include "kernel/x86_64/user_copy.h"
#include "mm/page.h"
#include "mm/vm_map.h"

struct elf_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_entry_bytes, program_count;
    uint16_t section_entry_bytes, section_count, section_names;
};

struct elf_program {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

enum { ELF_TYPE_EXECUTABLE = 2, ELF_MACHINE_X86_64 = 62 };
enum { ELF_LOAD = 1, ELF_INTERPRETER = 3 };
enum { ELF_EXECUTE = 1, ELF_WRITE = 2, ELF_READ = 4 };

/* What is wrong with the header, or NULL. */
static const char *check_header(const struct elf_header *header, size_t bytes)
{
    static const unsigned char expected[] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little */};

    if (bytes < sizeof *header || memcmp(header->ident, expected, sizeof expected) != 0)
        return "is not a 64-bit ELF file";
    if (header->type != ELF_TYPE_EXECUTABLE)
        return "is not a static executable";
    if (header->machine != ELF_MACHINE_X86_64)
        return "is for another machine";
    if (header->program_entry_bytes != sizeof(struct elf_program) ||
        header->program_offset > bytes ||
        (bytes - header->program_offset) / sizeof(struct elf_program) < header->program_count)
        return "has its program headers outside the file";
    return NULL;
}

/* What is wrong with a segment, or NULL. `floor` is the end of the one before, page aligned. */
static const char *check_segment(const struct elf_program *segment, size_t bytes, uint64_t floor)
{
    if (segment->offset > bytes || bytes - segment->offset < segment->file_bytes ||
        segment->memory_bytes < segment->file_bytes)
        return "has a segment outside the file";
    if (segment->address < USER_ADDRESS_MIN ||
        !user_range_valid(segment->address, segment->memory_bytes))
        return "has a segment outside user space";
    if (page_trunc(segment->address) < floor)
        return "has segments that share a page or run backwards";
    return NULL;
}

static vm_prot_t protection_of(const struct elf_program *segment)
{
    return (segment->flags & ELF_READ ? VM_PROT_READ : 0) |
           (segment->flags & ELF_WRITE ? VM_PROT_WRITE : 0) |
           (segment->flags & ELF_EXECUTE ? VM_PROT_EXECUTE : 0);
}

/* Maps one segment and fills it; *end is the page behind it. */
static const char *load_segment(struct vm_map *map, const char *file,
                                const struct elf_program *segment, uint64_t *end)
{
    vm_offset_t start = page_trunc(segment->address);
    vm_offset_t address = start;
    vm_size_t size = page_round(segment->address + segment->memory_bytes) - start;

    *end = start + size;
    if (vm_allocate(map, &address, size, false) != KERN_SUCCESS)
        return "finds no room in its address space";
    if (!user_memory_write(map, segment->address, file + segment->offset, segment->file_bytes))
        return "does not fit into memory";
    if (vm_protect(map, start, size, false, protection_of(segment)) != KERN_SUCCESS)
        return "cannot be protected";
    return NULL;
}

/*
 * Loads all segments of a static program, each with its own protection.
 * Conditions: the map is empty where the program goes. What was loaded before an error stays.
 */
const char *elf_load(struct vm_map *map, const void *file, size_t bytes, uint64_t *entry)
{
    const struct elf_header *header = file;
    const struct elf_program *segments;
    const char *wrong = check_header(header, bytes);
    uint64_t floor = 0;

    if (wrong)
        return wrong;
    segments = (const void *)((const char *)file + header->program_offset);
    for (unsigned i = 0; i < header->program_count && !wrong; i++) {
        if (segments[i].type == ELF_INTERPRETER)
            return "is not a static executable";
        if (segments[i].type != ELF_LOAD || segments[i].memory_bytes == 0)
            continue;
        wrong = check_segment(&segments[i], bytes, floor);
        if (!wrong)
            wrong = load_segment(map, file, &segments[i], &floor);
    }
    *entry = header->entry;
    return wrong;
}
