/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

/* What is sorted: qsort's arguments. */
struct array {
    char *base;
    size_t bytes; /* of one element */
    int (*compare)(const void *left, const void *right);
};

static void swap(const struct array *array, size_t i, size_t j)
{
    char *a = array->base + i * array->bytes, *b = array->base + j * array->bytes;

    for (size_t left = array->bytes; left != 0; left--, a++, b++) {
        char kept = *a;
        *a = *b;
        *b = kept;
    }
}

static int at_least(const struct array *array, size_t i, size_t j)
{
    return array->compare(array->base + i * array->bytes, array->base + j * array->bytes) >= 0;
}

/* Lets the element at `at` of a heap sink below all that are greater. */
static void sink(const struct array *array, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && !at_least(array, child, child + 1)) {
            child++;
        }
        if (at_least(array, at, child)) {
            return;
        }
        swap(array, at, child);
    }
}

/* By a heap: no further memory, no recursion, and no order that takes longer. Not stable. */
void qsort(void *base, size_t count, size_t bytes,
           int (*compare)(const void *left, const void *right))
{
    struct array array = { base, bytes, compare };

    for (size_t at = count / 2; at != 0; at--) {
        sink(&array, at - 1, count);
    }
    for (size_t last = count; last > 1; last--) {
        swap(&array, 0, last - 1);
        sink(&array, 0, last - 1);
    }
}

void *bsearch(const void *key, const void *base, size_t count, size_t bytes,
              int (*compare)(const void *key, const void *element))
{
    const char *first = base;

    while (count != 0) {
        const char *middle = first + count / 2 * bytes;
        int order = compare(key, middle);
        if (order == 0) {
            return (void *)middle;
        }
        if (order > 0) {
            first = middle + bytes;
            count--;
        }
        count /= 2;
    }
    return NULL;
}
