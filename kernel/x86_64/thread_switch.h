/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From thread to thread. Inline: every message between tasks goes through here twice.
 */
#pragma once

#include <stdint.h>

#include "kernel/thread.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/fpu.h"
#include "kernel/x86_64/segments.h"

/* What few threads have and most switches need not look at one by one: breakpoints, bases of segments,
   I/O ports. `to` has a user mode and is current. */
void thread_machine_switch_rare(const struct thread *to);
void thread_machine_debug_off(void);

/*
 * Leaves a stack for another, which either was left here or has an address on it to go to. All
 * registers are lost in between, so that the compiler saves just those that it needs.
 */
static inline void switch_stacks(uint64_t *save_sp, uint64_t new_sp)
{
    __asm__ volatile("push %%rbp\n\t"
                     "push $1f\n\t"
                     "mov %%rsp, (%0)\n\t"
                     "mov %1, %%rsp\n\t"
                     "ret\n"
                     "1: pop %%rbp"
                     : "+D"(save_sp), "+S"(new_sp)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "cc", "memory");
}

/*
 * Purpose: leave `from` for `to`; returns when `from` runs again. Sets cpu->current.
 * Conditions: interrupts are off. `to` is not running; the caller has chosen the address space
 * (pmap_activate) and the states. `from` may be dead: then nothing returns here, and its stack is free
 * once another thread runs.
 */
static inline void thread_machine_switch(struct thread *from, struct thread *to)
{
    struct cpu *cpu = this_cpu();
    struct trap_frame *frame = to->machine.frame;

    if (__builtin_expect(from->machine.fpu && frame, 1))
        fpu_switch(from->machine.fpu, to->machine.fpu);
    else if (from->machine.fpu)
        fpu_save(from->machine.fpu);
    else if (frame)
        fpu_restore(to->machine.fpu);
    cpu->current = to;
    to->machine.cpu = cpu;
    if (__builtin_expect(from->machine.debug_active, 0))
        thread_machine_debug_off();
    if (frame) {
        cpu->trap_stack = (uint64_t)&frame->ss;
        cpu->tss->stack[0] = (uint64_t)(frame + 1);
        if (__builtin_expect(cpu->fs_base != to->machine.fs_base ||
                             cpu->gs_base != to->machine.gs_base || cpu->io_loaded ||
                             to->machine.debug_active, 0))
            thread_machine_switch_rare(to);
    }
    switch_stacks(&from->machine.saved_sp, to->machine.saved_sp);
}
