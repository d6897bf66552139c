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

/* Ends the task. */
void exit(int status) __attribute__((noreturn));
/* Raises an exception that ends the task, if nobody handles it. */
void abort(void) __attribute__((noreturn));

int atoi(const char *string);
long strtol(const char *string, char **end, int base);
unsigned long strtoul(const char *string, char **end, int base);

#endif
