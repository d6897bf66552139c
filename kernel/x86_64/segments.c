/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/segments.h"

#include "kernel/x86_64/cpu.h"

#include <stddef.h>

#define OWN_STACK_BYTES 4096

/* Exceptions with stacks of their own, by their slot in the TSS (1 and up). */
enum { OWN_STACK_DEBUG = 1, OWN_STACK_NMI, OWN_STACK_DOUBLE_FAULT, OWN_STACK_MACHINE_CHECK,
       OWN_STACKS };

enum { GATE_INTERRUPT = 0x8e, GATE_FROM_USER = 0xee, TSS_AVAILABLE = 0x89 };
enum { EXCEPTION_DEBUG = 1, EXCEPTION_NMI = 2, EXCEPTION_BREAKPOINT = 3, EXCEPTION_OVERFLOW = 4,
       EXCEPTION_BOUND = 5, EXCEPTION_DOUBLE_FAULT = 8, EXCEPTION_MACHINE_CHECK = 18 };

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t own_stack;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const uint64_t trap_vectors[VECTORS];

static struct gate gates[256];
static struct tss boot_tss;
static uint8_t own_stacks[OWN_STACKS - 1][OWN_STACK_BYTES] __attribute__((aligned(16)));
static uint64_t segments[] = {
    0,
    0x00af9b000000ffff,         /* KERNEL_CS */
    0x00cf93000000ffff,         /* KERNEL_DS */
    0x00cff3000000ffff,         /* USER_DS */
    0x00affb000000ffff,         /* USER_CS */
    0, 0,                       /* TSS, two entries wide */
};
#define TSS_SELECTOR    0x28

_Static_assert(offsetof(struct tss, io_map) == 104, "the TSS is 104 bytes long");

static void gate_set(unsigned vector, uint8_t type, uint8_t own_stack)
{
    uint64_t entry = trap_vectors[vector];

    gates[vector] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = KERNEL_CS,
        .own_stack = own_stack,
        .type = type,
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

static void gates_init(void)
{
    for (unsigned vector = 0; vector < VECTORS; vector++)
        gate_set(vector, GATE_INTERRUPT, 0);
    /* The three that programs may raise by an `int`, as under GNU Mach. */
    gate_set(EXCEPTION_BREAKPOINT, GATE_FROM_USER, 0);
    gate_set(EXCEPTION_OVERFLOW, GATE_FROM_USER, 0);
    gate_set(EXCEPTION_BOUND, GATE_FROM_USER, 0);
    gate_set(EXCEPTION_DEBUG, GATE_INTERRUPT, OWN_STACK_DEBUG);
    gate_set(EXCEPTION_NMI, GATE_INTERRUPT, OWN_STACK_NMI);
    gate_set(EXCEPTION_DOUBLE_FAULT, GATE_INTERRUPT, OWN_STACK_DOUBLE_FAULT);
    gate_set(EXCEPTION_MACHINE_CHECK, GATE_INTERRUPT, OWN_STACK_MACHINE_CHECK);
}

static void tss_init(struct tss *tss)
{
    uint64_t base = (uint64_t)tss;
    uint64_t limit = sizeof(*tss) - 1;

    for (unsigned i = 1; i < OWN_STACKS; i++)
        tss->own_stack[i - 1] = (uint64_t)own_stacks[i - 1] + OWN_STACK_BYTES;
    tss->io_map_offset = TSS_IO_MAP_NONE;
    tss->io_map_end = 0xff;
    segments[TSS_SELECTOR / 8] = (limit & 0xffff) | (base & 0xffffff) << 16 |
                                 (uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xff) << 56;
    segments[TSS_SELECTOR / 8 + 1] = base >> 32;
}

/*
 * Purpose: from here on exceptions are served, and each has a stack to be served on.
 * Conditions: the boot processor; interrupts are off and stay off.
 */
void segments_init(struct cpu *cpu)
{
    struct table_pointer segment_table = { sizeof(segments) - 1, (uint64_t)segments };
    struct table_pointer gate_table = { sizeof(gates) - 1, (uint64_t)gates };

    cpu->tss = &boot_tss;
    tss_init(cpu->tss);
    gates_init();
    __asm__ volatile("lgdt %0" : : "m"(segment_table));
    __asm__ volatile("push %0\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %1, %%ds\n\t"
                     "mov %1, %%es\n\t"
                     "mov %1, %%ss"
                     : : "i"(KERNEL_CS), "r"(KERNEL_DS) : "rax", "memory");
    __asm__ volatile("lidt %0" : : "m"(gate_table));
    __asm__ volatile("ltr %w0" : : "r"(TSS_SELECTOR));
}
