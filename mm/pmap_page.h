/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a page is mapped. Shared by the files of the pmap alone; the public part is in mm/pmap.h.
 */
#pragma once

#include <stdbool.h>

#include <mach/machine/vm_types.h>

#include "mm/page.h"
#include "mm/pmap_tables.h"

void pmap_page_init(void);
/* Notes a mapping; false when there is no memory to note it. */
bool pmap_page_remember_more(struct page *page, struct pmap *pmap, vm_offset_t address);
static inline bool pmap_page_remember(struct page *page, struct pmap *pmap, vm_offset_t address)
{
    if (page->mapping.pmap)
        return pmap_page_remember_more(page, pmap, address);
    page->mapping.pmap = pmap;
    page->mapping.address = address;
    return true;
}

/* Forgets a mapping that is gone and keeps its dirty and referenced bits. */
void pmap_page_forget(struct page *page, struct pmap *pmap, vm_offset_t address, pte_t old);
