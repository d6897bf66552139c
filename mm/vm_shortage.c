/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for memory between two tries.
 */
#include "mm/vm_shortage.h"

#include "mm/fault_request.h"
#include "mm/page.h"
#include "mm/pageout.h"

/* Tries of one step: so many, because others may be faster at the frame that was freed. One that only pauses counts
   for several, since a refusal that has nothing to do with frames comes here too. */
#define TRIES_MAX 64u
#define PAUSE_TRIES 4u

static const struct wait_reason waits_for_more = {"more free memory", NULL};

bool vm_shortage_wait_for_memory(unsigned *tries)
{
    /* With frames to spare, what lacked is something that no waiting brings. */
    if (page_counts.free >= page_levels.free_target || pageout_is_exhausted())
        return false;
    if (++*tries > TRIES_MAX)
        return false;
    /* There is a frame, but a step that needs several has not got them: page-out is still at it. */
    if (page_counts.free > page_levels.reserved + PAGE_WAIT_MARGIN) {
        *tries += PAUSE_TRIES - 1;
        pageout_wake();
        return fault_pause(&waits_for_more, WAIT_INTERRUPTIBLE) == KERN_SUCCESS;
    }
    return page_wait_for_memory(WAIT_INTERRUPTIBLE) != WAIT_INTERRUPTED;
}
