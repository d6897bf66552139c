/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/boolean.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the pager library knows of pages: a hash table over (object, page number). A page without a record
 * is as the user's store has it; the kernel may hold a copy, which it forgets without saying so.
 *
 *   STORED    as without a record, but busy: it is being read or written
 *   SUPPLIED  given to the kernel as precious; whether it was taken is still to be told
 *   OUT       taken: the kernel has the only copy, the store may have forgotten it
 *   BAD       could not be written: its content is lost
 *
 * A record that is not busy is never STORED. Conditions: all functions are called with the lock held.
 */
enum pager_page_state { PAGER_STORED, PAGER_SUPPLIED, PAGER_OUT, PAGER_BAD };

struct pager_object;
struct pager_supply;

struct pager_page {
    struct pager_page *next; /* in its chain, or of the spare ones */
    struct pager_object *object;
    uint64_t number;
    struct pager_supply *supply; /* SUPPLIED: in which */
    enum pager_page_state state;
    bool busy; /* a transfer is under way: who wants the page waits */
};

/* Sees to it that so many records can be added without memory; waits for it if need be. The lock is dropped. */
void pager_pages_reserve(unsigned count);
/* The page's record, or NULL. */
struct pager_page *pager_page_find(const struct pager_object *object, uint64_t number);
/* The page's record, made if there was none: STORED. Conditions: one is reserved. */
struct pager_page *pager_page_get(struct pager_object *object, uint64_t number);
/* The transfer is over: not busy any more, and forgotten if STORED. */
void pager_page_done(struct pager_page *page);
/* The kernel is gone: what was OUT is lost, what was SUPPLIED is in the store still. Conditions: none busy. */
void pager_pages_lose(struct pager_object *object);
/* Forgets all pages of an object. Conditions: none busy. */
void pager_pages_forget(struct pager_object *object);
/* Records in use. */
unsigned pager_pages_count(void);
