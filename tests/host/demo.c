/* SPDX-License-Identifier: BSD-2-Clause */
/* host-test: servers/demo/orders.c servers/demo/pattern.c */
/*
 * The demonstration's own tools: orders visit every page once, patterns differ in every word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/demo/orders.h"
#include "servers/demo/pattern.h"

#define COUNTS 700u

static unsigned tests;

static void report(int good, const char *name)
{
    printf("%sok %u - %s\n", good ? "" : "not ", ++tests, name);
    if (!good)
        exit(1);
}

static int visits_each_once(enum order order, uint64_t count)
{
    static unsigned char seen[100003];
    memset(seen, 0, count);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t page = order_page(order, i, count);
        if (page >= count || seen[page]++ != 0)
            return 0;
    }
    return 1;
}

static int order_is_permutation(enum order order)
{
    for (uint64_t count = 1; count < COUNTS; count++)
        if (!visits_each_once(order, count))
            return 0;
    return visits_each_once(order, 100003);
}

static int pattern_tells_apart(void)
{
    static uint64_t page[PATTERN_BYTES / 8];
    for (uint64_t number = 0; number < 300; number++) {
        pattern_write(page, number, 7);
        if (!pattern_matches(page, number, 7) || pattern_matches(page, number, 8) ||
            pattern_matches(page, number + 1, 7))
            return 0;
        page[(unsigned)rand() % (PATTERN_BYTES / 8)] ^= (uint64_t)1 << rand() % 64;
        if (pattern_matches(page, number, 7))
            return 0;
    }
    return 1;
}

int main(void)
{
    report(order_is_permutation(ORDER_SEQUENTIAL), "sequential visits each page once");
    report(order_is_permutation(ORDER_RANDOM), "random visits each page once");
    report(order_is_permutation(ORDER_STRIDED), "strided visits each page once");
    report(
        pattern_tells_apart(), "a page of another number or round, or one wrong bit, is noticed");
    printf("1..%u\n", tests);
    return 0;
}
