/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Caches of equal-sized kernel objects.
 *
 * A slab is one frame: a head, then objects. Free objects gather in the cache's own list (a push and a
 * pop are all that the common case costs); what is too much there goes back to the slabs, and a slab
 * that is whole again gives its frame back.
 */
#include "mm/kmem.h"

#include "kernel/panic.h"
#include "mm/failure.h"
#include "mm/page.h"

#define MAGAZINE_MAX 64u   /* free objects beyond the reserve that a cache keeps at hand */

struct slab {
    struct list_node link;  /* in cache->slabs while it has free objects */
    struct kmem_cache *cache;
    void *free_objects;
    uint32_t free_count;
    uint32_t capacity;
};

struct list kmem_caches = LIST_INITIALIZER(kmem_caches);

static struct slab *slab_of(void *object)
{
    return (struct slab *)page_trunc(object);
}

static void push(void **list, void *object)
{
    *(void **)object = *list;
    *list = object;
}

static void *pop(void **list)
{
    void *object = *list;

    *list = *(void **)object;
    return object;
}

static uint32_t first_object_offset(const struct kmem_cache *cache)
{
    return (sizeof(struct slab) + cache->align - 1) / cache->align * cache->align;
}

uint32_t kmem_objects_per_frame(const struct kmem_cache *cache)
{
    return ((uint32_t)PAGE_BYTES - first_object_offset(cache)) / cache->object_bytes;
}

/* Adds a frame's worth of objects to the cache's free list; false when no frame is to be had. */
static bool grow(struct kmem_cache *cache)
{
    struct page *page = page_alloc();
    struct slab *slab;

    if (!page)
        return false;
    page->kernel = true;
    page_wire(page);
    slab = page_address(page);
    slab->link.next = slab->link.previous = NULL;
    slab->cache = cache;
    slab->free_objects = NULL;
    slab->free_count = 0;
    slab->capacity = 0;
    for (uint32_t at = first_object_offset(cache); at + cache->object_bytes <= PAGE_BYTES;
         at += cache->object_bytes) {
        push(&cache->free_objects, (char *)slab + at);
        cache->free_count++;
        slab->capacity++;
    }
    cache->frames++;
    return true;
}

/* Takes free objects of a slab that has some back into the cache's list; false when none has. */
static bool refill_from_slab(struct kmem_cache *cache)
{
    struct list_node *node = list_take_first(&cache->slabs);
    struct slab *slab;

    if (!node)
        return false;
    slab = list_entry(node, struct slab, link);
    while (slab->free_count > 0) {
        push(&cache->free_objects, pop(&slab->free_objects));
        slab->free_count--;
        cache->free_count++;
    }
    return true;
}

/* Gives a whole slab's frame back; the slab is on no list. */
static void free_slab(struct kmem_cache *cache, struct slab *slab)
{
    struct page *page = page_of_address(slab);

    cache->frames--;
    page_unwire(page);
    page_free(page);
}

/* Moves what is beyond the reserve and half a magazine back to the slabs. */
static void flush_magazine(struct kmem_cache *cache)
{
    uint32_t keep = cache->reserve + MAGAZINE_MAX / 2;

    while (cache->free_count > keep) {
        void *object = pop(&cache->free_objects);
        struct slab *slab = slab_of(object);

        cache->free_count--;
        push(&slab->free_objects, object);
        if (slab->free_count++ == 0)
            list_insert_tail(&cache->slabs, &slab->link);
        if (slab->free_count == slab->capacity) {
            list_remove(&slab->link);
            free_slab(cache, slab);
        }
    }
}

/* Makes sure that an object may be taken; false when memory or the limit does not allow it. */
static bool replenish(struct kmem_cache *cache)
{
    if (refill_from_slab(cache) && cache->free_count > cache->reserve)
        return true;
    if (grow(cache))
        return true;
    return cache->free_count > 0 && page_privileged();
}

/*
 * Prepares a cache of objects of object_bytes, aligned to 16 when that large, else to 8.
 * `reserve` objects are taken from the frame allocator at once and kept for privileged threads;
 * `limit` bounds what unprivileged threads can have in use (0: no bound).
 */
void kmem_cache_init(struct kmem_cache *cache, const char *name, size_t object_bytes,
                     uint32_t reserve, uint32_t limit)
{
    cache->name = name;
    cache->align = object_bytes >= 16 ? 16 : 8;
    cache->object_bytes = (uint32_t)((object_bytes + cache->align - 1) / cache->align * cache->align);
    assert(first_object_offset(cache) + cache->object_bytes <= PAGE_BYTES);
    cache->reserve = reserve;
    cache->limit = limit;
    cache->watched = limit != 0 || failure_armed;
    cache->free_objects = NULL;
    cache->free_count = cache->in_use = cache->frames = 0;
    list_init(&cache->slabs);
    list_insert_tail(&kmem_caches, &cache->link);
    while (cache->free_count < reserve)
        if (!grow(cache))
            panic("kmem: no memory for the reserve of cache %s", name);
}

static __attribute__((noinline)) void *alloc_slowly(struct kmem_cache *cache)
{
    /* A reserve is there for when memory is short. */
    if (!(cache->reserve > 0 && cache->free_count > 0 && page_privileged()) && failure_due())
        return NULL;
    if (cache->limit != 0 && cache->in_use >= cache->limit && !page_privileged())
        return NULL;
    if (cache->free_count <= cache->reserve && !replenish(cache))
        return NULL;
    cache->free_count--;
    cache->in_use++;
    return pop(&cache->free_objects);
}

/*
 * An object with unknown contents, owned by the caller; never sleeps. NULL when the cache is at its
 * limit or no frame is to be had: then nothing has changed.
 */
void *kmem_cache_alloc(struct kmem_cache *cache)
{
    if (__builtin_expect(cache->watched || cache->free_count <= cache->reserve, 0))
        return alloc_slowly(cache);
    cache->free_count--;
    cache->in_use++;
    return pop(&cache->free_objects);
}

static __attribute__((noinline)) void free_slowly(struct kmem_cache *cache, void *object)
{
    assert(cache->in_use > 0 && slab_of(object)->cache == cache);
    cache->in_use--;
    push(&cache->free_objects, object);
    if (++cache->free_count > cache->reserve + MAGAZINE_MAX)
        flush_magazine(cache);
}

/* Gives an object of this cache back. */
void kmem_cache_free(struct kmem_cache *cache, void *object)
{
    if (__builtin_expect(cache->in_use == 0 || slab_of(object)->cache != cache ||
                         cache->free_count >= cache->reserve + MAGAZINE_MAX, 0)) {
        free_slowly(cache, object);
        return;
    }
    cache->in_use--;
    cache->free_count++;
    push(&cache->free_objects, object);
}
