/* SPDX-License-Identifier: BSD-2-Clause */
#include "orders.h"

#define STRIDE 61u

/* Mixes a half of the number into the other, several times: a permutation of 0..4^half_bits-1. */
static uint64_t mix(uint64_t value, unsigned half_bits)
{
    uint64_t mask = ((uint64_t)1 << half_bits) - 1;
    uint64_t left = value >> half_bits, right = value & mask;
    for (unsigned step = 1; step <= 4; step++) {
        uint64_t next = left ^ (((right + step) * 0x9e3779b97f4a7c15u >> 29) & mask);
        left = right;
        right = next;
    }
    return left << half_bits | right;
}

/* Walks along the cycle of the larger permutation until it is back among the pages. */
static uint64_t random_page(uint64_t index, uint64_t count)
{
    unsigned half_bits = 1;
    while ((uint64_t)1 << 2 * half_bits < count)
        half_bits++;
    do {
        index = mix(index, half_bits);
    } while (index >= count);
    return index;
}

/* Every STRIDE-th page, then those one further on, and so on. */
static uint64_t strided_page(uint64_t index, uint64_t count)
{
    uint64_t lane = 0, in_lane = (count + STRIDE - 1) / STRIDE;
    while (index >= in_lane) {
        index -= in_lane;
        lane++;
        in_lane = (count - lane + STRIDE - 1) / STRIDE;
    }
    return index * STRIDE + lane;
}

uint64_t order_page(enum order order, uint64_t index, uint64_t count)
{
    switch (order) {
    case ORDER_SEQUENTIAL:
        return index;
    case ORDER_RANDOM:
        return random_page(index, count);
    case ORDER_STRIDED:
        return strided_page(index, count);
    }
    return index;
}

const char *order_name(enum order order)
{
    static const char *const names[] = {"sequential", "random", "strided"};
    return names[order];
}
