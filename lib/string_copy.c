/* SPDX-License-Identifier: BSD-2-Clause */
/* Copying strings. The kernel is built with this file too. */
#include <string.h>

char *strcpy(char *destination, const char *source)
{
    memcpy(destination, source, strlen(source) + 1);
    return destination;
}

char *stpcpy(char *destination, const char *source)
{
    size_t length = strlen(source);

    return (char *)memcpy(destination, source, length + 1) + length;
}

char *strncpy(char *destination, const char *source, size_t limit)
{
    size_t length = strnlen(source, limit);

    memcpy(destination, source, length);
    memset(destination + length, 0, limit - length);
    return destination;
}

size_t strlcpy(char *destination, const char *source, size_t size)
{
    size_t length = strlen(source);

    if (size != 0) {
        size_t fits = length < size ? length : size - 1;
        memcpy(destination, source, fits);
        destination[fits] = '\0';
    }
    return length;
}

char *strcat(char *destination, const char *source)
{
    strcpy(destination + strlen(destination), source);
    return destination;
}

char *strncat(char *destination, const char *source, size_t limit)
{
    size_t had = strlen(destination), added = strnlen(source, limit);

    memcpy(destination + had, source, added);
    destination[had + added] = '\0';
    return destination;
}

size_t strlcat(char *destination, const char *source, size_t size)
{
    size_t had = strnlen(destination, size);

    return had + strlcpy(destination + had, source, size - had);
}
