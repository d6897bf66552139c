/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for memory between two tries.
 */
#include "mm/vm_shortage.h"

#include "mm/page.h"
#include "mm/pageout.h"

/* Tries of one step: so many, because others may be faster at the frame that was freed. */
#define TRIES_MAX 64u

bool vm_shortage_wait_for_memory(unsigned *tries)
{
    /* With frames to spare, what lacked is something that no waiting brings. */
    if (page_counts.free >= page_levels.free_target || pageout_is_exhausted())
        return false;
    if (++*tries > TRIES_MAX)
        return false;
    return page_wait_for_memory(WAIT_INTERRUPTIBLE) != WAIT_INTERRUPTED;
}
