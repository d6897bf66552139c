/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeping a thread still while others look at its registers or change them. */
#pragma once

#include <mach/kern_return.h>

struct thread;

/*
 * Holds another thread: it executes no user instruction until thread_unhold(). Sleeps interruptibly until
 * it has left what it does in the kernel, or waits there; then its frame is whole, with the result of its
 * trap. The caller has a reference.
 * KERN_TERMINATED: it is dying; KERN_ABORTED: the caller was interrupted. Then it is not held.
 */
kern_return_t thread_hold(struct thread *thread);
void thread_unhold(struct thread *thread);
/* Sleeps until a thread that somebody holds or has suspended is still, as thread_hold(). KERN_ABORTED. */
kern_return_t thread_wait_still(struct thread *thread);
