/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is short for a moment only. A step that finds no kernel memory fails, with nothing
 * changed; who called it for a user waits and tries again, as long as page-out makes progress:
 *
 *     unsigned tries = 0;
 *     do
 *         result = step();
 *     while (vm_shortage_wait(result, &tries));
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>

/* See vm_shortage_wait(). */
bool vm_shortage_wait_for_memory(unsigned *tries);

/*
 * After a step: true if it failed for want of memory and is worth another try. May sleep,
 * interruptibly, with nothing held; whatever was looked up must be looked up anew.
 */
static inline bool vm_shortage_wait(kern_return_t result, unsigned *tries)
{
    return result == KERN_RESOURCE_SHORTAGE && vm_shortage_wait_for_memory(tries);
}
