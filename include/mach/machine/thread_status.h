/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACHINE_THREAD_STATUS_H
#define MACH_MACHINE_THREAD_STATUS_H

#include <mach/machine/fp_reg.h>
#include <stdint.h>

/* Flavors of thread_get_state and thread_set_state. Counts are in 32-bit units. */
#define i386_THREAD_STATE         1
#define i386_FLOAT_STATE          2
#define i386_ISA_PORT_MAP_STATE   3
#define i386_V86_ASSIST_STATE     4
#define i386_REGS_SEGS_STATE      5
#define i386_DEBUG_STATE          6
#define i386_FSGS_BASE_STATE      7
#define i386_XFLOAT_STATE         8

/* The stack pointer that counts is ursp; rsp is what PUSHA would have left in its slot. */
struct i386_thread_state {
    uint64_t r8;
    uint64_t r9;
    uint64_t r10;
    uint64_t r11;
    uint64_t r12;
    uint64_t r13;
    uint64_t r14;
    uint64_t r15;
    uint64_t rdi;
    uint64_t rsi;
    uint64_t rbp;
    uint64_t rsp;
    uint64_t rbx;
    uint64_t rdx;
    uint64_t rcx;
    uint64_t rax;
    uint64_t rip;
    unsigned int cs;
    uint64_t rfl;
    uint64_t ursp;
    unsigned int ss;
};
#define i386_THREAD_STATE_COUNT (sizeof(struct i386_thread_state) / sizeof(unsigned int))

#define FP_STATE_BYTES (sizeof(struct i386_fp_save) + sizeof(struct i386_fp_regs))

struct i386_float_state {
    int fpkind;
    int initialized;
    unsigned char hw_state[FP_STATE_BYTES];
    int exc_status;
};
#define i386_FLOAT_STATE_COUNT (sizeof(struct i386_float_state) / sizeof(unsigned int))

struct i386_xfloat_state {
    int fpkind;
    int initialized;
    int exc_status;
    int fp_save_kind;
    unsigned char hw_state[];
};

#define PORT_MAP_BITS 0x400
struct i386_isa_port_map_state {
    unsigned char pm[PORT_MAP_BITS >> 3];
};
#define i386_ISA_PORT_MAP_STATE_COUNT                                                              \
    (sizeof(struct i386_isa_port_map_state) / sizeof(unsigned int))

struct i386_debug_state {
    unsigned int dr[8];
};
#define i386_DEBUG_STATE_COUNT (sizeof(struct i386_debug_state) / sizeof(unsigned int))

struct i386_fsgs_base_state {
    unsigned long fs_base;
    unsigned long gs_base;
};
#define i386_FSGS_BASE_STATE_COUNT (sizeof(struct i386_fsgs_base_state) / sizeof(unsigned int))

#endif
