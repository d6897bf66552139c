/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdint.h>

#define ARENA_ALIGN ((size_t)16)

static unsigned char *arena_next;
static size_t arena_bytes_left;

void arena_init(void *base, size_t bytes)
{
    arena_next = base;
    arena_bytes_left = bytes & ~(ARENA_ALIGN - 1);
}

void *arena_alloc(size_t bytes)
{
    if (bytes > arena_bytes_left)
        return NULL;
    size_t rounded = (bytes + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
    if (rounded > arena_bytes_left)
        return NULL;
    void *memory = arena_next;
    arena_next += rounded;
    arena_bytes_left -= rounded;
    return memory;
}

size_t arena_left(void)
{
    return arena_bytes_left;
}
