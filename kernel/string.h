/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and strings. Copies and clears move 8 bytes at a time: an emulated `rep` counts each step. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Copies n bytes between areas that do not overlap; returns to. */
void *memcpy(void *to, const void *from, size_t n);
/* Copies n bytes between areas that may overlap; returns to. */
void *memmove(void *to, const void *from, size_t n);
/* Sets n bytes to the low byte of value; returns to. */
void *memset(void *to, int value, size_t n);
/* Compares n bytes: less than, equal to or greater than 0. */
int memcmp(const void *a, const void *b, size_t n);
/* The length of a string without its end. */
size_t strlen(const char *s);
/* The same, looking at no more than limit bytes. */
size_t strnlen(const char *s, size_t limit);
/* Compares two strings. */
int strcmp(const char *a, const char *b);
/* Compares at most n characters of two strings. */
int strncmp(const char *a, const char *b, size_t n);
/* The first place of c in s, or NULL. */
char *strchr(const char *s, int c);
/* The last place of c in s, or NULL. */
char *strrchr(const char *s, int c);
/* The first place of the string part in s, or NULL. */
char *strstr(const char *s, const char *part);
/* Copies a string into an area of size bytes, always ended; false if it was cut. */
bool string_copy(char *to, const char *from, size_t size);
