/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/user_copy.h"

/* Assembly: the only instructions of the kernel that touch user memory. */
long user_copy_string(char *to, const char *from, size_t size);

extern char user_copy_words[], user_copy_rest[], user_copy_failed[];
extern char user_copy_string_load[], user_copy_string_failed[];

static const struct {
    const char *fault;          /* the instruction that may fault */
    const char *fixup;          /* where to go on if the fault cannot be served */
} fixups[] = {
    { user_copy_words, user_copy_failed },
    { user_copy_rest, user_copy_failed },
    { user_copy_string_load, user_copy_string_failed },
};

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
    for (unsigned i = 0; i < sizeof(fixups) / sizeof(fixups[0]); i++)
        if (rip == (uint64_t)fixups[i].fault)
            return (uint64_t)fixups[i].fixup;
    return 0;
}
