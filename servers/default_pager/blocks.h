/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bitmap of blocks: one bit per block of one segment, set while the block is free.
 *
 * Blocks are given out in contiguous runs where that is possible, so that a cluster of pages is one
 * transfer. A retired block is neither free nor used ever again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block_map {
    uint64_t *words; /* owned by the creator; bit set: free */
    uint32_t total;  /* blocks, retired ones included */
    uint32_t free;
    uint32_t retired;
    uint32_t cursor; /* where the next search begins */
};

/* Bytes that the bitmap of so many blocks needs. */
size_t blocks_bitmap_bytes(uint32_t total);
/* All blocks free. `words` has blocks_bitmap_bytes(total) bytes. */
void blocks_init(struct block_map *map, uint64_t *words, uint32_t total);
/* Takes at most `wanted` blocks that lie side by side, if possible behind those taken last, else at the start
   of a run of `ahead`; returns how many, 0 only if none is free. */
uint32_t blocks_take(struct block_map *map, uint32_t wanted, uint32_t ahead, uint32_t *first);
/* Gives one used block back. */
void blocks_give(struct block_map *map, uint32_t block);
/* Withdraws one used block for good: it failed. */
void blocks_retire(struct block_map *map, uint32_t block);
/* True if the block is not free (used or retired); for checks. */
bool blocks_taken(const struct block_map *map, uint32_t block);
