/* SPDX-License-Identifier: BSD-2-Clause */
#include "pattern.h"

#define WORDS (PATTERN_BYTES / sizeof(uint64_t))

/* Spreads page and round over 64 bits, so that no two pages have a word in common by a slip. */
static uint64_t seed(uint64_t number, uint32_t round)
{
    uint64_t value = (number << 16 | round) + 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

#define STEP 0xd1342543de82ef95u

void pattern_write(void *page, uint64_t number, uint32_t round)
{
    uint64_t *words = page, value = seed(number, round);
    for (unsigned i = 0; i < WORDS; i++, value += STEP)
        words[i] = value;
}

bool pattern_matches(const void *page, uint64_t number, uint32_t round)
{
    const uint64_t *words = page;
    uint64_t value = seed(number, round), difference = 0;
    for (unsigned i = 0; i < WORDS; i++, value += STEP)
        difference |= words[i] ^ value;
    return difference == 0;
}
