/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supplies that wait for their completion: which pages each of them covers.
 *
 * Conditions: all functions are called with the pager's lock held.
 */
#pragma once

#include <stdint.h>

#define HANDOVER_MAX 1024

struct object;

struct handover {
    struct handover *next; /* of the same object, or on the free list */
    uint64_t first;        /* page number */
    uint32_t count;        /* pages */
    uint16_t id;           /* what the records of its pages say */
};

void handovers_init(void);
/* Begins one; NULL when too many are under way: then the caller keeps its copy. */
struct handover *handover_begin(struct object *object, uint64_t first, uint32_t count);
/* The oldest that starts at this page, or NULL. */
struct handover *handover_find(const struct object *object, uint64_t first);
/* Ends one. */
void handover_end(struct object *object, struct handover *handover);
