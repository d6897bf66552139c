/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and strings. Copies and fills go by 8 bytes: each step of a `rep` counts as one instruction.
 * The kernel is built with this file too.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#pragma GCC optimize("no-tree-loop-distribute-patterns") /* else strlen becomes a call of strlen */

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes)
{
    void *to = destination;
    const void *from = source;
    size_t words = bytes >> 3, rest = bytes & 7;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
    return destination;
}

void *memmove(void *destination, const void *source, size_t bytes)
{
    if ((uintptr_t)destination - (uintptr_t)source >= bytes) {
        return memcpy(destination, source, bytes);
    }
    /* The destination begins inside the source: from the end, odd bytes first, then words. */
    char *to = (char *)destination + bytes;
    const char *from = (const char *)source + bytes;
    for (size_t rest = bytes & 7; rest != 0; rest--) {
        *--to = *--from;
    }
    for (size_t words = bytes >> 3; words != 0; words--) {
        uint64_t word;
        to -= 8;
        from -= 8;
        __builtin_memcpy(&word, from, 8);
        __builtin_memcpy(to, &word, 8);
    }
    return destination;
}

void *memset(void *destination, int value, size_t bytes)
{
    void *to = destination;
    size_t words = bytes >> 3, rest = bytes & 7;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101u;

    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
    return destination;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const unsigned char *l = left, *r = right;
    uint64_t a, b;

    for (; bytes >= 8; bytes -= 8, l += 8, r += 8) {
        __builtin_memcpy(&a, l, 8);
        __builtin_memcpy(&b, r, 8);
        if (a != b) {
            break;
        }
    }
    for (; bytes != 0; bytes--, l++, r++) {
        if (*l != *r) {
            return *l - *r;
        }
    }
    return 0;
}

size_t strlen(const char *string)
{
    const char *end = string;

    while (*end != '\0') {
        end++;
    }
    return (size_t)(end - string);
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;

    while (length < limit && string[length] != '\0') {
        length++;
    }
    return length;
}

int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

int strncmp(const char *left, const char *right, size_t limit)
{
    for (; limit != 0; limit--, left++, right++) {
        if (*left != *right || *left == '\0') {
            return (unsigned char)*left - (unsigned char)*right;
        }
    }
    return 0;
}

char *strchr(const char *string, int character)
{
    for (;; string++) {
        if (*string == (char)character) {
            return (char *)string;
        }
        if (*string == '\0') {
            return NULL;
        }
    }
}

char *strrchr(const char *string, int character)
{
    const char *found = NULL;

    do {
        if (*string == (char)character) {
            found = string;
        }
    } while (*string++ != '\0');
    return (char *)found;
}
