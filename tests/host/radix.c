/* SPDX-License-Identifier: BSD-2-Clause */
/* host-test: mm/radix.c */
/*
 * The radix tree against a plain array, by random operations, with allocations failing now and then.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"
#include "mm/kmem.h"
#include "mm/radix.h"

#define INDICES 300
#define STEPS 400000

static long live_nodes;
static int fail_one_in;

void kmem_cache_init(struct kmem_cache *cache, const char *name, size_t bytes, uint32_t reserve,
                     uint32_t limit)
{
    (void)name, (void)reserve, (void)limit;
    cache->object_bytes = (uint32_t)bytes;
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
    if (fail_one_in && rand() % fail_one_in == 0)
        return NULL;
    live_nodes++;
    return malloc(cache->object_bytes);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
    (void)cache;
    live_nodes--;
    free(object);
}

void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n1..0\n");
    exit(1);
}

static uint64_t indices[INDICES];
static char present[INDICES];
static char items[INDICES];

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void check_next(struct radix *tree, uint64_t from)
{
    uint64_t index = from;
    void *item = radix_next(tree, &index);
    int expected = 0;

    while (expected < INDICES && (indices[expected] < from || !present[expected]))
        expected++;
    if (expected == INDICES)
        assert(item == NULL);
    else
        assert(item == &items[expected] && index == indices[expected]);
}

int main(void)
{
    struct radix tree = {0};

    srand(7);
    radix_init();
    for (int i = 0; i < INDICES; i++)
        indices[i] = ((uint64_t)rand() << 31 | (uint64_t)rand()) >> (rand() % 52 + 10);
    for (int i = 0; i < 100; i++)
        indices[i] = (uint64_t)i;
    qsort(indices, INDICES, sizeof(indices[0]), compare);
    for (int i = 1; i < INDICES; i++)
        if (indices[i] <= indices[i - 1])
            indices[i] = indices[i - 1] + 1;

    for (int step = 0; step < STEPS; step++) {
        int i = rand() % (step % 2000 < 1000 ? INDICES : 5);

        fail_one_in = step % 5000 < 2500 ? 0 : 4;
        assert(radix_lookup(&tree, indices[i]) == (present[i] ? &items[i] : NULL));
        if (present[i]) {
            assert(*radix_slot(&tree, indices[i]) == &items[i]);
            radix_remove(&tree, indices[i]);
            present[i] = 0;
        } else if (rand() % 3) {
            present[i] = (char)radix_insert(&tree, indices[i], &items[i]);
            assert(present[i] || fail_one_in);
        }
        check_next(&tree, indices[rand() % INDICES] + (uint64_t)(rand() % 2));
    }
    for (int i = 0; i < INDICES; i++)
        if (present[i])
            radix_remove(&tree, indices[i]);
    assert(live_nodes == 0 && tree.root == NULL);
    printf("ok 1 - radix tree agrees with an array over %d steps and leaks no node\n1..1\n", STEPS);
    return 0;
}
