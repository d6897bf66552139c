/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/user_copy.h"

/* Assembly (user_copy.asm). */
long user_copy_string(char *to, const char *from, size_t size);

/* Filled where the instructions are; the linker puts them together. */
extern const struct user_fixup {
    uint64_t fault;             /* the instruction that may fault */
    uint64_t fixup;             /* where to go on if the fault cannot be served */
} user_fixups_start[], user_fixups_end[];

bool copyin_string(uint64_t user, char *kernel, size_t size, size_t *length)
{
    size_t limit = size;
    long count;

    if (user >= USER_ADDRESS_END)
        return false;
    if (limit > USER_ADDRESS_END - user)
        limit = USER_ADDRESS_END - user;
    count = user_copy_string(kernel, (const char *)user, limit);
    if (count < 0)
        return false;
    *length = (size_t)count;
    return true;
}

uint64_t user_copy_fixup(uint64_t rip)
{
    for (const struct user_fixup *at = user_fixups_start; at < user_fixups_end; at++)
        if (rip == at->fault)
            return at->fixup;
    return 0;
}
