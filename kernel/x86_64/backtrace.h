/* SPDX-License-Identifier: BSD-2-Clause */
/* What the processor was doing: registers, and who called whom. */
#ifndef KERNEL_X86_64_BACKTRACE_H
#define KERNEL_X86_64_BACKTRACE_H

#include <stdint.h>

struct thread;
struct trap_frame;

/* Prints all registers of a frame. */
void backtrace_print_registers(const struct trap_frame *frame);
/* Prints the callers from a frame pointer on; never faults. */
void backtrace_print_from(uint64_t rip, uint64_t rbp);
/* Prints the caller's callers. */
void backtrace_print(void);
/* Prints where a thread that does not run stands in the kernel. */
void backtrace_print_thread(const struct thread *thread);

#endif
