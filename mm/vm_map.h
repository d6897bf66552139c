/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address maps: ordered entries, each a range of addresses that shows a range of an object.
 *
 * An entry without an object is untouched zero-fill memory (or shows a device).
 * needs_copy: the object is shared by a virtual copy; the first write puts a shadow in front.
 * version changes with every change of the entries that a sleeping fault could miss, so that it can
 * tell whether its look-up still holds.
 *
 * Conditions for all of mm/vm_map*: the kernel lock is held; nothing is held over a sleep but
 * references and `version`. Kernel memory that an operation needs is taken before anything is
 * changed (V-15): when it is short, the answer is KERN_RESOURCE_SHORTAGE and the map is as before.
 *
 *   vm_map.c          this file: maps, entries, ranges
 *   vm_map_enter.c    adding ranges
 *   vm_map_tree.c     where entries and gaps are
 *   vm_map_lookup.c   from an address to an object, for faults
 *   vm_map_remove.c   taking ranges away
 *   vm_map_protect.c  protection and inheritance
 *   vm_map_wire.c     pinning frames
 *   vm_map_fork.c     a child's map
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "kernel/list.h"

struct pmap;
struct vm_object;

/* User addresses. The last page below the hole stays free: a `syscall` there could not return. */
#define VM_MAP_USER_MINIMUM ((vm_offset_t)0x1000)
#define VM_MAP_USER_MAXIMUM ((vm_offset_t)0x7ffffffff000)
/* Entries of one map at most, unless a privileged thread asks. */
#define VM_MAP_ENTRIES_MAX 65536u

struct vm_map_entry {
    struct list_node link;             /* in address order, in a map or a vm_copy */
    struct vm_map_entry *parent, *child[2]; /* balanced tree, in a map only: left and right */
    uint8_t height;                    /* of its subtree */
    bool needs_copy;
    bool shared;                       /* object is shared by inheritance or vm_map: no shadowing */
    bool device;                       /* shows physical device memory at `offset`; object NULL */
    vm_offset_t start, end;            /* page aligned, [start, end) */
    vm_size_t gap_before;              /* free bytes between the previous entry and this one */
    vm_size_t largest_gap;             /* of gap_before in this subtree */
    struct vm_object *object;          /* owns a reference; NULL: untouched zero-fill */
    vm_offset_t offset;                /* of start in the object */
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    uint16_t wired_count;              /* wirings by vm_wire and friends */
    uint8_t behavior;                  /* a vm_behavior_t */
    vm_offset_t wired_end;             /* while wired: pages below it are wired for this entry */
};

struct vm_map {
    uint32_t references;
    struct list entries;
    struct vm_map_entry *root;
    struct vm_map_entry *hint;         /* last found, or NULL */
    struct pmap *pmap;
    vm_offset_t minimum, maximum;
    vm_size_t size;                    /* mapped bytes */
    vm_size_t size_limit;              /* of `size` */
    vm_size_t size_limit_max;          /* what the unprivileged may raise size_limit to */
    unsigned entry_count;
    uint32_t version;
    bool wire_future;                  /* new memory is wired at once (vm_wire_all) */
    bool dead;                         /* its task is gone: every operation fails */
};

extern struct vm_map *kernel_map;      /* of kernel_task; has no entries */

void vm_map_init(void);
/* An empty map of user addresses; one reference; NULL when memory is short. */
struct vm_map *vm_map_create(void);
static inline void vm_map_reference(struct vm_map *map)
{
    map->references++;
}
/* The last reference is gone: frees the map with all it shows. */
void vm_map_free(struct vm_map *map);
/* Drops a reference (NULL is allowed). */
static inline void vm_map_release(struct vm_map *map)
{
    if (map && --map->references == 0)
        vm_map_free(map);
}
/* Removes everything and marks the map dead (task_terminate). Keeps the caller's reference. */
void vm_map_destroy(struct vm_map *map);

/* The entry that contains the address, or the last before it (possibly NULL) and false. */
bool vm_map_lookup_entry(struct vm_map *map, vm_offset_t address, struct vm_map_entry **entry);
/* The first entry that ends after the address, or NULL. */
struct vm_map_entry *vm_map_first_entry(struct vm_map *map, vm_offset_t address);
/* The neighbours in address order, or NULL; with no entry, the first one. */
static inline struct vm_map_entry *vm_map_next_entry(const struct vm_map *map,
                                                     const struct vm_map_entry *entry)
{
    struct list_node *node = entry ? entry->link.next : map->entries.head.next;

    return node == &map->entries.head ? NULL : list_entry(node, struct vm_map_entry, link);
}

static inline struct vm_map_entry *vm_map_previous_entry(const struct vm_map *map,
                                                         const struct vm_map_entry *entry)
{
    struct list_node *node = entry->link.previous;

    return node == &map->entries.head ? NULL : list_entry(node, struct vm_map_entry, link);
}

/* True if the byte range lies in [minimum, maximum), without wrap. */
static inline bool vm_map_range_valid(const struct vm_map *map, vm_offset_t address,
                                      vm_size_t size)
{
    return address >= map->minimum && address <= map->maximum && size <= map->maximum - address;
}
/* KERN_SUCCESS, KERN_INVALID_ADDRESS (a hole, or outside the map), or KERN_PROTECTION_FAILURE: whether
   the whole range is mapped with at least this access. */
kern_return_t vm_map_check_access(struct vm_map *map, vm_offset_t address, vm_size_t size,
                                  vm_prot_t access);

/* --- for the other rooms of the map --- */

/* An entry with unknown contents, or NULL; privileged threads draw from a reserve. */
struct vm_map_entry *vm_map_entry_alloc(void);
/* Frees an entry that is in no map; NULL is allowed. Its object reference must have been taken. */
void vm_map_entry_free(struct vm_map_entry *entry);
/* Makes a detached entry show what another shows from `start` to `end`, taking a new reference. */
void vm_map_entry_copy_range(struct vm_map_entry *to, const struct vm_map_entry *from,
                             vm_offset_t start, vm_offset_t end);
/* Entries that a change of a range may need: taken before anything changes. */
struct vm_map_spares {
    struct vm_map_entry *entry[2];
};
/* Takes what clipping to [start, end) needs; KERN_RESOURCE_SHORTAGE. */
kern_return_t vm_map_take_spares(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                                 struct vm_map_spares *spares);
void vm_map_free_spares(struct vm_map_spares *spares);
/* Splits the entry at an address inside it, if it is inside: the entry keeps the lower part. */
void vm_map_clip(struct vm_map *map, struct vm_map_entry *entry, vm_offset_t address,
                 struct vm_map_spares *spares);
/* Splits entries so that [start, end) is made of whole ones: *first is the first of them or NULL.
   KERN_RESOURCE_SHORTAGE: nothing has changed. */
kern_return_t vm_map_clip_range(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                                struct vm_map_entry **first);
/* Puts a filled, detached entry into a free range; `previous` is the entry before it or NULL. */
void vm_map_link(struct vm_map *map, struct vm_map_entry *entry, struct vm_map_entry *previous);
/* Takes an entry out of the map; it keeps its object reference and belongs to the caller. */
void vm_map_unlink(struct vm_map *map, struct vm_map_entry *entry);
/*
 * A free place for `size` bytes: *address itself, or anywhere: the lowest with the mask's bits zero.
 * KERN_NO_SPACE (also past the map's size limit), KERN_INVALID_ADDRESS outside the map,
 * KERN_RESOURCE_SHORTAGE for too many entries. *previous is the entry before the place, or NULL.
 */
kern_return_t vm_map_find_space(struct vm_map *map, vm_size_t size, vm_offset_t mask,
                                bool anywhere, vm_offset_t *address,
                                struct vm_map_entry **previous);
