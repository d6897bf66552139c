/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of the boot archive: static ELF64 files, and the stack that they begin with. */
#include "kernel/program.h"

#include <mig/mach_server.h>

#include <stdbool.h>

#include "kernel/string.h"
#include "kernel/x86_64/user_copy.h"
#include "lib/elf.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_out.h"
#include "mm/vm_map.h"

#define STACK_TOP UINT64_C(0x7ffffffff000) /* one page below the end of user space */
#define STACK_BYTES UINT64_C(131072)
#define PIECE_BYTES ((size_t)65536) /* a copy's memory is wanted at once: keep it small */

/* Copies kernel bytes over writable memory of the map; false if that fails. May sleep. */
static bool write_memory(struct vm_map *map, uint64_t address, const void *bytes, size_t count)
{
    const char *from = bytes;

    while (count > 0) {
        /* Pieces end on page boundaries of the target, so that whole pages can move. */
        size_t piece = PIECE_BYTES - (address & PAGE_MASK);
        struct vm_copy *copy;

        if (piece > count)
            piece = count;
        copy = vm_copy_from_bytes(from, piece);
        if (!copy)
            return false;
        if (vm_copy_overwrite(map, address, copy) != KERN_SUCCESS) {
            vm_copy_discard(copy);
            return false;
        }
        from += piece;
        address += piece;
        count -= piece;
    }
    return true;
}

/* --- the file --- */

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
    if (!write_memory(map, segment->address, file + segment->offset, segment->file_bytes))
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

/* --- the stack --- */

enum { AUX_END = 0, AUX_PAGE_BYTES = 6 };

/* The words at the stack pointer, then the strings that they point to. */
struct stack_image {
    uint64_t words[1 + PROGRAM_ARGUMENTS_MAX + 1 + 1 + 4];
    char strings[PROGRAM_ARGUMENT_BYTES_MAX];
};

/*
 * Fills the image for the address at which its words will lie. The strings follow the last word
 * that is used. Returns the bytes used, or 0 when the arguments are too many or too long.
 */
static size_t fill_image(struct stack_image *image, uint64_t sp, unsigned word_count,
                         const char *const *arguments, unsigned count)
{
    uint64_t *word = image->words;
    size_t used = 0;

    *word++ = count;
    for (unsigned i = 0; i < count; i++) {
        size_t bytes = strlen(arguments[i]) + 1;

        if (bytes > PROGRAM_ARGUMENT_BYTES_MAX - used)
            return 0;
        memcpy(image->strings + used, arguments[i], bytes);
        *word++ = sp + word_count * sizeof *word + used;
        used += bytes;
    }
    *word++ = 0; /* end of arguments */
    *word++ = 0; /* end of environment */
    *word++ = AUX_PAGE_BYTES;
    *word++ = PAGE_BYTES;
    *word++ = AUX_END;
    *word++ = 0;
    return used;
}

static const char *write_image(struct vm_map *map, struct stack_image *image,
                               const char *const *arguments, unsigned count, uint64_t *sp)
{
    unsigned word_count = 1 + count + 1 + 1 + 4;
    uint64_t strings_at;
    size_t used;

    *sp = (STACK_TOP - sizeof *image) & ~UINT64_C(15);
    strings_at = *sp + word_count * sizeof(uint64_t);
    used = fill_image(image, *sp, word_count, arguments, count);
    if (used == 0 && count > 0)
        return "has too long arguments";
    if (!write_memory(map, *sp, image->words, word_count * sizeof(uint64_t)) ||
        !write_memory(map, strings_at, image->strings, used))
        return "finds no memory for its stack";
    return NULL;
}

const char *program_stack_make(struct vm_map *map, const char *const *arguments, unsigned count,
                               uint64_t *sp)
{
    vm_offset_t base = STACK_TOP - STACK_BYTES;
    struct stack_image *image;
    const char *wrong;

    if (count > PROGRAM_ARGUMENTS_MAX)
        return "has too many arguments";
    if (vm_allocate(map, &base, STACK_BYTES, false) != KERN_SUCCESS)
        return "finds no room for its stack";
    image = kmem_alloc(sizeof *image);
    if (!image)
        return "finds no memory for its stack";
    wrong = write_image(map, image, arguments, count, sp);
    kmem_free(image, sizeof *image);
    return wrong;
}
