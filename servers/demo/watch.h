/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernel and pager count, shown while the demonstration runs and summed up at its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/port.h>
#include <servers/pager_statistics.h>

/* Finds the pager; begins to count. False: there is none. */
bool watch_begin(bool plain);
/* Pages free in the machine now. */
uint64_t watch_free_pages(void);
/* Blocks that pages without one may take. */
uint64_t watch_free_space(void);
/* Shows how far a phase is: on one line that is written over, or now and then on its own. */
void watch_show(const char *phase, uint64_t done, uint64_t total);
/* Ends a phase's line. */
void watch_phase_done(const char *phase, uint64_t total);
/* What the pager has counted since watch_begin(), when no supply is under way. */
void watch_end(pager_statistics_t *since_begin);
