/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the pager knows of each page: a hash table over (object, page number).
 *
 * A page that the pager holds nothing for has no record, so a table of one record per block (and
 * some to spare) is enough whatever the offsets are: a page returned at 2^60 costs what one at 0
 * does (DP5). Records come from a pool that grows only when a segment is added.
 *
 * States of a page:
 *   STORED    its data is in a block of its own; `busy` while it is written or read
 *   SUPPLIED  in a block, and handed to the kernel, whose supply_completed is still to come
 *   OUT       the kernel has the only copy; one block is reserved for the page's return
 *   HELD      no block was free: its data is kept in the pager's memory (DP6)
 *   BAD       could not be written: its data is lost (DP7)
 *
 * Conditions: all functions are called with the pager's lock held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mach/std_types.h>

enum page_state { PAGE_STORED, PAGE_SUPPLIED, PAGE_OUT, PAGE_HELD, PAGE_BAD };

struct object;

struct record {
    uint64_t page : 52; /* offset / PAGER_PAGE */
    uint64_t state : 4; /* enum page_state */
    uint64_t busy : 1;  /* a transfer is under way: others wait (object_wait_idle) */
    union {
        uint32_t block;    /* STORED, SUPPLIED */
        vm_address_t data; /* HELD: address of the page in the pager's map */
    };
    uint16_t object;         /* index of its object */
    uint16_t handover;       /* SUPPLIED: which supply, see handovers.h */
    uint32_t hash_next;      /* index of a record, 0: end; also the free list */
    uint32_t next, previous; /* the object's records */
};

/* Sees to it that so many blocks, and pages without a block besides, can have a record. Draws on
   the arena, but leaves `spare` bytes there. False if it has not that much. */
bool records_provide(uint64_t blocks, size_t spare);
/* The record of a page, or NULL. */
struct record *records_find(const struct object *object, uint64_t page);
/* Makes the record of a page that has none: STORED, not busy, BLOCK_NONE. NULL: pool used up. */
struct record *records_add(struct object *object, uint64_t page);
/* Forgets a page. */
void records_remove(struct object *object, struct record *record);
/* The first record of an object's list, and the one after; NULL at the end. */
struct record *records_first(const struct object *object);
struct record *records_next(const struct record *record);
/* Records in use, of how many; for statistics and checks. */
void records_count(uint64_t *used, uint64_t *total);
