/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a page to its mappings.
 *
 * The first mapping of a page is inside its struct page; only shared pages need more, from a cache.
 */
#include "mm/pmap_page.h"

#include "kernel/panic.h"
#include "kernel/x86_64/tlb.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/pmap.h"

static struct kmem_cache mapping_cache;

void pmap_page_init(void)
{
    kmem_cache_init(&mapping_cache, "page-mapping", sizeof(struct page_mapping), 0, 0);
}

bool pmap_page_remember_more(struct page *page, struct pmap *pmap, vm_offset_t address)
{
    struct page_mapping *mapping = kmem_cache_alloc(&mapping_cache);

    if (!mapping)
        return false;
    mapping->next = page->mapping.next;
    page->mapping.next = mapping;
    mapping->pmap = pmap;
    mapping->address = address;
    return true;
}

static void keep_bits(struct page *page, pte_t old)
{
    if (old & PTE_DIRTY)
        page->dirty = true;
    if (old & PTE_ACCESSED)
        page->referenced = true;
}

/* Unlinks the inner mapping: the next one moves in. */
static void drop_first(struct page *page)
{
    struct page_mapping *next = page->mapping.next;

    if (!next) {
        page->mapping.pmap = NULL;
        return;
    }
    page->mapping = *next;
    kmem_cache_free(&mapping_cache, next);
}

void pmap_page_forget(struct page *page, struct pmap *pmap, vm_offset_t address, pte_t old)
{
    struct page_mapping *previous = &page->mapping;

    keep_bits(page, old);
    if (previous->pmap == pmap && previous->address == address) {
        drop_first(page);
        return;
    }
    for (struct page_mapping *at = previous->next; at; previous = at, at = at->next) {
        if (at->pmap != pmap || at->address != address)
            continue;
        previous->next = at->next;
        kmem_cache_free(&mapping_cache, at);
        return;
    }
    panic("pmap: page %#lx is not known to be mapped at %#lx", page_physical(page), address);
}

static void remove_all(struct page *page)
{
    while (page->mapping.pmap) {
        struct pmap *pmap = page->mapping.pmap;
        vm_offset_t address = page->mapping.address;
        pte_t *entry = pmap_entry(pmap, address, false);

        assert(entry && (*entry & PTE_ADDRESS) == page_physical(page));
        keep_bits(page, pmap_entry_clear(pmap, entry, address));
        pmap->resident_pages--;
        drop_first(page);
    }
}

/* Applies set and clear masks to each entry that maps the page, harvesting as it goes. */
static void change_all(struct page *page, pte_t clear, pte_t set)
{
    if (!page->mapping.pmap)
        return;
    for (struct page_mapping *mapping = &page->mapping; mapping; mapping = mapping->next) {
        pte_t *entry = pmap_entry(mapping->pmap, mapping->address, false);
        pte_t old = *entry;

        assert((old & PTE_ADDRESS) == page_physical(page));
        if (((old & ~clear) | set) == old)
            continue;
        keep_bits(page, pmap_entry_change(entry, clear, set) & clear);
        pmap_note(mapping->pmap, mapping->address);
    }
}

/* Leaves no mapping of the page more access than given; dirty and referenced bits are harvested. */
void pmap_page_protect(struct page *page, vm_prot_t protection)
{
    if (protection == VM_PROT_NONE)
        remove_all(page);
    else
        pmap_page_restrict(page, protection);
    tlb_flush();
}

void pmap_page_restrict(struct page *page, vm_prot_t protection)
{
    pte_t bits = pmap_protection_bits(protection);

    change_all(page, (PTE_WRITE & ~bits) | PTE_DIRTY | PTE_ACCESSED, bits & PTE_NO_EXECUTE);
}

void pmap_flush(void)
{
    tlb_flush();
}

/*
 * Other processors forget soon, not now: until then one whose translation says "dirty" already may
 * write without telling again. Nothing is lost by that, because the page is dirty from here on until
 * somebody takes write access away and flushes.
 */
void pmap_harvest(struct page *page)
{
    change_all(page, PTE_DIRTY | PTE_ACCESSED, 0);
}

bool pmap_page_mapped(const struct page *page)
{
    return page->mapping.pmap != NULL;
}
