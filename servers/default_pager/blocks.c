/* SPDX-License-Identifier: BSD-2-Clause */
#include "blocks.h"

#define WORD_BITS 64u

static bool block_is_free(const struct block_map *map, uint32_t block)
{
    return (map->words[block / WORD_BITS] >> (block % WORD_BITS)) & 1;
}

size_t blocks_bitmap_bytes(uint32_t total)
{
    return ((size_t)total + WORD_BITS - 1) / WORD_BITS * sizeof(uint64_t);
}

void blocks_init(struct block_map *map, uint64_t *words, uint32_t total)
{
    *map = (struct block_map){.words = words, .total = total, .free = total};
    for (uint32_t word = 0; word < total / WORD_BITS; word++)
        words[word] = ~(uint64_t)0;
    if (total % WORD_BITS != 0)
        words[total / WORD_BITS] = ((uint64_t)1 << (total % WORD_BITS)) - 1;
}

/* The first free block in [from, end), or `end`. Skips used words whole. */
static uint32_t next_free(const struct block_map *map, uint32_t from, uint32_t end)
{
    while (from < end) {
        uint64_t word = map->words[from / WORD_BITS] >> (from % WORD_BITS);
        if (word != 0) {
            from += (uint32_t)__builtin_ctzll(word);
            return from < end ? from : end;
        }
        from = (from / WORD_BITS + 1) * WORD_BITS;
    }
    return end;
}

/* How many of the `wanted` blocks from `first` on are free and below `end`. */
static uint32_t run_length(
    const struct block_map *map, uint32_t first, uint32_t wanted, uint32_t end)
{
    uint32_t length = 0;
    while (length < wanted && first + length < end && block_is_free(map, first + length))
        length++;
    return length;
}

/*
 * The longest run of at most `wanted` in [from, end): keeps the better of it and what *best says.
 * Looks at SEARCH_RUNS runs at most: on a full, fragmented disk a perfect run is not worth the
 * time.
 */
#define SEARCH_RUNS 64
static void search(const struct block_map *map, uint32_t from, uint32_t end, uint32_t wanted,
    uint32_t *best, uint32_t *best_length)
{
    for (unsigned runs = 0; *best_length < wanted && runs < SEARCH_RUNS; runs++) {
        from = next_free(map, from, end);
        if (from >= end)
            return;
        uint32_t length = run_length(map, from, wanted, end);
        if (length > *best_length) {
            *best = from;
            *best_length = length;
        }
        from += length;
    }
}

/*
 * Where nothing but short runs is near, a whole word of free blocks farther away: a disk that has become fragmented
 * in one part gives long runs as long as it has some in another. False: none among those looked at.
 */
#define SEARCH_WORDS 4096u
static bool free_word(const struct block_map *map, uint32_t *first)
{
    uint32_t words = map->total / WORD_BITS, from = map->cursor / WORD_BITS;
    for (uint32_t i = 0; i < words && i < SEARCH_WORDS; i++) {
        uint32_t word = from + i < words ? from + i : from + i - words;
        if (map->words[word] == ~(uint64_t)0) {
            *first = word * WORD_BITS;
            return true;
        }
    }
    return false;
}

static void mark_used(struct block_map *map, uint32_t first, uint32_t count)
{
    for (uint32_t block = first; block < first + count; block++)
        map->words[block / WORD_BITS] &= ~((uint64_t)1 << (block % WORD_BITS));
    map->free -= count;
    map->cursor = first + count < map->total ? first + count : 0;
}

/*
 * Goes on where the last search ended, as long as that run lasts; then looks for a run that is
 * worth going on in, even if less is wanted now: pages that arrive one by one get blocks side by
 * side.
 */
uint32_t blocks_take(struct block_map *map, uint32_t wanted, uint32_t ahead, uint32_t *first)
{
    uint32_t length = 0, aim = wanted > ahead ? wanted : ahead;
    if (map->free == 0 || wanted == 0)
        return 0;
    *first = map->cursor;
    length = run_length(map, map->cursor, wanted, map->total);
    if (length < wanted) {
        length = 0;
        search(map, map->cursor, map->total, aim, first, &length);
        search(map, 0, map->cursor, aim, first, &length);
        if (length < aim && free_word(map, first))
            length = WORD_BITS;
    }
    length = length < wanted ? length : wanted;
    mark_used(map, *first, length);
    return length;
}

void blocks_give(struct block_map *map, uint32_t block)
{
    map->words[block / WORD_BITS] |= (uint64_t)1 << (block % WORD_BITS);
    map->free++;
}

void blocks_retire(struct block_map *map, uint32_t block)
{
    (void)block; /* it stays marked as used, and nobody owns it */
    map->retired++;
}

bool blocks_taken(const struct block_map *map, uint32_t block)
{
    return !block_is_free(map, block);
}
