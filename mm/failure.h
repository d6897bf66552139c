/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocations that fail on purpose, so that each place that allocates can be tried (porthole_debug.defs).
 */
#pragma once

#include <stdbool.h>

/* A failure has been asked for and has not happened yet: each allocation takes its slow way. */
extern bool failure_armed;
/* Counts an allocation of the current thread's task; true: this is the one that must fail. */
bool failure_due(void);
