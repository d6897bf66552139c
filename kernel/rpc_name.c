/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/rpc_name.h"

#include <mach/message.h>

void rpc_name_copy(char *to, size_t bytes, const char *name)
{
    /* The type descriptor in front of the characters says how many the sender gave. */
    size_t limit = ((const mach_msg_type_t *)name)[-1].msgt_number;
    size_t i;

    if (limit > bytes - 1)
        limit = bytes - 1;
    for (i = 0; i < limit && name[i] != '\0'; i++)
        to[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
    to[i] = '\0';
}
