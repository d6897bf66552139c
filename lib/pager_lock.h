/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/boolean.h>
#include <porthole/sync.h>

/* The pager library's one lock. It is held for short: never over a call of the kernel or the user. */
void pager_lock(void);
void pager_unlock(void);
/* Whether the calling thread holds it. */
boolean_t pager_locked(void);
/* Drops it until the condition is woken, or for a moment. Conditions: lock held. */
void pager_wait(struct condition *condition);
void pager_pause(void);
/* Wakes all who wait. Conditions: lock held. */
void pager_wake(struct condition *condition);

/* A call that may take its time: the kernel's may need this pager, the user's may call the kernel (H-24). */
#define UNLOCKED(call) (pager_assert_unlocked(), (call))
void pager_assert_unlocked(void);
