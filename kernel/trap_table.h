/* SPDX-License-Identifier: BSD-2-Clause */
/* The traps (system calls), indexed by the negated trap number. */
#pragma once

#include <stdint.h>

#define MACH_TRAP_ARGUMENTS_MAX 11

/* Entry code knows this layout. */
struct mach_trap {
    void *function;         /* returns the trap's value; NULL: exception_bad_trap is raised */
    uint64_t arguments;     /* at most MACH_TRAP_ARGUMENTS_MAX */
};

extern const struct mach_trap mach_trap_table[];
extern const uint64_t mach_trap_count;
