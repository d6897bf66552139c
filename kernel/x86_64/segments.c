/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/segments.h"

#include "kernel/x86_64/cpu.h"

#include <stddef.h>

/* Exceptions with stacks of their own, by their slot in the TSS (1 and up). */
enum { OWN_STACK_DEBUG = 1, OWN_STACK_NMI, OWN_STACK_DOUBLE_FAULT, OWN_STACK_MACHINE_CHECK };

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
static uint64_t table[5 + 2 * PROCESSORS_MAX] = {
    0,
    0x00af9b000000ffff,         /* KERNEL_CS */
    0x00cf93000000ffff,         /* KERNEL_DS */
    0x00cff3000000ffff,         /* USER_DS */
    0x00affb000000ffff,         /* USER_CS */
    /* and for each processor its TSS, two entries wide */
};
#define TSS_ENTRY(number)   (5 + 2 * (number))

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

void gates_init(void)
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

static void tss_init(struct processor_segments *segments, uint64_t *entry)
{
    struct tss *tss = &segments->tss;
    uint64_t base = (uint64_t)tss;
    uint64_t limit = sizeof(*tss) - 1;

    for (unsigned i = 0; i < OWN_STACKS; i++)
        tss->own_stack[i] = (uint64_t)segments->own_stacks[i] + OWN_STACK_BYTES;
    tss->io_map_offset = TSS_IO_MAP_NONE;
    tss->io_map_end = 0xff;
    entry[0] = (limit & 0xffff) | (base & 0xffffff) << 16 |
               (uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xff) << 56;
    entry[1] = base >> 32;
}

/*
 * Purpose: from here on exceptions are served, and each has a stack to be served on.
 * Conditions: cpu->number is set; interrupts are off and stay off.
 */
void segments_init(struct cpu *cpu, struct processor_segments *segments)
{
    struct table_pointer segment_table = { sizeof(table) - 1, (uint64_t)table };
    struct table_pointer gate_table = { sizeof(gates) - 1, (uint64_t)gates };
    unsigned entry = TSS_ENTRY(cpu->number);

    cpu->tss = &segments->tss;
    tss_init(segments, &table[entry]);
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
    __asm__ volatile("ltr %w0" : : "r"(entry * 8));
}
