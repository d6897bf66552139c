/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trees of page tables.
 *
 * A table's page counts its used entries (in page->offset, which tables have no other use for); an
 * empty table goes at once, and is kept cleared for the next need.
 */
#include "mm/pmap_tables.h"

#include "kernel/panic.h"
#include "kernel/x86_64/boot_memory.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/tlb.h"
#include "mm/failure.h"
#include "mm/page.h"
#include "mm/pmap.h"

#define TABLES_KEPT 64u
#define USER_TOP_ENTRIES 256u   /* of the top table: the lower half */

static struct page *kept_tables[TABLES_KEPT];
static unsigned kept_table_count;
pte_t pmap_no_execute;

void pmap_tables_init(void)
{
    pmap_no_execute = cpu_features.nx ? PTE_NO_EXECUTE : 0;
}

pte_t *table_at(uint64_t physical)
{
    return (pte_t *)(DIRECT_MAP_BASE + physical);
}

/* Tables that boot made have no struct page that counts; they are in the kernel half and never freed. */
static struct page *table_page(const pte_t *entry)
{
    return page_of_address((const void *)page_trunc(entry));
}

struct page *table_alloc(struct pmap *pmap)
{
    struct page *page;

    if (failure_due())
        return NULL;
    if (kept_table_count > 0) {
        page = kept_tables[--kept_table_count];
    } else {
        page = page_alloc();
        if (!page)
            return NULL;
        page_zero(page);
        page->kernel = true;
        page_wire(page);
    }
    page->offset = 0;
    pmap->table_pages++;
    return page;
}

/* Frees a table whose entries are all clear. No frame of it is taken before tlb_flush(). */
static void table_free(struct pmap *pmap, struct page *page)
{
    pmap->table_pages--;
    pmap->leaf = NULL;
    if (kept_table_count < TABLES_KEPT) {
        kept_tables[kept_table_count++] = page;
        return;
    }
    page_unwire(page);
    page_free(page);
}

static pte_t *child(pte_t entry)
{
    return table_at(entry & PTE_ADDRESS);
}

static bool add_table(struct pmap *pmap, pte_t *entry, bool user)
{
    struct page *page = table_alloc(pmap), *holder = table_page(entry);

    if (!page)
        return false;
    *entry = page_physical(page) | PTE_PRESENT | PTE_WRITE | (user ? PTE_USER : 0);
    if (holder)
        holder->offset++;
    return true;
}

pte_t *pmap_entry_walk(struct pmap *pmap, vm_offset_t address, bool create)
{
    pte_t *table = table_at(pmap->root);

    for (unsigned level = TABLE_LEVELS - 1; level > 0; level--) {
        pte_t *entry = &table[table_index(address, level)];

        if (*entry == 0 && (!create || !add_table(pmap, entry, pmap != &kernel_pmap)))
            return NULL;
        table = child(*entry);
    }
    pmap->leaf = table;
    pmap->leaf_page = page_of_address(table);
    pmap->leaf_number = address / table_entry_span(1);
    return &table[table_index(address, 0)];
}

void pmap_prune(struct pmap *pmap, vm_offset_t address)
{
    pte_t *path[TABLE_LEVELS];
    pte_t *table = table_at(pmap->root);

    for (unsigned level = TABLE_LEVELS - 1; level > 0; level--) {
        path[level] = &table[table_index(address, level)];
        table = child(*path[level]);
    }
    for (unsigned level = 1; level < TABLE_LEVELS; level++) {
        struct page *page = page_of_physical(*path[level] & PTE_ADDRESS);
        struct page *holder = table_page(path[level]);

        if (!page || page->offset != 0)
            return;
        *path[level] = 0;
        if (holder)
            holder->offset--;
        table_free(pmap, page);
    }
}

vm_offset_t pmap_next_table(struct pmap *pmap, vm_offset_t address, vm_offset_t end)
{
    while (address < end) {
        pte_t *table = table_at(pmap->root);
        unsigned level = TABLE_LEVELS - 1;

        for (; level > 0 && table[table_index(address, level)] != 0; level--)
            table = child(table[table_index(address, level)]);
        if (level == 0)
            return address;
        vm_offset_t next = (address & ~(table_entry_span(level) - 1)) + table_entry_span(level);

        if (next <= address)
            return end;
        address = next;
    }
    return end;
}

static void free_level(struct pmap *pmap, pte_t *table, unsigned level, unsigned entries)
{
    for (unsigned i = 0; i < entries; i++) {
        if (table[i] == 0)
            continue;
        assert(level > 0);
        free_level(pmap, child(table[i]), level - 1, TABLE_ENTRIES);
        struct page *page = page_of_physical(table[i] & PTE_ADDRESS);

        table[i] = 0;
        table_free(pmap, page);
    }
}

void pmap_free_tables(struct pmap *pmap)
{
    free_level(pmap, table_at(pmap->root), TABLE_LEVELS - 1, USER_TOP_ENTRIES);
}
