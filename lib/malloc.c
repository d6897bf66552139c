/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc: one list of free blocks in order of address; neighbours are joined when a block is freed.
 * The search starts where the last one ended. Sizes count in units of 16 bytes, header included.
 */
#include <mach.h>
#include <porthole/heap.h>
#include <porthole/sync.h>
#include <stdlib.h>
#include <string.h>

#define GROW_BYTES ((size_t)256 * 1024)

struct block {
    struct block *next; /* while free */
    size_t units;
};
#define UNIT sizeof(struct block)

static struct mutex heap_lock = MUTEX_INITIALIZER;
static struct block anchor = { &anchor, 0 };
static struct block *search_start = &anchor;
static size_t total_bytes, free_bytes;
static boolean_t heap_fixed;

/* Enters a block into the list. */
static void release_locked(struct block *block)
{
    struct block *before = search_start;

    free_bytes += block->units * UNIT;
    while (!(before < block && block < before->next)) {
        if (before >= before->next && (block > before || block < before->next)) {
            break; /* before the first or behind the last */
        }
        before = before->next;
    }
    if (block + block->units == before->next) {
        block->units += before->next->units;
        block->next = before->next->next;
    } else {
        block->next = before->next;
    }
    if (before != &anchor && before + before->units == block) {
        before->units += block->units;
        before->next = block->next;
    } else {
        before->next = block;
    }
    search_start = before;
}

static boolean_t grow_locked(size_t bytes)
{
    vm_address_t address = 0;

    bytes = round_page(bytes);
    if (vm_allocate(mach_task_self(), &address, bytes, TRUE) != KERN_SUCCESS) {
        return FALSE;
    }
    struct block *block = (struct block *)address;
    block->units = bytes / UNIT;
    total_bytes += bytes;
    release_locked(block);
    return TRUE;
}

/* Takes the tail of the first block that is large enough, or all of it. */
static struct block *take_locked(size_t units)
{
    struct block *before = search_start;

    for (struct block *at = before->next;; before = at, at = at->next) {
        if (at->units >= units && at != &anchor) {
            if (at->units == units) {
                before->next = at->next;
            } else {
                at->units -= units;
                at += at->units;
                at->units = units;
            }
            search_start = before;
            free_bytes -= units * UNIT;
            return at;
        }
        if (at == search_start) {
            return NULL;
        }
    }
}

void *malloc(size_t bytes)
{
    if (bytes > (size_t)1 << 46) {
        return NULL;
    }
    size_t units = (bytes + UNIT - 1) / UNIT + 1;
    mutex_lock(&heap_lock);
    struct block *block = take_locked(units);
    if (block == NULL && !heap_fixed) {
        size_t wanted = units * UNIT;
        if (grow_locked(wanted > GROW_BYTES ? wanted : GROW_BYTES)) {
            block = take_locked(units);
        }
    }
    mutex_unlock(&heap_lock);
    return block != NULL ? block + 1 : NULL;
}

void free(void *memory)
{
    if (memory != NULL) {
        mutex_lock(&heap_lock);
        release_locked((struct block *)memory - 1);
        mutex_unlock(&heap_lock);
    }
}

void *calloc(size_t count, size_t bytes)
{
    size_t all;

    if (__builtin_mul_overflow(count, bytes, &all)) {
        return NULL;
    }
    void *memory = malloc(all);
    return memory != NULL ? memset(memory, 0, all) : NULL;
}

void *realloc(void *memory, size_t bytes)
{
    if (memory == NULL) {
        return malloc(bytes);
    }
    size_t had = (((struct block *)memory)[-1].units - 1) * UNIT;
    if (bytes <= had) {
        return memory;
    }
    void *larger = malloc(bytes);
    if (larger != NULL) {
        memcpy(larger, memory, had);
        free(memory);
    }
    return larger;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    size_t least;

    if (alignment == 0 || (alignment & (alignment - 1)) != 0 ||
        __builtin_add_overflow(bytes, alignment, &least)) {
        return NULL;
    }
    if (alignment <= UNIT) {
        return malloc(bytes);
    }
    struct block *block = malloc(least);
    struct block *aligned = (struct block *)(((uintptr_t)block + alignment - 1) & -alignment);
    if (block != aligned) { /* what lies before becomes a free block */
        size_t before = (size_t)(aligned - block);
        aligned[-1].units = block[-1].units - before;
        block[-1].units = before;
        free(block);
    }
    return aligned;
}

boolean_t heap_reserve(size_t bytes, boolean_t fixed)
{
    mutex_lock(&heap_lock);
    boolean_t done = grow_locked(bytes);
    heap_fixed = heap_fixed || fixed;
    mutex_unlock(&heap_lock);
    return done;
}

void heap_statistics(struct heap_statistics *statistics)
{
    mutex_lock(&heap_lock);
    statistics->total_bytes = total_bytes;
    statistics->free_bytes = free_bytes;
    mutex_unlock(&heap_lock);
}
