/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point and vector registers. They are saved and loaded at every switch between user threads
 * (eagerly): with compilers that use vector registers for structure copies, every thread uses them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/x86_64/cpu.h"

#define FPU_CONTROL_START 0x037f /* x87 control word of a new thread */

/* Switches the unit on; finds how large a thread's area is. */
void fpu_init(void);
/* Switches it on in the same way on another processor. */
void fpu_init_other(void);
/* Bytes of an area; a multiple of 64, as is its alignment. */
uint32_t fpu_area_bytes(void);
/* Bytes that XSAVE fills; 512 with FXSAVE. */
uint32_t fpu_state_bytes(void);
/* Puts the start state into an area. */
void fpu_area_init(void *area);
/* True if loading the area would not fault: reserved bits are zero. */
bool fpu_area_valid(const void *area);
/* What the current thread's last x87 and vector instructions raised: status word and MXCSR. */
uint16_t fpu_status(void);
uint32_t fpu_vector_status(void);

/* Moves the registers into an area. */
static inline void fpu_save(void *area)
{
    if (__builtin_expect(cpu_features.xsaveopt, 1))
        __asm__ volatile("xsaveopt64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
    else if (cpu_features.xsave)
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

/* Moves an area into the registers. */
static inline void fpu_restore(const void *area)
{
    if (__builtin_expect(cpu_features.xsave, 1))
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

/* Both at once: what every switch between user threads does. */
static inline void fpu_switch(void *from, const void *to)
{
    if (__builtin_expect(cpu_features.xsaveopt, 1)) {
        __asm__ volatile("xsaveopt64 (%0)\n\txrstor64 (%1)"
                         : : "r"(from), "r"(to), "a"(-1), "d"(-1) : "memory");
        return;
    }
    fpu_save(from);
    fpu_restore(to);
}
