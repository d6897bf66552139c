/* SPDX-License-Identifier: BSD-2-Clause */
#include "thread_block.h"

static struct thread_block first_block;
static uintptr_t first_low, first_high; /* the first thread's stack */

void thread_block_set_stack(uintptr_t low, uintptr_t high)
{
    first_low = low;
    first_high = high;
}

void thread_block_set_first(uintptr_t low, uintptr_t high)
{
    thread_block_set_stack(low, high);
    first_block = (struct thread_block){0};
}

struct thread_block *thread_block_self(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    if (here - first_low < first_high - first_low) {
        return &first_block;
    }
    return (struct thread_block *)(here & ~(THREAD_SLOT_BYTES - 1));
}
