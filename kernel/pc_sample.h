/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Samples of program counters: where threads are when the clock ticks, or when they fault.
 *
 * A task or thread that is sampled owns a ring of the last samples. While nobody is sampled, an event
 * costs one test.
 */
#pragma once

#include <stdint.h>

#include <mach/pc_sample.h>

struct pc_samples;

extern uint32_t pc_sample_rings; /* that exist */

/* Notes an event of the current thread where it, or its task, is sampled for that flavor. */
void pc_sample_take(sampled_pc_flavor_t flavor);
static inline void pc_sample(sampled_pc_flavor_t flavor)
{
    if (__builtin_expect(pc_sample_rings != 0, 0))
        pc_sample_take(flavor);
}

/* The clock of this processor was looked at before, and is now: notes a tick if one lies between. */
void pc_sample_clock(uint64_t before_ns, uint64_t now_ns);
/* Ends the sampling of a task or thread and frees the ring; NULL is allowed. */
void pc_samples_free(struct pc_samples *samples);
