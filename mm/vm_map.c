/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps and their entries.
 */
#include "mm/vm_map.h"

#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_map_tree.h"
#include "mm/vm_object.h"

#define ENTRY_RESERVE 64u   /* for page-out's messages and the default pager's map */

struct vm_map *kernel_map;

static struct kmem_cache map_cache;
static struct kmem_cache entry_cache;

static struct vm_map *map_create(struct pmap *pmap)
{
    struct vm_map *map = kmem_cache_alloc(&map_cache);

    if (!map)
        return NULL;
    memset(map, 0, sizeof(*map));
    map->references = 1;
    map->pmap = pmap;
    list_init(&map->entries);
    return map;
}

/* Sets up the caches and the kernel's map, which has no room for entries. */
void vm_map_init(void)
{
    kmem_cache_init(&map_cache, "vm-map", sizeof(struct vm_map), 0, 0);
    kmem_cache_init(&entry_cache, "vm-map-entry", sizeof(struct vm_map_entry), ENTRY_RESERVE, 0);
    kernel_map = map_create(&kernel_pmap);
    if (!kernel_map)
        panic("vm_map: no memory for the kernel's map");
}

/* An empty map with one reference for the caller; NULL when memory is short. */
struct vm_map *vm_map_create(void)
{
    struct pmap *pmap = pmap_create();
    struct vm_map *map;

    if (!pmap)
        return NULL;
    map = map_create(pmap);
    if (!map) {
        pmap_destroy(pmap);
        return NULL;
    }
    map->minimum = VM_MAP_USER_MINIMUM;
    map->maximum = VM_MAP_USER_MAXIMUM;
    map->size_limit = map->size_limit_max = map->maximum - map->minimum;
    return map;
}

/*
 * Removes all entries; from here on every operation on the map fails. Keeps the caller's reference.
 * Does not sleep: what a sleeping wiring of this map has pinned goes with its entry.
 */
void vm_map_destroy(struct vm_map *map)
{
    if (map->dead)
        return;
    map->dead = true;
    vm_map_remove_range(map, map->minimum, map->maximum, NULL);
}

void vm_map_free(struct vm_map *map)
{
    vm_map_destroy(map);
    assert(map->entry_count == 0 && map->size == 0);
    pmap_destroy(map->pmap);
    kmem_cache_free(&map_cache, map);
}

/* --- finding entries --- */

bool vm_map_lookup_entry(struct vm_map *map, vm_offset_t address, struct vm_map_entry **entry)
{
    struct vm_map_entry *hint = map->hint;

    if (hint && address >= hint->start && address < hint->end) {
        *entry = hint;
        return true;
    }
    *entry = vm_map_tree_find(map, address);
    if (!*entry || address >= (*entry)->end)
        return false;
    map->hint = *entry;
    return true;
}

struct vm_map_entry *vm_map_first_entry(struct vm_map *map, vm_offset_t address)
{
    struct vm_map_entry *entry;

    if (vm_map_lookup_entry(map, address, &entry))
        return entry;
    return vm_map_next_entry(map, entry);
}

kern_return_t vm_map_check_access(struct vm_map *map, vm_offset_t address, vm_size_t size,
                                  vm_prot_t access)
{
    vm_offset_t at = page_trunc(address), end;
    struct vm_map_entry *entry;

    if (!vm_map_range_valid(map, address, size))
        return KERN_INVALID_ADDRESS;
    end = page_round(address + size);
    for (entry = vm_map_first_entry(map, at); at < end; entry = vm_map_next_entry(map, entry)) {
        if (!entry || entry->start > at)
            return KERN_INVALID_ADDRESS;
        if ((entry->protection & access) != access)
            return KERN_PROTECTION_FAILURE;
        at = entry->end;
    }
    return KERN_SUCCESS;
}

/* --- entries --- */

struct vm_map_entry *vm_map_entry_alloc(void)
{
    return kmem_cache_alloc(&entry_cache);
}

void vm_map_entry_free(struct vm_map_entry *entry)
{
    if (entry)
        kmem_cache_free(&entry_cache, entry);
}

void vm_map_entry_copy_range(struct vm_map_entry *to, const struct vm_map_entry *from,
                             vm_offset_t start, vm_offset_t end)
{
    *to = *from;
    to->start = start;
    to->end = end;
    if (to->object || to->device)
        to->offset += start - from->start;
    if (to->object)
        vm_object_reference(to->object);
}

/* True if the address lies inside an entry, not at its start. */
static bool cuts_entry(struct vm_map *map, vm_offset_t address)
{
    struct vm_map_entry *entry;

    return vm_map_lookup_entry(map, address, &entry) && entry->start < address;
}

kern_return_t vm_map_take_spares(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                                 struct vm_map_spares *spares)
{
    unsigned wanted = cuts_entry(map, start) + (end != start && cuts_entry(map, end));

    spares->entry[0] = spares->entry[1] = NULL;
    if (wanted > 0 && map->entry_count + wanted > VM_MAP_ENTRIES_MAX &&
            !thread_current()->vm_privileged)
        return KERN_RESOURCE_SHORTAGE;
    for (unsigned i = 0; i < wanted; i++) {
        spares->entry[i] = vm_map_entry_alloc();
        if (!spares->entry[i]) {
            vm_map_free_spares(spares);
            return KERN_RESOURCE_SHORTAGE;
        }
    }
    return KERN_SUCCESS;
}

void vm_map_free_spares(struct vm_map_spares *spares)
{
    for (unsigned i = 0; i < 2; i++) {
        vm_map_entry_free(spares->entry[i]);
        spares->entry[i] = NULL;
    }
}

static struct vm_map_entry *use_spare(struct vm_map_spares *spares)
{
    unsigned i = spares->entry[0] ? 0 : 1;
    struct vm_map_entry *entry = spares->entry[i];

    assert(entry != NULL);
    spares->entry[i] = NULL;
    return entry;
}

/*
 * Splits an entry: it keeps what is below the address, a new one that follows it shows the rest.
 * Conditions: the spares were taken for this address since the map last changed.
 */
void vm_map_clip(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t address,
                 struct vm_map_spares *spares)
{
    struct vm_map_entry *upper;

    if (address <= entry->start || address >= entry->end)
        return;
    upper = use_spare(spares);
    vm_map_entry_copy_range(upper, entry, address, entry->end);
    if (entry->wired_end > address)
        entry->wired_end = address;
    else if (entry->wired_count > 0)
        upper->wired_end = address;
    entry->end = address;
    vm_map_tree_insert(map, upper, entry);
    map->entry_count++;
    map->version++;
}

kern_return_t vm_map_clip_range(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                                struct vm_map_entry **first)
{
    struct vm_map_spares spares;
    struct vm_map_entry *entry;
    kern_return_t result = vm_map_take_spares(map, start, end, &spares);

    if (result != KERN_SUCCESS)
        return result;
    if (vm_map_lookup_entry(map, end, &entry))
        vm_map_clip(map, entry, end, &spares);
    entry = vm_map_first_entry(map, start);
    if (entry && entry->start < start) {
        vm_map_clip(map, entry, start, &spares);
        entry = vm_map_next_entry(map, entry);
    }
    vm_map_free_spares(&spares);
    *first = entry && entry->start < end ? entry : NULL;
    return KERN_SUCCESS;
}

void vm_map_link(struct vm_map *map, struct vm_map_entry *entry, struct vm_map_entry *previous)
{
    vm_map_tree_insert(map, entry, previous);
    map->entry_count++;
    map->size += entry->end - entry->start;
    map->hint = entry;
}

void vm_map_unlink(struct vm_map *map, struct vm_map_entry *entry)
{
    if (map->hint == entry)
        map->hint = NULL;
    vm_map_tree_remove(map, entry);
    map->entry_count--;
    map->size -= entry->end - entry->start;
    map->version++;
}

/* --- free places --- */

static kern_return_t check_limits(const struct vm_map *map, vm_size_t size)
{
    if (size > map->size_limit || map->size > map->size_limit - size)
        return KERN_NO_SPACE;
    if (map->entry_count >= VM_MAP_ENTRIES_MAX && !thread_current()->vm_privileged)
        return KERN_RESOURCE_SHORTAGE;
    return KERN_SUCCESS;
}

/* Whether [address, address + size) is free; *previous is the entry before it or NULL. */
static kern_return_t check_free(struct vm_map *map, vm_offset_t address, vm_size_t size,
                                struct vm_map_entry **previous)
{
    struct vm_map_entry *next;

    if (!vm_map_range_valid(map, address, size))
        return KERN_INVALID_ADDRESS;
    if (vm_map_lookup_entry(map, address, previous))
        return KERN_NO_SPACE;
    next = vm_map_first_entry(map, address);
    return next && next->start - address < size ? KERN_NO_SPACE : KERN_SUCCESS;
}

kern_return_t vm_map_find_space(struct vm_map *map, vm_size_t size, vm_offset_t mask,
                                bool anywhere, vm_offset_t *address,
                                struct vm_map_entry **previous)
{
    kern_return_t result;

    if (!anywhere) {
        result = check_free(map, *address, size, previous);
        if (result != KERN_SUCCESS)
            return result;
        return (*address & mask) != 0 ? KERN_NO_SPACE : check_limits(map, size);
    }
    result = check_limits(map, size);
    if (result != KERN_SUCCESS)
        return result;
    return vm_map_tree_find_gap(map, size, mask, address, previous) ? KERN_SUCCESS : KERN_NO_SPACE;
}
