/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking ranges out of maps.
 *
 * An entry that is only cut at one side is trimmed where it stands; only a hole in its middle needs
 * another entry.
 */
#include "mm/vm_map_remove.h"

#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/vm_map_tree.h"
#include "mm/vm_map_wire.h"
#include "mm/vm_object.h"

/*
 * Frees the pages of a part that its entry gives up but whose object lives on. Only where nobody else
 * can see them: a private entry that no virtual copy has marked is alone with its range, because
 * each copy marks both sides, and the mark goes only with a new object or with the last other
 * reference. Busy pages stay with the object; so do pinned ones, but for those in the laundry, which
 * are the entry's to free (H-22).
 */
static void free_unreachable(const struct vm_map_entry *entry, vm_offset_t start, vm_offset_t end)
{
    struct vm_object *object = entry->object;
    vm_offset_t offset = entry->offset + (start - entry->start);
    vm_offset_t last = offset + (end - start);
    struct page *page;

    if (!object->internal || entry->shared || (entry->needs_copy && object->references > 1))
        return;
    while ((page = vm_object_walk(object, &offset, last)) != NULL) {
        if (!page->busy && (page->wire_count == 0 || page->laundry))
            vm_object_free_page(page);
    }
}

/* Ends what [start, end), a part of the entry, shows: wirings, mappings, pages of its own. */
static void hide(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start,
                 vm_offset_t end)
{
    bool whole = start == entry->start && end == entry->end;

    if (entry->wired_count > 0)
        vm_map_entry_unwire_range(map, entry, start, end);
    if (entry->object || entry->device)
        pmap_remove(map->pmap, start, end);
    if (entry->object && !(whole && entry->object->references == 1))
        free_unreachable(entry, start, end);
}

static void delete_entry(struct vm_map *map, struct vm_map_entry *entry)
{
    vm_map_unlink(map, entry);
    if (entry->object || entry->device || entry->wired_count > 0)
        hide(map, entry, entry->start, entry->end);
    vm_object_release(entry->object);
    vm_map_entry_free(entry);
}

static void trim_end(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t end)
{
    hide(map, entry, end, entry->end);
    map->size -= entry->end - end;
    if (entry->wired_end > end)
        entry->wired_end = end;
    entry->end = end;
    vm_map_tree_resized(map, entry);
    map->version++;
}

static void trim_start(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start)
{
    hide(map, entry, entry->start, start);
    map->size -= start - entry->start;
    if (entry->wired_count > 0 && entry->wired_end < start)
        entry->wired_end = start;
    if (entry->object || entry->device)
        entry->offset += start - entry->start;
    entry->start = start;
    vm_map_tree_resized(map, entry);
    map->version++;
}

/* Makes a hole in the middle of an entry. */
static void punch(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start,
                  vm_offset_t end, struct vm_map_spares *spares)
{
    hide(map, entry, start, end);
    vm_map_clip(map, entry, end, spares);
    map->size -= entry->end - start;
    if (entry->wired_end > start)
        entry->wired_end = start;
    entry->end = start;
    vm_map_tree_resized(map, entry);
}

/* Removes the range from its first entry on, which may be NULL. */
static void remove_from(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t start,
                        vm_offset_t end, struct vm_map_spares *spares)
{
    while (entry && entry->start < end) {
        struct vm_map_entry *next = vm_map_next_entry(map, entry);

        if (entry->start < start && entry->end > end)
            punch(map, entry, start, end, spares);
        else if (entry->start < start)
            trim_end(map, entry, start);
        else if (entry->end > end)
            trim_start(map, entry, end);
        else
            delete_entry(map, entry);
        entry = next;
    }
}

/*
 * Removes [start, end), page aligned; holes are fine. Cannot fail.
 * Conditions: where an entry reaches beyond the range on both sides, there is a spare.
 */
void vm_map_remove_range(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                         struct vm_map_spares *spares)
{
    remove_from(map, vm_map_first_entry(map, start), start, end, spares);
}

/* Removes a range in the middle of one entry, which takes another entry. */
static kern_return_t remove_middle(struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
    struct vm_map_spares spares;
    kern_return_t result = vm_map_take_spares(map, start, start, &spares);

    if (result != KERN_SUCCESS)
        return result;
    vm_map_remove_range(map, start, end, &spares);
    vm_map_free_spares(&spares);
    return KERN_SUCCESS;
}

kern_return_t vm_map_remove(struct vm_map *map, vm_offset_t address, vm_size_t size)
{
    vm_offset_t start = page_trunc(address), end = page_round(address + size);
    struct vm_map_entry *entry;

    if (!vm_map_range_valid(map, address, size))
        return KERN_INVALID_ADDRESS;
    if (size == 0)
        return KERN_SUCCESS;
    entry = vm_map_first_entry(map, start);
    if (entry && entry->start == start && entry->end == end)
        delete_entry(map, entry);
    else if (entry && entry->start < start && entry->end > end)
        return remove_middle(map, start, end);
    else
        remove_from(map, entry, start, end, NULL);
    return KERN_SUCCESS;
}
