/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/machine/vm_types.h>
#include <mach/port.h>
#include <stdint.h>

/*
 * What the library keeps for each thread. A thread's stack is a slot of THREAD_SLOT_BYTES at a
 * multiple of that size and its block is the first thing in it, so that a thread finds its block
 * from its stack pointer. The first thread has the stack that the kernel made, anywhere, and one
 * static block.
 */
#define THREAD_SLOT_BYTES ((uintptr_t)256 * 1024)

struct thread_block {
    mach_port_name_t reply_port; /* receive right, or MACH_PORT_NULL before the first RPC */
    mach_port_name_t thread;     /* send right to the thread itself, or NULL */
    void (*function)(void *);
    void *argument;
    vm_size_t bytes;             /* of the stack, block included */
    struct cthread *cthread;     /* of C Threads, or NULL */
    struct thread_block *next;   /* in the list of threads that have ended */
};

/* The first thread's block, and where its stack is. */
extern struct first_thread {
    struct thread_block block;
    uintptr_t stack, stack_bytes;
} first_thread;

/* The calling thread's block. Inline: each RPC asks for it. */
static inline struct thread_block *thread_block_self(void)
{
    uintptr_t here;

    __asm__("mov %%rsp, %0" : "=r"(here));
    if (here - first_thread.stack < first_thread.stack_bytes) {
        return &first_thread.block;
    }
    return (struct thread_block *)(here & ~(THREAD_SLOT_BYTES - 1));
}

/* Makes the caller the first thread of the task, running on the stack [low, high). Drops what the
   library knew about the first thread before. */
void thread_block_set_first(uintptr_t low, uintptr_t high);
/* Says more exactly where that stack is. */
void thread_block_set_stack(uintptr_t low, uintptr_t high);
