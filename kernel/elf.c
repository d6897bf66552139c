/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elf.h"

#include <mig/mach_server.h>

#include <stdbool.h>

#include "kernel/user_memory.h"
#include "kernel/x86_64/user_copy.h"
#include "lib/elf.h"
#include "mm/page.h"
#include "mm/vm_map.h"

/* What is wrong with the header, or NULL. */
static const char *check_header(const struct elf_header *header, size_t bytes)
{
    if (bytes < sizeof *header || header->magic != ELF_MAGIC || header->class != ELF_CLASS64 ||
        header->encoding != ELF_LITTLE)
        return "is not a 64-bit ELF file";
    if (header->type != ELF_EXEC)
        return "is not a static executable";
    if (header->machine != ELF_X86_64)
        return "is for another machine";
    if (header->segment_bytes != sizeof(struct elf_segment) ||
        header->segments > bytes ||
        (bytes - header->segments) / sizeof(struct elf_segment) < header->segment_count)
        return "has its program headers outside the file";
    return NULL;
}

/* What is wrong with a segment, or NULL. `floor` is the end of the one before, page aligned. */
static const char *check_segment(const struct elf_segment *segment, size_t bytes, uint64_t floor)
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

static vm_prot_t protection_of(const struct elf_segment *segment)
{
    return (segment->flags & ELF_READ ? VM_PROT_READ : 0) |
           (segment->flags & ELF_WRITE ? VM_PROT_WRITE : 0) |
           (segment->flags & ELF_EXECUTE ? VM_PROT_EXECUTE : 0);
}

/* Maps one segment and fills it; *end is the page behind it. */
static const char *load_segment(struct vm_map *map, const char *file,
                                const struct elf_segment *segment, uint64_t *end)
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
    const struct elf_segment *segments;
    const char *wrong = check_header(header, bytes);
    uint64_t floor = 0;

    if (wrong)
        return wrong;
    segments = (const void *)((const char *)file + header->segments);
    for (unsigned i = 0; i < header->segment_count && !wrong; i++) {
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
