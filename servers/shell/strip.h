/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages by state as a strip of letters; coloured on a terminal.
 */
#pragma once

#include <stdint.h>

/* States of a page, the most noteworthy last. */
enum strip_state {
    STRIP_NONE,         /* ' ' not in memory */
    STRIP_UNAVAILABLE,  /* u   its manager has nothing for it */
    STRIP_CLEAN,        /* c */
    STRIP_PRECIOUS,     /* p   clean, and the only copy */
    STRIP_DIRTY,        /* D */
    STRIP_REQUESTED,    /* r   awaited from its manager */
    STRIP_RETURNING,    /* <   on its way to its manager */
    STRIP_STATES
};

/* Says what the letters mean, in one line without its end. */
void strip_print_legend(void);
/* Prints a strip of so many columns, each with the state of its pages. */
void strip_print(const enum strip_state *states, unsigned columns);
/* Prints a strip of at most so many columns in which each state has its share of the pages, and what there
   is at least a column. */
void strip_print_shares(const uint32_t pages[STRIP_STATES], unsigned columns);
