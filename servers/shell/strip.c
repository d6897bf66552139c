/* SPDX-License-Identifier: BSD-2-Clause */
#include "strip.h"

#include <stdio.h>

#include "commands.h"

static const struct {
    char letter;
    const char *colour; /* ECMA-48: background, and black letters on it */
    const char *meaning;
} looks[STRIP_STATES] = {
    [STRIP_NONE] = {' ', "0", ""},
    [STRIP_UNAVAILABLE] = {'u', "30;47", "unavailable"},
    [STRIP_CLEAN] = {'c', "30;42", "clean"},
    [STRIP_PRECIOUS] = {'p', "30;46", "precious"},
    [STRIP_DIRTY] = {'D', "30;43", "dirty"},
    [STRIP_REQUESTED] = {'r', "97;44", "requested"},
    [STRIP_RETURNING] = {'<', "97;45", "leaving"},
};

/* Letters, and before the first of a kind its colour. */
static void paint(enum strip_state state, enum strip_state *current)
{
    if (shell.colour && state != *current)
        printf("\x1b[%sm", looks[state].colour);
    *current = state;
    putchar(looks[state].letter);
}

static void end_paint(enum strip_state current)
{
    if (shell.colour && current != STRIP_NONE)
        printf("\x1b[0m");
}

void strip_print_legend(void)
{
    for (unsigned state = STRIP_UNAVAILABLE; state < STRIP_STATES; state++) {
        enum strip_state current = STRIP_NONE;

        paint(state, &current);
        end_paint(current);
        printf(" %s%s", looks[state].meaning, state == STRIP_STATES - 1 ? "" : " ");
    }
}

void strip_print(const enum strip_state *states, unsigned columns)
{
    enum strip_state current = STRIP_NONE;

    for (unsigned i = 0; i < columns; i++)
        paint(states[i], &current);
    end_paint(current);
}

void strip_print_shares(const uint32_t pages[STRIP_STATES], unsigned columns)
{
    enum strip_state current = STRIP_NONE;
    uint32_t total = 0, done = 0;
    unsigned column = 0;

    for (unsigned state = STRIP_UNAVAILABLE; state < STRIP_STATES; state++)
        total += pages[state];
    for (unsigned state = STRIP_UNAVAILABLE; state < STRIP_STATES && total > 0; state++) {
        done += pages[state];
        unsigned end = (unsigned)((uint64_t)done * columns / total);

        if (end == column && pages[state] > 0 && column < columns)
            end = column + 1;
        for (; column < end; column++)
            paint(state, &current);
    }
    end_paint(current);
}
