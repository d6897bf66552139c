/* SPDX-License-Identifier: BSD-2-Clause */
/* Address maps and copies on real frames; the host test has the random operations. */
#include "kernel/string.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_in.h"
#include "mm/vm_copy_out.h"
#include "mm/vm_copy_pages.h"
#include "mm/vm_map.h"
#include "mm/vm_map_enter.h"
#include "mm/vm_map_fork.h"
#include "mm/vm_map_protect.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_map_wire.h"
#include "mm/vm_object.h"
#include "tests/kernel/selftest.h"

#define PAGES(n) ((n) * PAGE_BYTES)

/* Bytes that a test writes and finds again. */
static char data[3 * 4096];

static void fill_data(char seed)
{
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (char)(seed + i * 13 + i / 4096);
}

/* Writes kernel bytes into a map. */
static kern_return_t put(struct vm_map *map, vm_offset_t address, const void *bytes,
                         vm_size_t size)
{
    struct vm_copy *copy = vm_copy_from_bytes(bytes, size);
    kern_return_t result = copy ? vm_copy_overwrite(map, address, copy) : KERN_RESOURCE_SHORTAGE;

    if (result != KERN_SUCCESS)
        vm_copy_discard(copy);
    return result;
}

/* Whether memory of a map holds these bytes. */
static bool holds(struct vm_map *map, vm_offset_t address, const char *bytes, vm_size_t size)
{
    struct vm_copy *copy;
    char found[64];
    bool same = true;

    if (vm_copy_in(map, address, size, false, &copy) != KERN_SUCCESS)
        return false;
    for (vm_size_t at = 0; same && at < size; at += sizeof found) {
        vm_size_t part = size - at < sizeof found ? size - at : sizeof found;

        same = vm_copy_read(copy, at, found, part, WAIT_INTERRUPTIBLE) == KERN_SUCCESS &&
               memcmp(found, bytes + at, part) == 0;
    }
    vm_copy_discard(copy);
    return same;
}

SELFTEST(map_neighbours_of_untouched_memory_become_one_entry)
{
    struct vm_map *map = vm_map_create();
    vm_offset_t address = 0x10000;

    for (unsigned i = 0; i < 8; i++) {
        address = 0x10000 + i * PAGES(2);
        expect(vm_map_allocate(map, &address, PAGES(2), false) == KERN_SUCCESS);
    }
    expect(map->entry_count == 1 && map->size == PAGES(16));
    expect(vm_map_remove(map, 0x10000 + PAGES(4), PAGES(4)) == KERN_SUCCESS);
    expect(map->entry_count == 2 && map->size == PAGES(12));
    address = 0x10000 + PAGES(4);
    expect(vm_map_allocate(map, &address, PAGES(4), false) == KERN_SUCCESS);
    expect(map->entry_count == 1);
    vm_map_release(map);
}

SELFTEST(map_memory_that_never_was_touched_takes_no_object)
{
    uint32_t objects = vm_object_count;
    struct vm_map *map = vm_map_create();
    vm_offset_t address, arrived;
    struct vm_copy *copy;

    expect(vm_map_allocate(map, &address, PAGES(16), true) == KERN_SUCCESS);
    expect(vm_copy_in(map, address, PAGES(16), true, &copy) == KERN_SUCCESS);
    expect(map->entry_count == 0);
    expect(vm_copy_out(map, copy, &arrived) == KERN_SUCCESS);
    expect(map->entry_count == 1 && vm_object_count == objects);
    vm_map_release(map);
}

SELFTEST(map_memory_comes_back_when_a_map_ends)
{
    uint32_t objects = vm_object_count, free;
    struct vm_map *map, *child;
    vm_offset_t address;

    for (unsigned round = 0; round < 3; round++) {
        free = page_counts.free; /* that of the last round: the first fills caches */
        map = vm_map_create();
        expect(vm_map_allocate(map, &address, PAGES(64), true) == KERN_SUCCESS);
        for (unsigned i = 0; i < 64; i++)
            expect(put(map, address + PAGES(i), "x", 1) == KERN_SUCCESS);
        expect(vm_map_fork(map, &child) == KERN_SUCCESS);
        for (unsigned i = 0; i < 64; i += 2)
            expect(put(child, address + PAGES(i), "y", 1) == KERN_SUCCESS);
        vm_map_release(map);
        expect(holds(child, address, "y", 1) && holds(child, address + PAGES(1), "x", 1));
        vm_map_release(child);
    }
    expect(vm_object_count == objects);
    expect(page_counts.free == free);
}

SELFTEST(map_a_copy_keeps_what_it_was_made_of)
{
    struct vm_map *map = vm_map_create();
    vm_offset_t address, arrived;
    struct vm_copy *copy;

    fill_data(1);
    expect(vm_map_allocate(map, &address, PAGES(8), true) == KERN_SUCCESS);
    expect(put(map, address + 100, data, sizeof data) == KERN_SUCCESS);
    expect(vm_copy_in(map, address + 100, sizeof data, false, &copy) == KERN_SUCCESS);
    fill_data(2);
    expect(put(map, address + 100, data, sizeof data) == KERN_SUCCESS);
    expect(vm_copy_out(map, copy, &arrived) == KERN_SUCCESS);
    expect(holds(map, address + 100, data, sizeof data));
    fill_data(1);
    expect(holds(map, arrived, data, sizeof data));
    vm_map_release(map);
}

SELFTEST(map_a_page_that_is_given_away_changes_hands_as_a_frame)
{
    struct vm_map *map = vm_map_create();
    vm_offset_t address;
    struct vm_copy *copy;
    struct vm_map_entry *entry;
    struct page *before, *taken;

    expect(vm_map_allocate(map, &address, PAGES(4), true) == KERN_SUCCESS);
    expect(put(map, address + PAGES(1), "frame", 5) == KERN_SUCCESS);
    expect(vm_map_lookup_entry(map, address, &entry));
    before = vm_object_page(entry->object, entry->offset + PAGES(1));
    expect(before != NULL);
    expect(vm_copy_in(map, address, PAGES(4), true, &copy) == KERN_SUCCESS);
    expect(vm_copy_take_page(copy, 1, &taken) == KERN_SUCCESS);
    expect(taken == before && taken->object == NULL);
    expect(memcmp(page_address(taken), "frame", 5) == 0);
    page_free(taken);
    vm_copy_discard(copy);
    vm_map_release(map);
}

SELFTEST(map_wired_memory_leaves_no_wired_frame_behind)
{
    uint32_t wired = page_counts.wired;
    struct vm_map *map = vm_map_create();
    uint32_t with_map = page_counts.wired;
    vm_offset_t address;

    expect(vm_map_allocate(map, &address, PAGES(16), true) == KERN_SUCCESS);
    expect(vm_map_wire(map, address, PAGES(16), VM_PROT_READ) == KERN_SUCCESS);
    expect(page_counts.wired >= with_map + 16);
    expect(vm_map_protect(map, address + PAGES(3), PAGES(2), false, VM_PROT_READ) == KERN_SUCCESS);
    expect(vm_map_remove(map, address + PAGES(4), PAGES(3)) == KERN_SUCCESS);
    expect(vm_map_wire(map, address, PAGES(4), VM_PROT_NONE) == KERN_SUCCESS);
    vm_map_release(map);
    expect(page_counts.wired <= wired + 8); /* caches may have grown by some frames */
}

SELFTEST(map_a_dead_map_refuses_everything)
{
    struct vm_map *map = vm_map_create();
    struct vm_copy *copy = vm_copy_from_bytes("x", 1);
    vm_offset_t address;

    vm_map_destroy(map);
    expect(vm_map_allocate(map, &address, PAGES(1), true) == KERN_INVALID_ARGUMENT);
    expect(vm_copy_out(map, copy, &address) == KERN_INVALID_TASK);
    expect(vm_map_wire(map, 0x1000, PAGES(1), VM_PROT_READ) == KERN_INVALID_ARGUMENT);
    vm_copy_discard(copy);
    vm_map_release(map);
}
