/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments, the task state segment and the vector table. */
#pragma once

#include <stdint.h>

#include "kernel/x86_64/io_permissions.h"

#define KERNEL_CS   0x08
#define KERNEL_DS   0x10
#define USER_DS     0x1b        /* sysret wants: data below code */
#define USER_CS     0x23

/* Vectors behind the 32 exceptions. */
#define VECTOR_IRQ          32  /* and up: a device line each */
#define VECTOR_CALL         59  /* another processor wants this one to look at its AST or queue */
#define VECTOR_TIMER        60
#define VECTOR_ERROR        61
#define VECTOR_FLUSH        62  /* another processor waits for this one to forget translations */
#define VECTOR_SPURIOUS     63
#define VECTORS             64

/* The 64-bit task state segment with its I/O bitmap; one a processor. */
struct tss {
    uint32_t reserved0;
    uint64_t stack[3];          /* [0]: where traps from user mode push */
    uint64_t reserved1;
    uint64_t own_stack[7];      /* stacks of exceptions that need a good one */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map_offset;
    uint8_t io_map[IO_PORTS / 8];
    uint8_t io_map_end;         /* the processor reads one byte more, and it must be all ones */
} __attribute__((packed));

#define TSS_IO_MAP_NONE     ((uint16_t)sizeof(struct tss))

#define OWN_STACK_BYTES     4096
#define OWN_STACKS          4   /* exceptions that need a good stack */

/* A processor's part of the tables; it lives as long as the processor. */
struct processor_segments {
    struct tss tss;
    uint8_t own_stacks[OWN_STACKS][OWN_STACK_BYTES] __attribute__((aligned(16)));
};

struct cpu;

/* Fills the table of vectors, which all processors share. */
void gates_init(void);
/* Loads this processor's segments, TSS and the vectors; sets cpu->tss. */
void segments_init(struct cpu *cpu, struct processor_segments *segments);
