/* SPDX-License-Identifier: BSD-2-Clause */
#include "board.h"

struct board *board;

void page_put(vm_address_t page, uint64_t word)
{
    for (unsigned place = 0; place < PLACES; place++)
        *page_place(page, place) = word;
}

void page_expect(vm_address_t page, uint64_t word, const char *what, unsigned number)
{
    for (unsigned place = 0; place < PLACES; place++) {
        uint64_t found = *page_place(page, place);

        if (found != word)
            FAIL("%s page %u holds %#lx at place %u, expected %#lx", what, number, found, place, word);
    }
}

unsigned random_below(uint64_t *state, unsigned limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 20) % limit;
}
