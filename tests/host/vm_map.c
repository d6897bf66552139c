/* SPDX-License-Identifier: BSD-2-Clause */
/* host-test: mm/vm_map.c mm/vm_map_tree.c mm/vm_map_enter.c mm/vm_map_lookup.c mm/vm_map_remove.c mm/vm_map_protect.c mm/vm_map_wire.c mm/vm_map_fork.c mm/vm_copy.c mm/vm_copy_capture.c mm/vm_copy_in.c mm/vm_copy_out.c mm/vm_copy_pages.c mm/vm_copy_frames.c mm/vm_object.c mm/vm_shortage.c mm/radix.c */
/*
 * Random operations on a handful of address maps against the simplest model that can be written: for
 * every page of every map its attributes and a pointer to its bytes. Inherited sharing is two
 * pages with one pointer; everything else copies at once. Kernel allocations fail now and then: then
 * the answer must be KERN_RESOURCE_SHORTAGE and nothing may have changed.
 */
#include "tests/host/fake_memory.inc"

#include "mm/vm_copy.h"
#include "mm/vm_copy_in.h"
#include "mm/vm_copy_out.h"
#include "mm/vm_copy_pages.h"
#include "mm/vm_map_enter.h"
#include "mm/vm_map_fork.h"
#include "mm/vm_map_protect.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_map_wire.h"

#define MAPS 5
#define COPIES 6
#define STEPS 60000

struct cell {
    unsigned references;
    char bytes[4096];
};

struct slot {
    struct cell *cell;    /* NULL: nothing is mapped */
    vm_prot_t protection, max;
    vm_inherit_t inheritance;
    unsigned wired;
};

static struct vm_map *maps[MAPS];
static struct slot model[MAPS][WINDOW_PAGES];
static struct {
    struct vm_copy *copy;
    char *bytes;
    vm_size_t size;
} copies[COPIES];

static unsigned below(unsigned limit)
{
    return (unsigned)rand() % limit;
}

static vm_offset_t address_of(unsigned page)
{
    return WINDOW_START + page * PAGE_BYTES;
}

/* --- the model --- */

static void slot_clear(struct slot *slot)
{
    if (slot->cell && --slot->cell->references == 0)
        free(slot->cell);
    memset(slot, 0, sizeof *slot);
}

static void slot_fresh(struct slot *slot)
{
    slot_clear(slot);
    slot->cell = calloc(1, sizeof *slot->cell);
    slot->cell->references = 1;
    slot->protection = VM_PROT_DEFAULT;
    slot->max = VM_PROT_ALL;
    slot->inheritance = VM_INHERIT_COPY;
}

static bool model_free(unsigned map, unsigned page, unsigned count)
{
    for (unsigned i = page; i < page + count; i++)
        if (i >= WINDOW_PAGES || model[map][i].cell)
            return false;
    return true;
}

static unsigned model_gap(unsigned map, unsigned count)
{
    for (unsigned page = 0; page + count <= WINDOW_PAGES; page++)
        if (model_free(map, page, count))
            return page;
    return WINDOW_PAGES;
}

/* --- checks --- */

static int check_tree(const struct vm_map_entry *node, const struct vm_map_entry *parent)
{
    int left, right;
    vm_size_t gap;

    if (!node)
        return 0;
    assert(node->parent == parent);
    left = check_tree(node->child[0], node);
    right = check_tree(node->child[1], node);
    assert(left - right <= 1 && right - left <= 1);
    assert(node->height == 1 + (left > right ? left : right));
    gap = node->gap_before;
    if (node->child[0] && node->child[0]->largest_gap > gap)
        gap = node->child[0]->largest_gap;
    if (node->child[1] && node->child[1]->largest_gap > gap)
        gap = node->child[1]->largest_gap;
    assert(node->largest_gap == gap);
    return node->height;
}

static void check_map(unsigned m)
{
    struct vm_map *map = maps[m];
    vm_offset_t last = map->minimum;
    vm_size_t size = 0;
    unsigned count = 0;

    check_tree(map->root, NULL);
    list_for_each(&map->entries, node) {
        struct vm_map_entry *entry = list_entry(node, struct vm_map_entry, link);

        assert(entry->start >= last && entry->end > entry->start);
        assert(entry->gap_before == entry->start - last);
        assert(!(entry->wired_count > 0 && (entry->needs_copy || entry->wired_end != entry->end)));
        last = entry->end;
        size += entry->end - entry->start;
        count++;
    }
    assert(size == map->size && count == map->entry_count);
    for (unsigned page = 0; page < WINDOW_PAGES; page++) {
        struct slot *slot = &model[m][page];
        struct vm_map_entry *entry;
        bool found = vm_map_lookup_entry(map, address_of(page), &entry);

        assert(found == (slot->cell != NULL));
        if (found) {
            assert(entry->protection == slot->protection && entry->max_protection == slot->max);
            assert(entry->inheritance == slot->inheritance && entry->wired_count == slot->wired);
        }
    }
    fake_check_mappings(map);
}

/* Reads all of a map as its program would, and compares. */
static void check_contents(unsigned m)
{
    for (unsigned page = 0; page < WINDOW_PAGES; page++) {
        struct slot *slot = &model[m][page];
        kern_return_t result;
        char *bytes = fake_access(maps[m], address_of(page), VM_PROT_READ, &result);

        if (result == KERN_RESOURCE_SHORTAGE)
            continue;
        if (!slot->cell)
            assert(result == KERN_INVALID_ADDRESS);
        else if (!(slot->protection & VM_PROT_READ))
            assert(result == KERN_PROTECTION_FAILURE);
        else
            assert(result == KERN_SUCCESS && memcmp(bytes, slot->cell->bytes, 4096) == 0);
    }
}

/* --- operations --- */

static void do_allocate(unsigned m)
{
    unsigned count = 1 + below(10), page = below(WINDOW_PAGES);
    bool anywhere = below(2);
    struct mapping mapping = {.start = address_of(page) + below(4096),
                              .size = count * PAGE_BYTES - below(4096), .anywhere = anywhere,
                              .protection = VM_PROT_DEFAULT, .max_protection = VM_PROT_ALL,
                              .inheritance = VM_INHERIT_COPY};
    kern_return_t result = vm_map_enter(maps[m], &mapping);

    if (result == KERN_RESOURCE_SHORTAGE)
        return;
    if (anywhere)
        page = model_gap(m, count);
    if (page + count > WINDOW_PAGES) {
        assert(result == (anywhere ? KERN_NO_SPACE : KERN_INVALID_ADDRESS));
    } else if (!anywhere && !model_free(m, page, count)) {
        assert(result == KERN_NO_SPACE);
    } else {
        assert(result == KERN_SUCCESS && mapping.start == address_of(page));
        for (unsigned i = page; i < page + count; i++)
            slot_fresh(&model[m][i]);
    }
}

static void do_deallocate(unsigned m)
{
    unsigned page = below(WINDOW_PAGES), count = 1 + below(12);

    if (page + count > WINDOW_PAGES) {
        assert(vm_map_remove(maps[m], address_of(page), count * PAGE_BYTES) ==
               KERN_INVALID_ADDRESS);
        return;
    }
    if (vm_map_remove(maps[m], address_of(page), count * PAGE_BYTES) == KERN_SUCCESS)
        for (unsigned i = page; i < page + count; i++)
            slot_clear(&model[m][i]);
}

static void do_protect(unsigned m)
{
    unsigned page = below(WINDOW_PAGES - 8), count = 1 + below(8);
    vm_prot_t protection = (vm_prot_t)below(8) | (below(3) ? VM_PROT_DEFAULT : 0);
    bool set_maximum = below(8) == 0, allowed = true;
    kern_return_t result = vm_map_protect(maps[m], address_of(page), count * PAGE_BYTES,
                                          set_maximum, protection);

    for (unsigned i = page; i < page + count; i++)
        allowed &= !model[m][i].cell || !(protection & ~model[m][i].max);
    if (result == KERN_RESOURCE_SHORTAGE)
        return;
    assert(result == (allowed ? KERN_SUCCESS : KERN_PROTECTION_FAILURE));
    for (unsigned i = page; allowed && i < page + count; i++) {
        struct slot *slot = &model[m][i];

        if (slot->cell && set_maximum)
            slot->max = protection, slot->protection &= protection;
        else if (slot->cell)
            slot->protection = protection;
    }
}

static void do_inherit(unsigned m)
{
    unsigned page = below(WINDOW_PAGES - 8), count = 1 + below(8);
    vm_inherit_t inheritance = (vm_inherit_t)below(3);

    if (vm_map_inherit(maps[m], address_of(page), count * PAGE_BYTES, inheritance) != KERN_SUCCESS)
        return;
    for (unsigned i = page; i < page + count; i++)
        if (model[m][i].cell)
            model[m][i].inheritance = inheritance;
}

static void do_write(unsigned m)
{
    unsigned page = below(WINDOW_PAGES), at = below(4096);
    struct slot *slot = &model[m][page];
    kern_return_t result;
    char *bytes = fake_access(maps[m], address_of(page), VM_PROT_WRITE, &result);

    if (result == KERN_RESOURCE_SHORTAGE)
        return;
    if (!slot->cell)
        assert(result == KERN_INVALID_ADDRESS);
    else if (!(slot->protection & VM_PROT_WRITE))
        assert(result == KERN_PROTECTION_FAILURE);
    else
        bytes[at] = slot->cell->bytes[at] = (char)rand();
}

static void do_wire(unsigned m)
{
    unsigned page = below(WINDOW_PAGES - 8), count = 1 + below(8);
    bool unwire = below(2), hole = false, denied = false;
    kern_return_t result = vm_map_wire(maps[m], address_of(page), count * PAGE_BYTES,
                                       unwire ? VM_PROT_NONE : VM_PROT_READ);

    for (unsigned i = page; i < page + count; i++) {
        hole |= !model[m][i].cell;
        denied |= model[m][i].cell && !(model[m][i].protection & VM_PROT_READ);
    }
    if (result == KERN_RESOURCE_SHORTAGE)
        return;
    if (hole || (denied && !unwire)) {
        assert(result == KERN_NO_SPACE || result == KERN_PROTECTION_FAILURE);
        return;
    }
    assert(result == KERN_SUCCESS);
    for (unsigned i = page; i < page + count; i++) {
        if (!unwire)
            model[m][i].wired++;
        else if (model[m][i].wired > 0)
            model[m][i].wired--;
    }
}

static void do_destroy(unsigned m)
{
    vm_map_release(maps[m]);
    maps[m] = NULL;
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        slot_clear(&model[m][i]);
}

static void do_fork(unsigned parent, unsigned child)
{
    struct vm_map *map;

    if (parent == child || vm_map_fork(maps[parent], &map) != KERN_SUCCESS)
        return;
    map->maximum = address_of(WINDOW_PAGES);
    do_destroy(child);
    maps[child] = map;
    for (unsigned i = 0; i < WINDOW_PAGES; i++) {
        struct slot *from = &model[parent][i], *to = &model[child][i];

        if (!from->cell || from->inheritance == VM_INHERIT_NONE)
            continue;
        slot_fresh(to);
        memcpy(to->cell->bytes, from->cell->bytes, 4096);
        to->protection = from->protection, to->max = from->max;
        to->inheritance = from->inheritance;
        if (from->inheritance == VM_INHERIT_SHARE) {
            free(to->cell);
            to->cell = from->cell;
            to->cell->references++;
        }
    }
}

static void model_read(unsigned m, vm_offset_t address, char *bytes, vm_size_t size)
{
    for (vm_size_t i = 0; i < size; i++) {
        vm_offset_t at = address + i - WINDOW_START;

        bytes[i] = model[m][at / PAGE_BYTES].cell->bytes[at % PAGE_BYTES];
    }
}

static void do_copy_in(unsigned m)
{
    unsigned c = below(COPIES), page = below(WINDOW_PAGES - 12);
    bool aligned = below(2), deallocate = below(2), hole = false, denied = false;
    vm_offset_t address = address_of(page) + (aligned ? 0 : below(4096));
    vm_size_t size = aligned ? (1 + below(10)) * PAGE_BYTES : 1 + below(9 * 4096);
    kern_return_t result;

    if (copies[c].copy)
        return;
    result = vm_copy_in(maps[m], address, size, deallocate, &copies[c].copy);
    for (unsigned i = page; address_of(i) < address + size; i++) {
        hole |= !model[m][i].cell;
        denied |= model[m][i].cell && !(model[m][i].protection & VM_PROT_READ);
    }
    if (result == KERN_RESOURCE_SHORTAGE)
        return;
    if (hole || denied) {
        assert(result == KERN_INVALID_ADDRESS || result == KERN_PROTECTION_FAILURE);
        return;
    }
    assert(result == KERN_SUCCESS);
    copies[c].size = size;
    copies[c].bytes = malloc(size);
    model_read(m, address, copies[c].bytes, size);
    for (unsigned i = page; deallocate && address_of(i) < address + size; i++)
        slot_clear(&model[m][i]);
}

static void copy_done(unsigned c)
{
    copies[c].copy = NULL;
    free(copies[c].bytes);
}

static void do_copy_out(unsigned m, unsigned c)
{
    vm_size_t head = copies[c].copy->head, size = head + copies[c].size;
    unsigned count = (unsigned)(page_round(size) / PAGE_BYTES), page = model_gap(m, count);
    vm_offset_t address;
    kern_return_t result = vm_copy_out(maps[m], copies[c].copy, &address);

    if (page == WINDOW_PAGES) {
        assert(result == KERN_NO_SPACE);
        return;
    }
    assert(result == KERN_SUCCESS && address == address_of(page) + head);
    for (unsigned i = 0; i < count; i++)
        slot_fresh(&model[m][page + i]);
    for (vm_size_t i = 0; i < copies[c].size; i++) {
        vm_offset_t at = address + i - WINDOW_START;

        model[m][at / PAGE_BYTES].cell->bytes[at % PAGE_BYTES] = copies[c].bytes[i];
    }
    copy_done(c);
}

static void do_overwrite(unsigned m, unsigned c)
{
    vm_offset_t address = address_of(below(WINDOW_PAGES - 12)) + below(4096);
    bool hole = false, denied = false;
    kern_return_t result = vm_copy_overwrite(maps[m], address, copies[c].copy);

    for (vm_offset_t at = page_trunc(address); at < address + copies[c].size; at += PAGE_BYTES) {
        struct slot *slot = &model[m][(at - WINDOW_START) / PAGE_BYTES];

        hole |= !slot->cell;
        denied |= slot->cell && !(slot->protection & VM_PROT_WRITE);
    }
    if (hole || denied) {
        assert(result == KERN_INVALID_ADDRESS || result == KERN_PROTECTION_FAILURE);
        return;
    }
    assert(result == KERN_SUCCESS || fake_fail_one_in);
    if (result != KERN_SUCCESS) {
        /* Part of it may be written: let both agree again. */
        int fail = fake_fail_one_in;

        fake_fail_one_in = 0;
        assert(vm_copy_overwrite(maps[m], address, copies[c].copy) == KERN_SUCCESS);
        fake_fail_one_in = fail;
    }
    for (vm_size_t i = 0; i < copies[c].size; i++) {
        vm_offset_t at = address + i - WINDOW_START;

        model[m][at / PAGE_BYTES].cell->bytes[at % PAGE_BYTES] = copies[c].bytes[i];
    }
    copy_done(c);
}

static void do_take_pages(unsigned c)
{
    for (vm_size_t i = 0; (i + 1) * PAGE_BYTES <= copies[c].size; i++) {
        struct page *page;

        if (vm_copy_take_page(copies[c].copy, i, &page) != KERN_SUCCESS)
            continue;
        assert(memcmp(page_address(page), copies[c].bytes + i * PAGE_BYTES, 4096) == 0);
        page_free(page);
    }
    vm_copy_discard(copies[c].copy);
    copy_done(c);
}

static void do_copy(unsigned m)
{
    unsigned c = below(COPIES);

    if (!copies[c].copy)
        return;
    switch (below(4)) {
    case 0:
    case 1:
        do_copy_out(m, c);
        break;
    case 2:
        do_overwrite(m, c);
        break;
    default:
        do_take_pages(c);
    }
}

static void step(void)
{
    unsigned m = below(MAPS);

    switch (below(16)) {
    case 0: case 1: do_allocate(m); break;
    case 2: do_deallocate(m); break;
    case 3: do_protect(m); break;
    case 4: do_inherit(m); break;
    case 5: do_wire(m); break;
    case 6: if (below(4) == 0) do_fork(m, below(MAPS)); break;
    case 7: do_copy_in(m); break;
    case 8: do_copy(m); break;
    default: do_write(m); do_write(m); break;
    }
    check_map(m);
    if (below(16) == 0)
        check_contents(m);
}

int main(void)
{
    long live;

    vm_map_init();
    vm_copy_init();
    vm_object_init();
    live = fake_objects_live;
    for (unsigned m = 0; m < MAPS; m++) {
        maps[m] = vm_map_create();
        maps[m]->maximum = address_of(WINDOW_PAGES);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        fake_fail_one_in = i > STEPS / 2 ? 12 : 0;
        step();
    }
    fake_fail_one_in = 0;
    for (unsigned m = 0; m < MAPS; m++)
        check_contents(m);
    for (unsigned c = 0; c < COPIES; c++)
        if (copies[c].copy)
            do_take_pages(c);
    for (unsigned m = 0; m < MAPS; m++)
        do_destroy(m);
    assert(fake_objects_live == live && vm_object_count == 0 && page_counts.wired == 0);
    printf("ok 1 - address maps and copies agree with a plain model\n1..1\n");
    return 0;
}
