/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding parts of strings and memory. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

void *memchr(const void *memory, int value, size_t bytes)
{
    for (const unsigned char *at = memory; bytes != 0; bytes--, at++) {
        if (*at == (unsigned char)value) {
            return (void *)at;
        }
    }
    return NULL;
}

void *memrchr(const void *memory, int value, size_t bytes)
{
    const unsigned char *start = memory;

    while (bytes-- != 0) {
        if (start[bytes] == (unsigned char)value) {
            return (void *)(start + bytes);
        }
    }
    return NULL;
}

void *memmem(const void *memory, size_t bytes, const void *part, size_t part_bytes)
{
    const char *at = memory;

    for (; bytes >= part_bytes; at++, bytes--) {
        if (memcmp(at, part, part_bytes) == 0) {
            return (void *)at;
        }
        if (bytes == 0) {
            break;
        }
    }
    return NULL;
}

char *strstr(const char *string, const char *part)
{
    size_t length = strlen(part);

    for (; strncmp(string, part, length) != 0; string++) {
        if (*string == '\0') {
            return NULL;
        }
    }
    return (char *)string;
}

static size_t span(const char *string, const char *set, bool wanted)
{
    size_t length = 0;

    while (string[length] != '\0' && (strchr(set, string[length]) != NULL) == wanted) {
        length++;
    }
    return length;
}

size_t strspn(const char *string, const char *set)
{
    return span(string, set, true);
}

size_t strcspn(const char *string, const char *set)
{
    return span(string, set, false);
}

char *strpbrk(const char *string, const char *set)
{
    string += strcspn(string, set);
    return *string != '\0' ? (char *)string : NULL;
}

char *strtok_r(char *string, const char *separators, char **rest)
{
    char *token = string != NULL ? string : *rest;

    token += strspn(token, separators);
    char *end = token + strcspn(token, separators);
    *rest = *end != '\0' ? end + 1 : end;
    if (end == token) {
        return NULL;
    }
    *end = '\0';
    return token;
}

int strncasecmp(const char *left, const char *right, size_t limit)
{
    for (; limit != 0; limit--, left++, right++) {
        int l = tolower((unsigned char)*left), r = tolower((unsigned char)*right);
        if (l != r || l == '\0') {
            return l - r;
        }
    }
    return 0;
}

int strcasecmp(const char *left, const char *right)
{
    return strncasecmp(left, right, (size_t)-1);
}
