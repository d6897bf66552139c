/* SPDX-License-Identifier: BSD-2-Clause */
/* What the processor was doing: registers, and who called whom. */
#pragma once

#include <stdint.h>

struct trap_frame;

/* Fills a frame with the registers as they are now; those that C functions may change are 0. */
void backtrace_capture(struct trap_frame *frame);
/* Prints all registers of a frame. */
void backtrace_print_registers(const struct trap_frame *frame);
/* The return addresses of the caller and of his callers, innermost first, 0 behind the last; never faults. */
void backtrace_record(uint64_t *addresses, unsigned count);
/* Prints the callers from a frame pointer on; never faults. */
void backtrace_print_from(uint64_t rip, uint64_t rbp);
