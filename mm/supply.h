/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MM_SUPPLY_H
#define MM_SUPPLY_H

#include <stdbool.h>

/* Debugging: evict the first page of each supply of several before the second is in (checklist 89). */
extern bool supply_debug_evict;

#endif
