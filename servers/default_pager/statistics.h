/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pager's counters. Each is changed where the thing happens, with the lock held.
 */
#pragma once

#include <servers/pager_statistics.h>

extern pager_statistics_t statistics;

/* From here on the pager must not take a page fault: remembers how many it took so far. */
void statistics_ready(void);
