/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segment descriptors of a program's own (mach_i386 3803, 3804, 3807, 3808). All programs here have 64 bits,
 * whose segments have no bounds, and whose FS and GS bases are part of the thread's state: so there are
 * no free slots in the table, and no thread has a table of its own.
 */
#include <mig/mach_i386_server.h>

#define SELECTORS   8192        /* entries that a table can have */
#define ANY_SLOT    (-1)

static int selector_index(int selector)
{
    return (selector & 0xffff) >> 3;
}

/* KERN_INVALID_ARGUMENT: no thread, or no slot's selector; KERN_NO_SPACE for any slot. */
kern_return_t i386_set_gdt(thread_t thread, int *selector, descriptor_t descriptor)
{
    (void)descriptor;
    return thread && *selector == ANY_SLOT ? KERN_NO_SPACE : KERN_INVALID_ARGUMENT;
}

kern_return_t i386_get_gdt(thread_t thread, int selector, descriptor_t *descriptor)
{
    (void)thread;
    (void)selector;
    (void)descriptor;
    return KERN_INVALID_ARGUMENT;
}

/* KERN_INVALID_ARGUMENT: no thread, or past the longest table; KERN_NO_SPACE. */
kern_return_t i386_set_ldt(thread_t thread, int first_selector,
                           const_descriptor_list_t descriptors, mach_msg_type_number_t count,
                           boolean_t is_inline)
{
    (void)descriptors;
    (void)is_inline;
    if (!thread || count >= SELECTORS - (unsigned)selector_index(first_selector))
        return KERN_INVALID_ARGUMENT;
    return KERN_NO_SPACE;
}

/* A table that there is not is empty. KERN_INVALID_ARGUMENT as above. */
kern_return_t i386_get_ldt(thread_t thread, int first_selector, int wanted,
                           descriptor_list_t *descriptors, mach_msg_type_number_t *count)
{
    (void)descriptors;
    if (!thread || wanted >= SELECTORS - selector_index(first_selector))
        return KERN_INVALID_ARGUMENT;
    *count = 0;
    return KERN_SUCCESS;
}
