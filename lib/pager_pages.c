/* SPDX-License-Identifier: BSD-2-Clause */
#include "pager_pages.h"

#include <stddef.h>
#include <stdlib.h>

#include "pager_lock.h"

#define SLAB_PAGES    64u
#define TABLE_MINIMUM 256u

static struct pager_page **table; /* heads of chains */
static unsigned table_size;       /* a power of two, or 0 */
static unsigned used_count;
static struct pager_page *spare;
static unsigned spare_count;

static struct pager_page **chain_of(const struct pager_object *object, uint64_t number)
{
    uint64_t hash = (number ^ (uintptr_t)object >> 4) * 0x9e3779b97f4a7c15u;

    return &table[hash >> 32 & (table_size - 1)];
}

/* Conditions: the lock is dropped meanwhile. */
static bool add_spare(void)
{
    pager_unlock();
    struct pager_page *slab = malloc(SLAB_PAGES * sizeof *slab);
    pager_lock();
    for (unsigned i = 0; slab != NULL && i < SLAB_PAGES; i++) {
        slab[i].next = spare;
        spare = &slab[i];
        spare_count++;
    }
    return slab != NULL;
}

static void rehash(struct pager_page **old, unsigned old_size)
{
    for (unsigned i = 0; i < old_size; i++) {
        while (old[i] != NULL) {
            struct pager_page *page = old[i];
            old[i] = page->next;
            struct pager_page **chain = chain_of(page->object, page->number);
            page->next = *chain;
            *chain = page;
        }
    }
}

/* Conditions: the lock is dropped meanwhile. */
static bool grow_table(void)
{
    unsigned size = table_size == 0 ? TABLE_MINIMUM : table_size * 2, old_size = table_size;

    pager_unlock();
    struct pager_page **unneeded = calloc(size, sizeof(struct pager_page *));
    bool good = unneeded != NULL;
    pager_lock();
    if (good && table_size == old_size) {
        struct pager_page **old = table;
        table = unneeded;
        table_size = size;
        rehash(old, old_size);
        unneeded = old;
    }
    pager_unlock();
    free(unneeded);
    pager_lock();
    return good;
}

void pager_pages_reserve(unsigned count)
{
    while (table_size == 0 || spare_count < count || used_count > 2 * table_size) {
        if (!(table_size != 0 && spare_count < count ? add_spare() : grow_table())) {
            pager_pause();
        }
    }
}

struct pager_page *pager_page_find(const struct pager_object *object, uint64_t number)
{
    struct pager_page *page = table_size == 0 ? NULL : *chain_of(object, number);

    while (page != NULL && (page->object != object || page->number != number)) {
        page = page->next;
    }
    return page;
}

struct pager_page *pager_page_get(struct pager_object *object, uint64_t number)
{
    struct pager_page *page = pager_page_find(object, number);

    if (page == NULL) {
        struct pager_page **chain = chain_of(object, number);
        page = spare;
        spare = page->next;
        spare_count--;
        used_count++;
        *page = (struct pager_page){ .next = *chain, .object = object, .number = number };
        *chain = page;
    }
    return page;
}

/* Makes the record that a link leads to a spare one. */
static void unlink_page(struct pager_page **link)
{
    struct pager_page *page = *link;

    *link = page->next;
    page->next = spare;
    spare = page;
    spare_count++;
    used_count--;
}

void pager_page_done(struct pager_page *page)
{
    page->busy = false;
    if (page->state != PAGER_STORED) {
        return;
    }
    struct pager_page **link = chain_of(page->object, page->number);
    while (*link != page) {
        link = &(*link)->next;
    }
    unlink_page(link);
}

void pager_pages_lose(struct pager_object *object)
{
    for (unsigned i = 0; i < table_size; i++) {
        for (struct pager_page *page = table[i], *next; page != NULL; page = next) {
            next = page->next;
            if (page->object != object) {
                continue;
            }
            if (page->state == PAGER_OUT) {
                page->state = PAGER_BAD;
            } else if (page->state == PAGER_SUPPLIED) {
                page->state = PAGER_STORED;
                pager_page_done(page);
            }
        }
    }
}

void pager_pages_forget(struct pager_object *object)
{
    for (unsigned i = 0; i < table_size; i++) {
        for (struct pager_page **link = &table[i]; *link != NULL;) {
            if ((*link)->object == object) {
                unlink_page(link);
            } else {
                link = &(*link)->next;
            }
        }
    }
}

unsigned pager_pages_count(void)
{
    return used_count;
}
