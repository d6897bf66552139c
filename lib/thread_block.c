/* SPDX-License-Identifier: BSD-2-Clause */
#include "thread_block.h"

struct first_thread first_thread;

void thread_block_set_stack(uintptr_t low, uintptr_t high)
{
    first_thread.stack = low;
    first_thread.stack_bytes = high - low;
}

void thread_block_set_first(uintptr_t low, uintptr_t high)
{
    thread_block_set_stack(low, high);
    first_thread.block = (struct thread_block){0};
}
