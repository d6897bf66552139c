/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical maps: entering and removing mappings by address.
 */
#include "mm/pmap.h"

#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/tlb.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/pmap_page.h"
#include "mm/pmap_tables.h"

#define KERNEL_HALF_FIRST 256u   /* entry of the top table */
#define DYNAMIC_BASE UINT64_C(0xffffc00000000000)

struct pmap kernel_pmap;

static struct kmem_cache pmap_cache;

/*
 * Adopts the tables that boot made as the kernel's. The table above the kernel's own mappings is made
 * now, so that each later pmap shares it by its top entry.
 */
void pmap_init(void)
{
    pmap_tables_init();
    pmap_page_init();
    kmem_cache_init(&pmap_cache, "pmap", sizeof(struct pmap), 0, 0);
    kernel_pmap.root = this_cpu()->root;
    kernel_pmap.references = 1;
    if (!pmap_entry(&kernel_pmap, DYNAMIC_BASE, true))
        panic("pmap: no memory for the kernel's first tables");
}

/* An empty user pmap; NULL when memory is short. */
struct pmap *pmap_create(void)
{
    struct pmap *pmap = kmem_cache_alloc(&pmap_cache);
    struct page *root;

    if (!pmap)
        return NULL;
    memset(pmap, 0, sizeof(*pmap));
    pmap->references = 1;
    root = table_alloc(pmap);
    if (!root) {
        kmem_cache_free(&pmap_cache, pmap);
        return NULL;
    }
    root->offset = 1; /* never counts down to zero: the root stays */
    pmap->root = page_physical(root);
    memcpy(&table_at(pmap->root)[KERNEL_HALF_FIRST], &table_at(kernel_pmap.root)[KERNEL_HALF_FIRST],
           (TABLE_ENTRIES - KERNEL_HALF_FIRST) * sizeof(pte_t));
    return pmap;
}

/* Frees a pmap. Conditions: no mapping is left; no thread of its task runs, but on this processor a
   kernel thread may run on it (sched_switch_to). No other can have it: it would have to run a thread
   of the task in user mode. */
void pmap_destroy(struct pmap *pmap)
{
    struct page *root = page_of_physical(pmap->root);

    assert(pmap->resident_pages == 0);
    if (this_cpu()->root == pmap->root)
        pmap_activate(&kernel_pmap);
    pmap_free_tables(pmap);
    page_unwire(root);
    page_free(root);
    kmem_cache_free(&pmap_cache, pmap);
}

void pmap_activate(struct pmap *pmap)
{
    struct cpu *cpu = this_cpu();

    if (cpu->root == pmap->root)
        return;
    cpu->root = pmap->root;
    write_root(pmap->root);
}

/* Takes away what is mapped at an entry, telling its page. */
static void remove_entry(struct pmap *pmap, pte_t *entry, vm_offset_t address)
{
    pte_t old = pmap_entry_clear(pmap, entry, address);

    pmap->resident_pages--;
    if (!(old & PTE_DEVICE))
        pmap_page_forget(page_of_physical(old & PTE_ADDRESS), pmap, address, old);
}

/* Gives a mapping that is there for the same page another protection. */
static void change_entry(struct pmap *pmap, pte_t *entry, vm_offset_t address, pte_t value)
{
    pte_t old = pmap_entry_change(entry, ~(value | PTE_ACCESSED | PTE_DIRTY), value);

    if (old & ~value & PTE_WRITE || (value & ~old & PTE_NO_EXECUTE))
        pmap_note(pmap, address);
}

/* Makes an entry empty for another use. Its table may go, and come back: NULL without memory. */
static pte_t *vacate(struct pmap *pmap, pte_t *entry, vm_offset_t address)
{
    remove_entry(pmap, entry, address);
    tlb_flush();
    return pmap_entry(pmap, address, true);
}

/* An address whose table was not used last, or that shows something already, or a page that is mapped elsewhere. */
static __attribute__((noinline)) bool enter_slowly(struct pmap *pmap, vm_offset_t address,
                                                   struct page *page, pte_t value)
{
    pte_t *entry = pmap_entry(pmap, address, true);

    if (!entry)
        return false;
    if (*entry != 0) {
        if ((*entry & PTE_ADDRESS) == (value & PTE_ADDRESS) && !(*entry & PTE_DEVICE)) {
            change_entry(pmap, entry, address, value);
            tlb_flush();
            return true;
        }
        entry = vacate(pmap, entry, address);
        if (!entry)
            return false;
    }
    pmap_entry_set(pmap, entry, value);
    pmap->resident_pages++;
    if (pmap_page_remember(page, pmap, address))
        return true;
    pmap_entry_clear(pmap, entry, address);
    pmap->resident_pages--;
    tlb_flush();
    return false;
}

/*
 * Maps a page at an address, with at most that protection. Replaces what was there. False, with nothing
 * mapped there, when memory for a table or for the reverse mapping is short: the caller waits for
 * memory or lets the access fault again.
 */
bool pmap_enter(struct pmap *pmap, vm_offset_t address, struct page *page, vm_prot_t protection,
                bool wired)
{
    pte_t value = (pte_t)page->frame << PAGE_SHIFT_BITS | pmap_protection_bits(protection) | PTE_USER |
                  (wired ? PTE_WIRED : 0);
    pte_t *entry;

    if (!pmap->leaf || address / table_entry_span(1) != pmap->leaf_number || page->mapping.pmap ||
        *(entry = &pmap->leaf[table_index(address, 0)]) != 0)
        return enter_slowly(pmap, address, page, value);
    pmap_entry_set(pmap, entry, value);
    pmap->resident_pages++;
    return pmap_page_remember(page, pmap, address);
}

bool pmap_make_table(struct pmap *pmap, vm_offset_t address)
{
    return pmap_entry(pmap, address, true) != NULL;
}

bool pmap_enter_device(struct pmap *pmap, vm_offset_t address, uint64_t physical,
                       vm_prot_t protection)
{
    pte_t *entry = pmap_entry(pmap, address, true);

    if (!entry)
        return false;
    if (*entry != 0) {
        entry = vacate(pmap, entry, address);
        if (!entry)
            return false;
    }
    pmap_entry_set(pmap, entry, (physical & PTE_ADDRESS) | pmap_protection_bits(protection) | PTE_USER |
                              PTE_DEVICE | PTE_UNCACHED | PTE_WRITE_THROUGH);
    pmap->resident_pages++;
    return true;
}

/*
 * Removes all mappings in [start, end): costs what is mapped, not the size of the range. Dirty and
 * referenced bits go to the pages.
 */
void pmap_remove(struct pmap *pmap, vm_offset_t start, vm_offset_t end)
{
    vm_offset_t address = pmap->resident_pages ? start : end;

    while (address < end && (address = pmap_next_table(pmap, address, end)) < end) {
        vm_offset_t stop = (address & ~(table_entry_span(1) - 1)) + table_entry_span(1);

        for (; address < end && address < stop; address += PAGE_BYTES) {
            pte_t *entry = pmap_entry(pmap, address, false);

            if (!entry)
                break; /* the last mapping went, and its table with it */
            if (*entry != 0)
                remove_entry(pmap, entry, address);
        }
        address = stop < end ? stop : end;
        if (stop == 0)
            break;
    }
    tlb_flush();
}

/* Takes away from the mappings in [start, end) what `protection` does not allow. */
void pmap_protect(struct pmap *pmap, vm_offset_t start, vm_offset_t end, vm_prot_t protection)
{
    pte_t bits = pmap_protection_bits(protection);
    vm_offset_t address = start;

    if (protection == VM_PROT_NONE) {
        pmap_remove(pmap, start, end);
        return;
    }
    while ((address = pmap_next_table(pmap, address, end)) < end) {
        vm_offset_t stop = (address & ~(table_entry_span(1) - 1)) + table_entry_span(1);

        for (pte_t *entry = pmap_entry(pmap, address, false); address < end && address < stop;
             address += PAGE_BYTES, entry++) {
            if (*entry == 0)
                continue;
            pmap_entry_change(entry, PTE_WRITE & ~bits, bits & PTE_NO_EXECUTE);
            pmap_note(pmap, address);
        }
    }
    tlb_flush();
}

uint64_t pmap_extract(struct pmap *pmap, vm_offset_t address)
{
    pte_t *entry = pmap_entry(pmap, address, false);

    return entry && *entry ? (*entry & PTE_ADDRESS) | (address & PAGE_MASK) : 0;
}

void *pmap_access(struct pmap *pmap, vm_offset_t address, vm_prot_t access)
{
    pte_t *entry = pmap_entry(pmap, address, false);
    bool write = access & VM_PROT_WRITE;

    if (!entry || *entry == 0 || (*entry & PTE_DEVICE) || (write && !(*entry & PTE_WRITE)))
        return NULL;
    __atomic_fetch_or(entry, PTE_ACCESSED | (write ? PTE_DIRTY : 0), __ATOMIC_RELAXED);
    return (char *)table_at(*entry & PTE_ADDRESS) + (address & PAGE_MASK);
}

bool pmap_kernel_enter(vm_offset_t address, uint64_t physical, vm_prot_t protection, bool cached)
{
    pte_t *entry = pmap_entry(&kernel_pmap, address, true);

    if (!entry)
        return false;
    pmap_entry_set(&kernel_pmap, entry, (physical & PTE_ADDRESS) | pmap_protection_bits(protection) |
                              (cached ? 0 : PTE_UNCACHED | PTE_WRITE_THROUGH));
    return true;
}

void pmap_kernel_remove(vm_offset_t address)
{
    pte_t *entry = pmap_entry(&kernel_pmap, address, false);

    assert(entry && *entry != 0);
    pmap_entry_clear(&kernel_pmap, entry, address);
}
