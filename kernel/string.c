/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and strings. The `mem` functions are also what the compiler calls for structure copies, so they
 * may not be written as loops that it would turn back into calls of themselves.
 */
#include "kernel/string.h"

void *memcpy(void *to, const void *from, size_t n)
{
    void *target = to;
    size_t words = n / 8;
    size_t rest = n % 8;

    __asm__ volatile("rep movsq" : "+D"(target), "+S"(from), "+c"(words) : : "memory");
    if (rest)
        __asm__ volatile("rep movsb" : "+D"(target), "+S"(from), "+c"(rest) : : "memory");
    return to;
}

/* An overlapping copy upwards runs backwards, bytes first, so that the words keep their alignment. */
void *memmove(void *to, const void *from, size_t n)
{
    char *target = (char *)to + n - 1;
    const char *source = (const char *)from + n - 1;
    size_t words = n / 8;
    size_t rest = n % 8;

    if (to <= from || (const char *)from + n <= (char *)to)
        return memcpy(to, from, n);
    __asm__ volatile("std\n\t"
                     "rep movsb\n\t"
                     "sub $7, %%rdi\n\t"
                     "sub $7, %%rsi\n\t"
                     "mov %3, %%rcx\n\t"
                     "rep movsq\n\t"
                     "cld"
                     : "+D"(target), "+S"(source), "+c"(rest)
                     : "r"(words)
                     : "memory", "cc");
    return to;
}

void *memset(void *to, int value, size_t n)
{
    void *target = to;
    size_t words = n / 8;
    size_t rest = n % 8;
    unsigned long pattern = (unsigned char)value * 0x0101010101010101UL;

    __asm__ volatile("rep stosq" : "+D"(target), "+c"(words) : "a"(pattern) : "memory");
    if (rest)
        __asm__ volatile("rep stosb" : "+D"(target), "+c"(rest) : "a"(pattern) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a;
    const unsigned char *y = b;

    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

size_t strnlen(const char *s, size_t limit)
{
    size_t n = 0;

    while (n < limit && s[n] != '\0')
        n++;
    return n;
}

size_t strlen(const char *s)
{
    return strnlen(s, (size_t)-1);
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i] || a[i] == '\0')
            return (unsigned char)a[i] - (unsigned char)b[i];
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, (size_t)-1);
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (*s == '\0')
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    char *last = NULL;

    for (;; s++) {
        if (*s == (char)c)
            last = (char *)s;
        if (*s == '\0')
            return last;
    }
}

char *strstr(const char *s, const char *part)
{
    size_t n = strlen(part);

    for (;; s++) {
        if (strncmp(s, part, n) == 0)
            return (char *)s;
        if (*s == '\0')
            return NULL;
    }
}

bool string_copy(char *to, const char *from, size_t size)
{
    size_t n = strlen(from);
    bool fits = n < size;

    if (size == 0)
        return false;
    n = fits ? n : size - 1;
    memcpy(to, from, n);
    to[n] = '\0';
    return fits;
}
