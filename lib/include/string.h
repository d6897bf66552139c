/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

/* As in standard C. */
void *memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *memmove(void *destination, const void *source, size_t bytes);
void *memset(void *destination, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);
void *memchr(const void *memory, int value, size_t bytes);
size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t limit);
char *strchr(const char *string, int character);
char *strrchr(const char *string, int character);
char *strstr(const char *string, const char *part);
char *strpbrk(const char *string, const char *set);
char *strtok_r(char *string, const char *separators, char **rest);
char *strcpy(char *destination, const char *source);
char *strncpy(char *destination, const char *source, size_t limit);
char *strcat(char *destination, const char *source);
char *strncat(char *destination, const char *source, size_t limit);
/* Returns the end of the copy, its zero. */
char *stpcpy(char *destination, const char *source);
/* Copies what fits and always ends with a zero; returns the length of the source. */
size_t strlcpy(char *destination, const char *source, size_t size);
/* The same behind what is there; returns the length that it wanted. */
size_t strlcat(char *destination, const char *source, size_t size);
/* A copy from malloc; NULL if there is no memory. */
char *strdup(const char *string);
char *strndup(const char *string, size_t limit);

/* The last byte of that value; the first place of a part. NULL if there is none. */
void *memrchr(const void *memory, int value, size_t bytes);
void *memmem(const void *memory, size_t bytes, const void *part, size_t part_bytes);
/* Letters of either case are equal. */
int strcasecmp(const char *left, const char *right);
int strncasecmp(const char *left, const char *right, size_t limit);

/* How many characters at the start are, or are not, among the set. */
size_t strspn(const char *string, const char *set);
size_t strcspn(const char *string, const char *set);

#endif
