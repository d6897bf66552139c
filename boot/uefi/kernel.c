/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's ELF file (System V ABI, chapter 4 and 5): its segments go where they say. */
#include "boot/uefi/loader.h"
#include "lib/elf.h"

#define KERNEL_BASE     0xffffffff80000000ULL   /* virtual minus physical address, linker.ld */
#define REBUILD         L"Build the kernel anew and copy it to the volume"

enum { SEGMENTS_MAX = 32 };

static BOOLEAN header_good(const struct file *file, const struct elf_header *header)
{
    return file->bytes >= sizeof(*header) && header->magic == ELF_MAGIC &&
           header->class == ELF_CLASS64 && header->encoding == ELF_LITTLE &&
           header->machine == ELF_X86_64 && header->segment_bytes == sizeof(struct elf_segment) &&
           header->segment_count <= SEGMENTS_MAX && header->segments < file->bytes &&
           header->segment_count * sizeof(struct elf_segment) <= file->bytes - header->segments;
}

static BOOLEAN segment_good(const struct file *file, const struct elf_segment *segment)
{
    return segment->offset <= file->bytes && segment->file_bytes <= file->bytes - segment->offset &&
           segment->file_bytes <= segment->memory_bytes &&
           segment->physical < 0x80000000ULL && segment->memory_bytes < 0x80000000ULL;
}

/* The physical range that all segments lie in; FALSE if one is wrong or there is none. */
static BOOLEAN find_range(const struct file *file, const struct elf_segment *segments, UINTN count,
                          UINT64 *start, UINT64 *end)
{
    *start = ~0ULL;
    *end = 0;
    for (UINTN i = 0; i < count; i++) {
        const struct elf_segment *segment = &segments[i];

        if (segment->type != ELF_LOAD)
            continue;
        if (!segment_good(file, segment))
            return FALSE;
        if (segment->physical < *start)
            *start = segment->physical;
        if (segment->physical + segment->memory_bytes > *end)
            *end = segment->physical + segment->memory_bytes;
    }
    *start &= ~(UINT64)(EFI_PAGE_SIZE - 1);
    return *end > *start;
}

static EFI_STATUS claim(UINT64 start, UINT64 end)
{
    EFI_PHYSICAL_ADDRESS address = start;
    EFI_STATUS status = BS->AllocatePages(AllocateAddress, EfiLoaderCode,
                                          EFI_SIZE_TO_PAGES(end - start), &address);

    if (!EFI_ERROR(status))
        return status;
    Print(L"\nMemory from %lx to %lx:", start, end);
    return loader_fail(status, L"the kernel's place in memory is taken by the firmware",
                       L"Give the machine more memory, or change KERNEL_LOAD in linker.ld");
}

EFI_STATUS kernel_load(const struct file *file, EFI_PHYSICAL_ADDRESS *entry)
{
    const struct elf_header *header = (const struct elf_header *)file->address;
    const struct elf_segment *segments;
    UINT64 start, end;
    EFI_STATUS status;

    if (!header_good(file, header))
        return loader_fail(EFI_LOAD_ERROR, L"kernel.elf is not a kernel for x86-64", REBUILD);
    segments = (const struct elf_segment *)(file->address + header->segments);
    if (!find_range(file, segments, header->segment_count, &start, &end))
        return loader_fail(EFI_LOAD_ERROR, L"kernel.elf is damaged", REBUILD);
    *entry = header->entry - KERNEL_BASE;
    if (*entry < start || *entry >= end)
        return loader_fail(EFI_LOAD_ERROR, L"kernel.elf has no entry for this loader", REBUILD);
    status = claim(start, end);
    if (EFI_ERROR(status))
        return status;
    SetMem((void *)start, end - start, 0);
    for (UINTN i = 0; i < header->segment_count; i++)
        if (segments[i].type == ELF_LOAD)
            CopyMem((void *)segments[i].physical, (void *)(file->address + segments[i].offset),
                    segments[i].file_bytes);
    return EFI_SUCCESS;
}
