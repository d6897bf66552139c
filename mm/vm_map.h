/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address maps: ordered entries, each a range of addresses that shows a range of an object.
 *
 * Look-up and gap search are logarithmic (a balanced tree with the largest gap below each node);
 * the entries are also linked in order. An entry without an object is untouched zero-fill memory.
 * needs_copy: the object is shared by a virtual copy; the first write puts a shadow in front.
 * version changes with every change of the entries, so that a fault can tell whether its look-up
 * still holds.
 * Conditions: maps are changed only with the kernel lock held; no function holds anything over a
 * sleep but references and `version`.
 */
#ifndef MM_VM_MAP_H
#define MM_VM_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "kernel/list.h"

struct pmap;
struct vm_copy;
struct vm_object;

struct vm_map_entry {
    struct list_node link;             /* in address order, in a map or a vm_copy */
    struct vm_map_entry *parent, *left, *right; /* balanced tree, in a map only */
    int8_t balance;
    vm_offset_t start, end;            /* page aligned, [start, end) */
    vm_size_t gap_before;              /* free bytes between the previous entry and this one */
    vm_size_t largest_gap;             /* of gap_before in this subtree */
    struct vm_object *object;          /* owns a reference; NULL: untouched zero-fill */
    vm_offset_t offset;                /* of start in the object */
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    uint16_t wired_count;              /* wirings by vm_wire and friends */
    vm_prot_t wired_access;
    bool needs_copy;
    bool shared;                       /* object is shared by inheritance or vm_map: no shadowing */
    bool device;                       /* shows physical device memory at `offset`; object NULL */
    bool in_transition;                /* being wired: others wait */
    uint8_t behavior;
};

struct vm_map {
    uint32_t references;
    struct list entries;
    struct vm_map_entry *root;
    struct vm_map_entry *hint;         /* last found */
    struct pmap *pmap;
    vm_offset_t minimum, maximum;
    vm_size_t size;                    /* mapped bytes */
    vm_size_t size_limit;
    unsigned entry_count;
    uint32_t version;
    bool dead;                         /* its task is gone: every operation fails */
};

extern struct vm_map *kernel_map;      /* of kernel_task; has no user entries */

/* What an address shows, for the fault. */
struct vm_map_lookup {
    struct vm_map_entry *entry;        /* valid until the version changes */
    struct vm_object *object;          /* with a new reference */
    vm_offset_t offset;                /* of the page */
    vm_prot_t protection;              /* most that may be mapped (no write while needs_copy) */
    bool wired;
    bool device;                       /* object NULL: offset is a physical address */
    uint32_t version;
};

void vm_map_init(void);
/* An empty map over [minimum, maximum); one reference; NULL when memory is short. */
struct vm_map *vm_map_create(void);
void vm_map_reference(struct vm_map *map);
void vm_map_release(struct vm_map *map);
/* Removes everything and marks the map dead (task_terminate). Keeps the caller's reference. */
void vm_map_destroy(struct vm_map *map);
/* A child's map by inheritance (spec/vm.md 1). May sleep interruptibly for managers. */
kern_return_t vm_map_fork(struct vm_map *parent, struct vm_map **result);

/* The entry that contains the address, or the last before it (possibly NULL) and false. */
bool vm_map_lookup_entry(struct vm_map *map, vm_offset_t address, struct vm_map_entry **entry);
/*
 * Resolves a fault's address: makes the zero-fill object or, for a write, the shadow that is needed.
 * KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE, KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_map_lookup(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                            struct vm_map_lookup *result);

/*
 * Adds an entry: at *address, or at the lowest gap with the mask's bits zero when anywhere. Consumes
 * the object reference on success (object may be NULL).
 */
kern_return_t vm_map_enter(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                           vm_offset_t mask, bool anywhere, struct vm_object *object,
                           vm_offset_t offset, bool needs_copy, vm_prot_t protection,
                           vm_prot_t max_protection, vm_inherit_t inheritance);
/* Adds an entry that shows device memory. */
kern_return_t vm_map_enter_device(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                                  bool anywhere, uint64_t physical, vm_prot_t protection);
/* Removes all in the range (rounded outward); holes are fine. */
kern_return_t vm_map_remove(struct vm_map *map, vm_offset_t address, vm_size_t size);
kern_return_t vm_map_protect(struct vm_map *map, vm_offset_t address, vm_size_t size,
                             bool set_maximum, vm_prot_t protection);
kern_return_t vm_map_inherit(struct vm_map *map, vm_offset_t address, vm_size_t size,
                             vm_inherit_t inheritance);
/* Wires (access != NONE) or unwires a range; all or nothing. May sleep. */
kern_return_t vm_map_wire(struct vm_map *map, vm_offset_t address, vm_size_t size,
                          vm_prot_t access);
/* True if the range lies in [minimum, maximum), without wrap. */
bool vm_map_range_valid(const struct vm_map *map, vm_offset_t address, vm_size_t size);
/* The whole page-rounded range is mapped with at least this access. */
bool vm_map_check_access(struct vm_map *map, vm_offset_t address, vm_size_t size, vm_prot_t access);

#endif
