/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pager's memory: one wired region, cut up from the front, never given back (DP1).
 *
 * What is to be reused is kept on free lists by its owner. Nothing is taken while a page is on its
 * way: only when the pager starts, and when a segment is added.
 */
#pragma once

#include <stddef.h>

/* Takes over a region of zeroed, wired memory. */
void arena_init(void *base, size_t bytes);
/* Zeroed memory aligned to 16 bytes; NULL when the region is used up. */
void *arena_alloc(size_t bytes);
/* Bytes that are still there to be taken. */
size_t arena_left(void);
