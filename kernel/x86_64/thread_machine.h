/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's part of a thread: stacks, saved registers, and moving from thread to thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/trap_frame.h"

struct thread;

struct thread_machine {
    uint64_t saved_sp;          /* kernel stack pointer while it does not run */
    void *stack;                /* lowest address of its kernel stack; owned */
    struct trap_frame *frame;   /* its user registers, at the top of the stack; NULL: kernel thread */
    void *fpu;                  /* XSAVE or FXSAVE area, owned; NULL: kernel thread */
    uint64_t fs_base, gs_base;  /* of user mode */
    uint64_t debug[8];          /* debug registers 0..3 and 7; live only while debug_active */
    bool debug_active;
    struct cpu *cpu;            /* where it runs or ran last; NULL before its first step */
};

/* Makes the stack of a thread that will run function(argument), then thread_exit(). False: no memory. */
bool thread_machine_init_kernel(struct thread *thread, void (*function)(void *), void *argument);
/* Makes the stack and floating-point area of a thread that will enter user mode with all registers
   zero, by way of thread_ast(). False: no memory. */
bool thread_machine_init_user(struct thread *thread);
/* Frees what the init functions took; the thread does not run. NULL parts are fine. */
void thread_machine_destroy(struct thread *thread);
/* thread_machine_switch() is inline, in kernel/x86_64/thread_switch.h. */
/* Turns the boot stack into the first thread's, which gets current. */
void thread_machine_adopt_boot(struct thread *thread);
/* Loads what user mode needs, after another thread has changed it (fs_base, gs_base, debug). */
void thread_machine_refresh(struct thread *thread);

static inline struct thread *thread_current(void)
{
    return cpu_current();
}
