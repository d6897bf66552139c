/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

#define CENSUS_CACHES 64u

/* What the kernel has in use at one moment: objects of each of its caches, frames, this task's names. */
struct census {
    porthole_cache_t caches[CENSUS_CACHES];
    unsigned cache_count;
    porthole_memory_t memory;
    unsigned names;
};

void census_take(struct census *census);
/* Objects of the cache of that name; 0 if it is not there: a cache may be made at its first use. */
uint64_t census_in_use(const struct census *census, const char *name);
/*
 * What has grown between two of them by more than the slack (objects of a cache, names, frames), each told
 * in a line of the report; returns how many. `objects` and `frames` allow for what the kernel keeps at hand.
 */
unsigned census_growth(const struct census *before, const struct census *after, unsigned objects,
                       unsigned frames);
