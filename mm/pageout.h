/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-out: the daemon that keeps frames free (spec/vm.md 4).
 *
 *   pageout.c         when to work, when to wait, when to give up
 *   pageout_page.c    what becomes of one page
 */
#pragma once

#include <stdbool.h>


/* Starts the daemon thread. */
void pageout_init(void);
/* Called by allocators when free frames fall below free_min. */
void pageout_wake(void);
/* A frame that was in flight to a manager has been freed: throttled page-out may go on. */
void pageout_laundry_done(void);
/* Nothing more can be paged out: new anonymous memory of ordinary tasks is refused (R8). */
bool pageout_is_exhausted(void);
