/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of an interrupted program, as trap_entry.asm and syscall.asm push them.
 *
 * The frame of a thread's user program always lies at the very top of its kernel stack. After a system
 * call (vector TRAP_SYSCALL) the slots of rcx and r11 hold nothing: the instruction itself has put rip
 * and rflags into those registers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRAP_SYSCALL    0xffffffffu     /* in place of a vector */

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx;      /* kept by C functions */
    uint64_t r9, r8, r10, rdx, rsi, rdi;        /* arguments of a system call */
    uint64_t fault_address;                     /* of a page fault */
    uint64_t r11, rcx, rax;
    uint32_t error;
    uint32_t vector;
    uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct trap_frame) == 22 * 8, "syscall.asm and trap_entry.asm push 22 words");

static inline bool trap_frame_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) != 0;
}
