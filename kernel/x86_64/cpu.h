/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each processor has for itself. GS points to it while the kernel runs.
 *
 * The kernel runs with interrupts off and the lock held (kernel_lock.h); interrupts come in user
 * mode, in cpu_idle() and in cpu_interrupt_window(). Only NMI and machine check come at any time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct io_permissions;
struct message;
struct thread;
struct processor_segments;
struct tss;

#define PROCESSORS_MAX 32u      /* a processor's number is a bit in a word of the scheduler's */

/* How this processor got on with the big lock. Times in ticks of the time stamp counter. */
struct cpu_lock_statistics {
    uint64_t acquisitions, contended;
    uint64_t waited, held, longest;
    uint64_t taken_at;
};

/* Where the next event goes; kernel/trace.h. */
union cpu_trace {
    uint64_t *next;
    uint16_t low_bits;
};

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
    uint32_t number;                    /* its place in cpus[] */
    uint32_t apic_id;                   /* its name in the interrupt system */
    bool holds_lock;
    bool in_service;                    /* takes threads off the run queue */
    bool flush_wanted;                  /* set by who waits for this one to forget translations */
    bool stale;                         /* it is to forget those of the kernel half with the next lock */
    uint64_t root;                      /* physical address of the top page table it has loaded */
    uint64_t timer_ns;                  /* when its timer will interrupt; kernel/clock.c */
    uint64_t tick_ns;                   /* up to when its time is charged; kernel/sched.c */
    struct cpu_lock_statistics lock;
    uint64_t calls_made, flushes_asked; /* interrupts sent to other processors */
    struct message *free_messages;      /* small buffers at hand, ipc/message.c */
    uint32_t free_message_count;
    union cpu_trace trace;
};

/* What this kind of processor can do; set once by cpu_init. Without nx the kernel does not start. */
struct cpu_features {
    bool nx, smep, smap, xsave, xsaveopt, fsgsbase, pages_1g, invariant_tsc, umip;
};
extern struct cpu_features cpu_features;

/* The processors that run, by number; the first is the one that booted. Only grows, at boot. */
extern struct cpu *cpus[PROCESSORS_MAX];
extern unsigned cpu_count;

/* Detects and switches on what the processor has; loads segments, TSS and vectors. */
void cpu_init(void);
/* The same on another processor than the first, whose features it is trusted to have. */
void cpu_init_other(struct cpu *cpu, struct processor_segments *segments);
/* Waits for an interrupt and serves it, letting the lock go meanwhile; called by the idle thread. */
void cpu_idle(void);
/* Serves the interrupts that are pending; long operations call it between bounded chunks. The
   lock stays held: interrupt handlers run under it, other processors stay out. */
void cpu_interrupt_window(void);
/* Makes the machine reset by an exception that cannot be delivered; for tests. */
void cpu_triple_fault(void);
/* Stops for good. */
void cpu_halt(void) __attribute__((noreturn));

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;

    /* Not by __seg_gs: the compiler takes offset 0 for a null pointer. Volatile: after a switch the
       thread may be on another processor. */
    __asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

static inline struct thread *cpu_current(void)
{
    return *(struct thread *__seg_gs *)__builtin_offsetof(struct cpu, current);
}

/* Passes a moment of waiting for another processor. An emulated one leaves its emulation at each
   `pause`, where it gets in the way of others: so not one at each look. */
static inline void cpu_pause(void)
{
    for (unsigned i = 0; i < 500; i++)
        __asm__ volatile("" : : : "memory");
    __asm__ volatile("pause" : : : "memory");
}
