/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdbool.h>

/* Debugging: evict the first page of each supply of several before the second is in (checklist 89). */
extern bool supply_debug_evict;
