/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adding ranges to maps.
 */
#pragma once

#include "mm/vm_map.h"

/* What is to be shown, where and how. */
struct mapping {
    vm_offset_t start;        /* where, rounded down by who enters it; with anywhere: from the lowest gap on */
    vm_size_t size;           /* bytes, rounded up by who enters it */
    vm_offset_t mask;         /* with anywhere: these bits of the start are zero */
    bool anywhere;
    struct vm_object *object; /* NULL: zero-fill memory */
    vm_offset_t offset;       /* in the object; of a device its physical address */
    bool needs_copy;          /* the object, an internal one, is private to the map; else shared with others */
    bool device;              /* uncached memory of a device, never wired */
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
};

/*
 * Enters a mapping, whose start tells afterwards where it is. Consumes the object reference on success. Wires
 * the range when the map wires what comes, and may then sleep.
 * KERN_NO_SPACE, KERN_INVALID_ADDRESS outside the map, KERN_INVALID_ARGUMENT (size 0, a dead map, a device's
 * address off the page), KERN_RESOURCE_SHORTAGE, what vm_map_wire() says.
 */
kern_return_t vm_map_enter(struct vm_map *map, struct mapping *mapping);
/* The common case of it: private zero-fill memory, readable and writable, inherited as a copy. */
kern_return_t vm_map_allocate(struct vm_map *map, vm_offset_t *address, vm_size_t size,
                              bool anywhere);
