/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

/* Memory, aligned to 16 bytes; NULL when there is none. */
void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *memory, size_t bytes);
void free(void *memory);
/* Memory at a multiple of a power of two; NULL when there is none, or for another alignment. */
void *aligned_alloc(size_t alignment, size_t bytes);

/* Ends the task. */
void exit(int status) __attribute__((noreturn));
/* Raises an exception that ends the task, if nobody handles it. */
void abort(void) __attribute__((noreturn));
/* What assert does when its condition does not hold. */
void assert_failed(const char *condition, const char *file, int line, const char *function)
    __attribute__((noreturn));

/*
 * Numbers at the start of a string, behind blanks and a sign; bases 2 to 36, or 0: 0x and 0 select 16
 * and 8. What is out of range becomes the nearest number in it; there is no errno. `end` (or NULL)
 * gets the place behind the number, the string itself when there is none.
 */
long strtol(const char *string, char **end, int base);
unsigned long strtoul(const char *string, char **end, int base);
long long strtoll(const char *string, char **end, int base);
unsigned long long strtoull(const char *string, char **end, int base);
int atoi(const char *string);
long atol(const char *string);

static inline int abs(int value) { return value < 0 ? -value : value; }
static inline long labs(long value) { return value < 0 ? -value : value; }

/* Sorts in place, in n log n steps, without further memory; equal elements change their order. */
void qsort(void *base, size_t count, size_t bytes,
           int (*compare)(const void *left, const void *right));
/* An element of a sorted array that compares equal to the key; NULL if there is none. */
void *bsearch(const void *key, const void *base, size_t count, size_t bytes,
              int (*compare)(const void *key, const void *element));

#endif
