/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/boolean.h>
#include <mach/port.h>
#include <stdint.h>

#include "pager_object.h"

#define PAGER_CHUNK 32u /* pages that are decided upon at once, and the longest transfer */

/*
 * A kernel wants pages: reads and supplies them, or says that they are absent or cannot be had. With `again`
 * those that it refused, though it may wait for some (D-10): only what the store has. Conditions: in the
 * object's turn, lock held; the turn ends, the lock is dropped.
 */
void pager_answer(struct pager_object *object, mach_port_t control, uint64_t first, uint64_t count,
                  boolean_t again);

/*
 * A supply that starts at that page is over; the kernel has taken that many pages from the first on.
 * FALSE: there is no such supply. Conditions: as before; on FALSE, turn and lock stay.
 */
boolean_t pager_supply_over(struct pager_object *object, mach_port_t control, uint64_t first,
                            uint64_t accepted);

/*
 * A kernel brings pages: writes what the store has not. The data stays the caller's. `kept`: the kernel has
 * them still. Conditions: as pager_answer.
 */
void pager_take(struct pager_object *object, uint64_t first, uint64_t count, const char *data,
                boolean_t dirty, boolean_t kept);

/* Forgets the supplies to a kernel that is gone. Conditions: lock held, no transfers. */
void pager_drop_supplies(struct pager_object *object, mach_port_t control);
