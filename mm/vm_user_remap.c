/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_remap: memory of one task shown in another, or a second time in the same.
 *
 * First all of the source is gathered in a copy's entries, which may sleep; then a place is found for them and
 * they are linked there, which does not.
 */
#include <mig/vm_osf_server.h>

#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_out.h"
#include "mm/vm_map.h"
#include "mm/vm_map_fork.h"
#include "mm/vm_map_remove.h"
#include "mm/vm_map_wire.h"
#include "mm/vm_object.h"
#include "mm/vm_shortage.h"

struct remap {
    struct vm_map *source;
    vm_offset_t start, end;             /* of the source, whole pages */
    bool copy;
    vm_inherit_t inheritance;
    vm_prot_t protection, max_protection; /* that all entries so far have */
    struct vm_copy *gathered;
};

/* Duplicates what the source shows from *at on, as far as one entry goes, and advances. */
static kern_return_t gather_piece(struct remap *remap, vm_offset_t *at)
{
    struct vm_map *source = remap->source;
    struct vm_map_entry *entry, *into;
    vm_offset_t end;
    kern_return_t result;

    if (source->dead || !vm_map_lookup_entry(source, *at, &entry))
        return KERN_INVALID_ADDRESS;
    if (remap->copy && !(entry->protection & VM_PROT_READ))
        return KERN_PROTECTION_FAILURE;
    result = vm_map_clip_range(source, *at, remap->end, &entry);
    if (result != KERN_SUCCESS)
        return result;
    end = entry->end;
    into = vm_map_entry_alloc();
    if (!into)
        return KERN_RESOURCE_SHORTAGE;
    result = vm_map_entry_duplicate(source, entry, !remap->copy, into);
    if (result != KERN_SUCCESS) {
        vm_map_entry_free(into);
        return result;
    }
    into->inheritance = remap->inheritance;
    remap->protection &= into->protection;
    remap->max_protection &= into->max_protection;
    list_insert_tail(&remap->gathered->entries, &into->link);
    *at = end;
    return KERN_SUCCESS;
}

static kern_return_t gather(struct remap *remap)
{
    kern_return_t result = KERN_SUCCESS;
    unsigned tries = 0;

    for (vm_offset_t at = remap->start; result == KERN_SUCCESS && at < remap->end;) {
        do
            result = gather_piece(remap, &at);
        while (vm_shortage_wait(result, &tries));
    }
    return result;
}

/*
 * A fixed target in the source's own map may lie over the source: there the source goes, when the rest of
 * the target is free. The source's entries end where the range does, so that none has to be split.
 */
static kern_return_t give_way(const struct remap *remap, vm_offset_t target)
{
    vm_size_t size = remap->end - remap->start;
    bool below = target < remap->start;
    vm_size_t rest = below ? remap->start - target : target - remap->start;
    vm_offset_t free = below ? target : remap->end;
    struct vm_map_entry *previous;

    if (rest >= size)
        return KERN_SUCCESS;
    if (rest > 0) {
        kern_return_t result = vm_map_find_space(remap->source, rest, 0, false, &free, &previous);

        if (result != KERN_SUCCESS)
            return result;
    }
    return vm_map_remove(remap->source, below ? remap->start : target, size - rest);
}

/* Finds the place and links what was gathered; *address is where. Consumes it on success. */
static kern_return_t place(struct remap *remap, struct vm_map *map, vm_offset_t *address,
                           vm_offset_t mask, bool anywhere)
{
    vm_size_t size = remap->end - remap->start;
    vm_offset_t at = page_trunc(*address);
    struct vm_map_entry *previous;
    kern_return_t result = KERN_SUCCESS;

    if (map->dead)
        return KERN_INVALID_ARGUMENT;
    if (!anywhere && map == remap->source)
        result = give_way(remap, at);
    if (result == KERN_SUCCESS)
        result = vm_map_find_space(map, size, mask, anywhere, &at, &previous);
    if (result != KERN_SUCCESS)
        return result;
    vm_copy_link(map, remap->gathered, at, previous);
    *address = at;
    if (map->wire_future && remap->protection != VM_PROT_NONE) /* what cannot be wired is shown unwired */
        vm_map_wire(map, at, size, remap->protection);
    return KERN_SUCCESS;
}

static bool valid(const struct vm_map *target, const struct vm_map *source, vm_size_t size,
                  vm_inherit_t inheritance)
{
    return target && !target->dead && source && !source->dead && size != 0 &&
           (inheritance == VM_INHERIT_SHARE || inheritance == VM_INHERIT_COPY ||
            inheritance == VM_INHERIT_NONE);
}

/*
 * Shows `size` bytes, rounded up, from the source address's page on also in the target: the same memory, or a
 * copy of it as it is now. Protections stay what they are; *protection and *max_protection are what
 * all of it allows. May sleep interruptibly to copy. KERN_INVALID_ARGUMENT; KERN_INVALID_ADDRESS: a hole in
 * the source, a target outside the map; KERN_NO_SPACE; KERN_PROTECTION_FAILURE: a copy of what cannot be
 * read; KERN_MEMORY_ERROR: of a device; KERN_ABORTED, KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_remap(struct vm_map *target, vm_address_t *address, vm_size_t size,
                       vm_address_t mask, boolean_t anywhere, struct vm_map *source,
                       vm_address_t source_address, boolean_t copy, vm_prot_t *protection,
                       vm_prot_t *max_protection, vm_inherit_t inheritance)
{
    struct remap remap = {.source = source, .start = page_trunc(source_address), .copy = copy,
                          .inheritance = inheritance, .protection = VM_PROT_ALL,
                          .max_protection = VM_PROT_ALL};
    kern_return_t result;

    if (!valid(target, source, size, inheritance))
        return KERN_INVALID_ARGUMENT;
    if (!vm_map_range_valid(source, remap.start, size) ||
        (!anywhere && !vm_map_range_valid(target, page_trunc(*address), size)))
        return KERN_INVALID_ADDRESS;
    if (!anywhere && (page_trunc(*address) & mask))
        return KERN_NO_SPACE;
    remap.end = remap.start + page_round(size);
    remap.gathered = vm_copy_create(remap.start, 0, size);
    if (!remap.gathered)
        return KERN_RESOURCE_SHORTAGE;
    result = gather(&remap);
    if (result == KERN_SUCCESS)
        result = place(&remap, target, address, mask, anywhere);
    if (result != KERN_SUCCESS)
        vm_copy_discard(remap.gathered);
    *protection = remap.protection;
    *max_protection = remap.max_protection;
    return result;
}
