/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for frames, kernel caches, page tables and faults, for host tests of the maps. Page tables
 * are arrays over a small window of addresses, so that a test can access memory as a program would:
 * through a mapping where one allows it, by a fault otherwise. What is stale there shows as wrong data.
 */
#pragma once

#include <stdbool.h>

#include "mm/vm_map.h"

#define WINDOW_START ((vm_offset_t)0x1000)
#define WINDOW_PAGES 96u

extern long fake_objects_live;    /* from caches and frames: 0 when all is given back */
extern int fake_fail_one_in;      /* allocations from caches fail that often; 0: never */

/* A program's access to one page of a map. The frame's bytes, or NULL with the fault's result. */
char *fake_access(struct vm_map *map, vm_offset_t address, vm_prot_t access,
                  kern_return_t *result);
/* No wired page is left unmapped, no page of the map is writable beyond its protection. */
void fake_check_mappings(struct vm_map *map);
