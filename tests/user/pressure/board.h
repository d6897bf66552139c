/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PRESSURE_BOARD_H
#define PRESSURE_BOARD_H

#include "test.h"

/*
 * What the tasks of the pressure test have in common, in memory that they share by inheritance: orders of the
 * supervisor, how far each has come, and what the pages of the managers' objects must hold.
 *
 * Each page that is written holds one word in three places: whose it is, which page, which generation.
 */
#define TASKS         8u
#define PAGES_SHARED  2048u   /* of the object that all tasks map; the page's number tells who may write it */
#define PAGES_SILENT  1024u   /* of the object whose manager falls silent: parts of the tasks */
#define PAGES_OF_ONE  (PAGES_SILENT / TASKS)
#define CHUNK         16u     /* pages that are copied together */
#define OWNER_SHARED  0x80u
#define OWNER_SILENT  0x40u

enum phase {
    PHASE_FILL,   /* everything is written once; the manager answers */
    PHASE_WORK,   /* it is silent */
    PHASE_CHECK   /* it answers again; everything is read, and the tasks end */
};

struct progress {
    volatile uint64_t steps, touched, copies, children, sent, received, shared;
    volatile uint64_t silent_steps, aborts, refused;
    volatile boolean_t filled, done;
};

struct board {
    volatile enum phase phase;
    unsigned pages_private;      /* of each task */
    struct progress tasks[TASKS];
    /* Of shared pages: the last generation whose writing has begun, and has ended. */
    volatile uint32_t begun[PAGES_SHARED], written[PAGES_SHARED];
    volatile uint64_t silent[PAGES_SILENT]; /* what was written last */
    volatile uint64_t requests, returns;    /* of the pager that works: pages */
    volatile uint64_t silent_returns;       /* pages that came back to the other */
    volatile uint64_t silent_queued;        /* of them, lay in its messages when it listened again */
    volatile boolean_t silent_ended;
};

extern struct board *board;

/* Owner (8 bits), page (24 bits), generation (32 bits). */
static inline uint64_t page_word(unsigned owner, unsigned page, uint64_t generation)
{
    return (uint64_t)owner << 56 | (uint64_t)page << 32 | generation;
}

/* The three places of a page that hold its word. */
#define PLACES 3u
static inline volatile uint64_t *page_place(vm_address_t page, unsigned place)
{
    static const vm_offset_t at[PLACES] = {0, PAGE_SIZE / 2, PAGE_SIZE - 8};

    return (volatile uint64_t *)(page + at[place]);
}

void page_put(vm_address_t page, uint64_t word);
/* Fails the test unless the page holds the word in all places. */
void page_expect(vm_address_t page, uint64_t word, const char *what, unsigned number);

/* A little generator for each thread. */
unsigned random_below(uint64_t *state, unsigned limit);

#endif
