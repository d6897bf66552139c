/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each processor has for itself. GS points to it while the kernel runs.
 *
 * The kernel runs with interrupts off; they come in user mode, in cpu_idle() and in
 * cpu_interrupt_window(). Only NMI and machine check come at any time.
 */
#ifndef KERNEL_X86_64_CPU_H
#define KERNEL_X86_64_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct io_permissions;
struct message;
struct thread;
struct tss;

/* Entry code knows the offsets of the first four: kernel/x86_64/offsets.inc. */
struct cpu {
    struct cpu *self;
    struct thread *current;             /* never NULL once the first thread runs */
    uint64_t trap_stack;                /* where a system call pushes: below the ss slot of the frame */
    uint64_t user_sp;                   /* scratch of the system call entry */
    struct thread *idle;                /* owned by the scheduler */
    struct tss *tss;
    const struct io_permissions *io_loaded;     /* whose port bitmap the TSS holds */
    uint64_t fs_base, gs_base;          /* of user mode, as they are in the machine registers */
    uint32_t number;
    struct message *free_messages;      /* small buffers at hand, ipc/message.c */
    uint32_t free_message_count;
};

/* What this kind of processor can do; set once by cpu_init. Without nx the kernel does not start. */
struct cpu_features {
    bool nx, smep, smap, xsave, xsaveopt, fsgsbase, pages_1g, invariant_tsc, umip;
};
extern struct cpu_features cpu_features;

/* Detects and switches on what the processor has; loads segments, TSS and vectors. */
void cpu_init(void);
/* Waits for an interrupt and serves it; called by the idle thread. */
void cpu_idle(void);
/* Serves the interrupts that are pending; long operations call it between bounded chunks. */
void cpu_interrupt_window(void);
/* Makes the machine reset by an exception that cannot be delivered; for tests. */
void cpu_triple_fault(void);
/* Stops for good. */
void cpu_halt(void) __attribute__((noreturn));

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;

    /* Not by __seg_gs: the compiler takes offset 0 for a null pointer. */
    __asm__("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

static inline struct thread *cpu_current(void)
{
    return *(struct thread *__seg_gs *)__builtin_offsetof(struct cpu, current);
}

#endif
