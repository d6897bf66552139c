/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/program_stack.h"

#include <mig/mach_server.h>

#include "kernel/string.h"
#include "kernel/user_memory.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/vm_map.h"

#define STACK_TOP UINT64_C(0x7ffffffff000) /* one page below the end of user space */
#define STACK_BYTES UINT64_C(131072)

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
    if (!user_memory_write(map, *sp, image->words, word_count * sizeof(uint64_t)) ||
        !user_memory_write(map, strings_at, image->strings, used))
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
