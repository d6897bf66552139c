/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_THREAD_H
#define PORTHOLE_THREAD_H

#include <mach/port.h>

/* Threads as the kernel has them; <cthreads.h> can wait for their results. */

#define THREAD_STACK_DEFAULT ((vm_size_t)64 * 1024)
#define THREAD_STACK_MAX     ((vm_size_t)256 * 1024)

/*
 * Starts a thread of this task at function(argument) on a new stack of stack_bytes (0: the default).
 * Returns the library's send right to it, or MACH_PORT_NULL. The right and the stack live until
 * a later thread has started or ended after this one has; keep a right longer with mach_port_mod_refs.
 */
mach_port_t thread_start(void (*function)(void *), void *argument, vm_size_t stack_bytes);
/* Ends the calling thread, as returning from its function does. */
void thread_exit(void) __attribute__((noreturn));
/* The library's send right to the calling thread. */
mach_port_t thread_self(void);
/* Waits. */
void thread_sleep(unsigned milliseconds);

#endif
