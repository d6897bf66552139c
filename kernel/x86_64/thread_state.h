/* SPDX-License-Identifier: BSD-2-Clause */
/* thread_get_state and thread_set_state: flavors of mach/machine/thread_status.h. */
#pragma once

#include <mach/kern_return.h>
#include <stdint.h>

struct thread;

/*
 * Reads a flavor into state, which has room for *count 32-bit words; sets *count to what was written.
 * The thread is stopped, or waits, or is current. KERN_INVALID_ARGUMENT: no such flavor, or too little
 * room, or a kernel thread.
 */
kern_return_t thread_machine_get_state(struct thread *thread, int flavor, uint32_t *state,
                                       uint32_t *count);
/*
 * Writes a flavor. Selectors and system flags are never taken from the caller. KERN_INVALID_ARGUMENT
 * also for addresses that user mode may not have.
 */
kern_return_t thread_machine_set_state(struct thread *thread, int flavor, const uint32_t *state,
                                       uint32_t count);
/* Puts a program's start address and stack into a fresh thread. */
void thread_machine_set_entry(struct thread *thread, uint64_t pc, uint64_t sp);
