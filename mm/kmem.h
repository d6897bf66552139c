/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel memory: caches of equal-sized objects, and odd sizes.
 *
 * A cache takes whole frames and never sleeps: it answers NULL when the frame allocator would have
 * to wait; a caller that may sleep waits for frames (page_wait_for_memory) and tries again.
 * A cache may hold a reserve that only privileged threads draw from (R4).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/list.h"

struct kmem_cache {
    const char *name;
    uint32_t object_bytes;
    uint32_t align;
    uint32_t reserve;       /* free objects kept back for privileged threads */
    uint32_t limit;         /* objects at most; 0: none */
    bool watched;           /* has a limit, or failure_armed: each allocation takes the slow way */
    void *free_objects;     /* linked through their first word */
    uint32_t free_count;
    uint32_t in_use;
    uint32_t frames;
    struct list slabs;      /* frames that have free objects */
    struct list_node link;  /* among all caches, for statistics */
};

/* Prepares a cache; with a reserve, its frames are taken at once. */
void kmem_cache_init(struct kmem_cache *cache, const char *name, size_t object_bytes,
                     uint32_t reserve, uint32_t limit);
/* An object with unknown contents, or NULL. */
void *kmem_cache_alloc(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *object);
/* Objects that one frame of the cache holds. */
uint32_t kmem_objects_per_frame(const struct kmem_cache *cache);

/* Odd sizes up to many pages; zeroed. NULL when memory is short. */
void *kmem_alloc(size_t bytes);
void kmem_free(void *address, size_t bytes);
/* A kernel stack with an unmapped guard page below; returns its lowest address, or NULL. */
void *kmem_stack_alloc(void);
void kmem_stack_free(void *stack);
/* Freed stacks that are kept for the next threads. */
unsigned kmem_stacks_kept(void);

#define KERNEL_STACK_BYTES 16384u

/* All caches, for host statistics and leak tests. */
extern struct list kmem_caches;
