/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls: from the instruction to the trap table. */
#pragma once

#include <stdint.h>

/* Readies the instruction; mach_trap_table must be what it will be. */
void syscall_init(void);
/* Readies the instruction on this processor. */
void syscall_init_cpu(void);

/* Called by syscall.asm: the other ends of a trap. */
int64_t trap_invalid(void);
void exception_noncanonical(void);
