/* SPDX-License-Identifier: BSD-2-Clause */
/* host-flags: -idirafter lib/include -D_GNU_SOURCE */
/*
 * The runtime's strings, numbers and sorting against this machine's C library, by random operations.
 * The memory that they get is exact, so that the sanitizer sees what reads or writes beyond.
 */
#undef KERNEL
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ours, under other names beside the C library's. */
#define memchr our_memchr
#define memrchr our_memrchr
#define memmem our_memmem
#define strstr our_strstr
#define strspn our_strspn
#define strcspn our_strcspn
#define strpbrk our_strpbrk
#define strtok_r our_strtok_r
#define strcasecmp our_strcasecmp
#define strncasecmp our_strncasecmp
#define strcpy our_strcpy
#define stpcpy our_stpcpy
#define strncpy our_strncpy
#define strlcpy our_strlcpy
#define strlcat our_strlcat
#define strcat our_strcat
#define strncat our_strncat
#define strdup our_strdup
#define strndup our_strndup
#define strtol our_strtol
#define strtoul our_strtoul
#define strtoll our_strtoll
#define strtoull our_strtoull
#define atoi our_atoi
#define atol our_atol
#define qsort our_qsort
#define bsearch our_bsearch
int strncasecmp(const char *, const char *, size_t);
size_t strcspn(const char *, const char *);
size_t strlcpy(char *, const char *, size_t);
char *strndup(const char *, size_t);
#include "lib/string_search.c"
#include "lib/string_copy.c"
#include "lib/string_duplicate.c"
#include "lib/number.c"
#include "lib/sort.c"
#undef memchr
#undef memrchr
#undef memmem
#undef strstr
#undef strspn
#undef strcspn
#undef strpbrk
#undef strtok_r
#undef strcasecmp
#undef strncasecmp
#undef strcpy
#undef strncpy
#undef strcat
#undef strncat
#undef strdup
#undef strtol
#undef strtoul
#undef atoi
#undef qsort
#undef bsearch

static void expect(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

/* A string of a few letters, in memory of exactly its size. */
static char *random_string(size_t longest)
{
    size_t length = (size_t)rand() % (longest + 1);
    char *string = malloc(length + 1);

    for (size_t i = 0; i < length; i++) {
        string[i] = "abAB, "[rand() % 6];
    }
    string[length] = '\0';
    return string;
}

static void search(void)
{
    for (int step = 0; step < 30000; step++) {
        char *text = random_string(30), *part = random_string(3);
        size_t bytes = strlen(text);
        expect(our_strstr(text, part) == strstr(text, part), "strstr");
        expect(our_memmem(text, bytes, part, strlen(part)) == memmem(text, bytes, part, strlen(part)),
               "memmem");
        expect(our_memrchr(text, 'a', bytes) == memrchr(text, 'a', bytes), "memrchr");
        expect(our_memchr(text, 'A', bytes) == memchr(text, 'A', bytes), "memchr");
        expect(our_strspn(text, part) == strspn(text, part), "strspn");
        expect(our_strcspn(text, part) == strcspn(text, part), "strcspn");
        expect(our_strpbrk(text, part) == strpbrk(text, part), "strpbrk");
        expect(sign(our_strcasecmp(text, part)) == sign(strcasecmp(text, part)), "strcasecmp");
        expect(sign(our_strncasecmp(text, part, 2)) == sign(strncasecmp(text, part, 2)),
               "strncasecmp");
        free(text);
        free(part);
    }
}

static void tokens(void)
{
    for (int step = 0; step < 10000; step++) {
        char *ours = random_string(30), *theirs = strdup(ours), *a, *b;
        char *mine = our_strtok_r(ours, ", ", &a), *other = strtok_r(theirs, ", ", &b);
        while (mine != NULL && other != NULL) {
            expect(strcmp(mine, other) == 0, "a token");
            mine = our_strtok_r(NULL, ", ", &a);
            other = strtok_r(NULL, ", ", &b);
        }
        expect(mine == NULL && other == NULL, "as many tokens");
        expect(our_strtok_r(NULL, ", ", &a) == NULL, "none behind the last");
        free(ours);
        free(theirs);
    }
}

static void copies(void)
{
    char ours[64], theirs[64];

    for (int step = 0; step < 30000; step++) {
        char *first = random_string(20), *second = random_string(20);
        size_t limit = (size_t)rand() % 24;
        memset(ours, 'x', sizeof ours);
        memset(theirs, 'x', sizeof theirs);
        our_strcat(our_strcpy(ours, first), second);
        strcat(strcpy(theirs, first), second);
        our_strncat(ours, first, limit);
        strncat(theirs, first, limit);
        our_strncpy(ours + 30, second, limit);
        strncpy(theirs + 30, second, limit);
        expect(memcmp(ours, theirs, sizeof ours) == 0, "copies");
        expect(our_stpcpy(ours, second) == ours + strlen(second), "stpcpy's end");
        char *exact = malloc(limit + 1);
        strncpy(exact, first, limit);
        size_t had = strnlen(exact, limit);
        expect(our_strlcat(exact, second, limit) == had + strlen(second), "strlcat's length");
        expect(limit == 0 || had == limit || exact[strnlen(exact, limit - 1)] == '\0',
               "strlcat ends with a zero");
        char *copy = our_strdup(first), *some = our_strndup(first, limit);
        expect(strcmp(copy, first) == 0 && strncmp(some, first, limit) == 0 &&
               strlen(some) == strnlen(first, limit), "strdup and strndup");
        free(copy);
        free(some);
        free(exact);
        free(first);
        free(second);
    }
}

static void check_number(const char *text, int base)
{
    char *ours, *theirs;

    expect(our_strtol(text, &ours, base) == strtol(text, &theirs, base) && ours == theirs, text);
    expect(our_strtoul(text, &ours, base) == strtoul(text, &theirs, base) && ours == theirs, text);
}

static void numbers(void)
{
    static const char *const texts[] = {
        "", "0", "-0", " \t\n\v\f\r12", "+7", "+-7", "- 7", "0x", "0x1g", "0X1F", "08", "010", "zz",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "-18446744073709551615", "0xfffffffffffffffff",
        "99999999999999999999999999999999999 ",
    };
    static const int bases[] = { 0, 2, 8, 10, 16, 36 };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++) {
            check_number(texts[i], bases[b]);
        }
    }
    for (int step = 0; step < 50000; step++) {
        char text[24];
        size_t length = (size_t)rand() % (sizeof text - 1);
        for (size_t i = 0; i < length; i++) {
            text[i] = "0123456789abcdefxX+- z"[rand() % 22];
        }
        text[length] = '\0';
        check_number(text, bases[rand() % 6]);
    }
    expect(our_atoi("-42x") == -42 && our_atol(" 4294967296") == 4294967296, "atoi and atol");
    char *end;
    expect(our_strtol("12", &end, 37) == 0 && *end == '1' && our_strtol("12", &end, 1) == 0, "a wrong base");
}

struct element {
    unsigned char key, padding[4];
};

static int compare(const void *left, const void *right)
{
    return ((const struct element *)left)->key - ((const struct element *)right)->key;
}

static void sorting(void)
{
    for (int step = 0; step < 3000; step++) {
        size_t count = (size_t)rand() % 60;
        struct element *array = calloc(count + 1, sizeof *array);
        unsigned sum = 0;
        for (size_t i = 0; i < count; i++) {
            array[i].key = (unsigned char)rand();
            memset(array[i].padding, array[i].key, sizeof array[i].padding);
            sum += array[i].key;
        }
        our_qsort(array, count, sizeof *array, compare);
        for (size_t i = 0; i < count; i++) {
            expect(i == 0 || array[i - 1].key <= array[i].key, "sorted");
            expect(array[i].padding[3] == array[i].key, "elements stay whole");
            sum -= array[i].key;
        }
        expect(sum == 0, "the same elements");
        for (int key = 0; key < 256; key++) {
            struct element wanted = { .key = (unsigned char)key };
            struct element *ours = our_bsearch(&wanted, array, count, sizeof wanted, compare);
            struct element *theirs = bsearch(&wanted, array, count, sizeof wanted, compare);
            expect((ours == NULL) == (theirs == NULL) && (ours == NULL || ours->key == key), "found");
        }
        free(array);
    }
}

int main(void)
{
    srand(1);
    search();
    tokens();
    copies();
    numbers();
    sorting();
    return 0;
}
