/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pager's one lock, and waiting for what it guards.
 *
 * The lock is held for short, and never over a transfer or a call of the kernel that could need the
 * pager (DP12).
 */
#pragma once

#include <porthole/sync.h>

void pager_lock(void);
void pager_unlock(void);
/* Drops the lock, sleeps until the condition is woken, takes the lock again. Conditions: lock held.
 */
void pager_wait(struct condition *condition);
/* Drops the lock for ten milliseconds. Conditions: lock held. */
void pager_pause(void);
/* Wakes all who wait. Conditions: lock held. */
void pager_wake(struct condition *condition);
