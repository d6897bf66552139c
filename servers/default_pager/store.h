/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where pages are kept: backing stores, each made of segments of devices (DP8).
 *
 * A store's cluster is how many blocks side by side are looked for even if fewer are wanted now, so that
 * pages that come one by one can be read together later (DP9); less is taken where the disk has no more.
 *
 * Blocks of all segments share one number space: the segment in the upper 8 bits, the block in it
 * in the lower 24. Segments of the store with the highest priority are used first, in turn; each
 * turn is a stretch of blocks, so that what is written together lies together.
 *
 * Reservations (H-19): a page that was handed to the kernel gave its block back, but will want one
 * again. `reserved` counts such pages; ordinary allocations leave that many blocks alone.
 *
 * Conditions: all functions are called with the pager's lock held, except before threads start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/std_types.h>
#include <mach/port.h>

#define PAGER_PAGE ((vm_size_t)4096)
#define STORE_MAX 16
#define SEGMENT_MAX 64
#define STORE_PRIORITY_MAX 4
#define STORE_CLUSTER_PAGES 16 /* if nothing is said */

typedef uint32_t block_t;
#define BLOCK_NONE UINT32_MAX

struct store {
    mach_port_t port; /* receive right; MACH_PORT_NULL: slot unused */
    int priority;     /* 0..STORE_PRIORITY_MAX, higher is used first */
    int cluster_pages;
    bool closed;      /* no block of it is given out any more: it is to be deleted */
    uint64_t pages_in, pages_in_failed, pages_out, pages_out_failed;
    uint64_t reads, writes; /* requests to its disks, each of one page or several */
};

/* Where a block lies. */
struct store_place {
    mach_port_t device;
    uint64_t record; /* first record of the block */
};

/* A new store; NULL when there are too many. */
struct store *store_create(mach_port_t port, int priority, int cluster_pages);
struct store *store_find(mach_port_t port);
/* KERN_FAILURE while a block of it is in use; else forgets the store; its device rights go to the
   caller's array of SEGMENT_MAX, to be released without the lock. */
kern_return_t store_delete(struct store *store, mach_port_t *devices, unsigned *count);
/* Gives out no block of it any more, until a segment is added to it. KERN_FAILURE: the other stores have no room
   for what it holds and for the pages that are out. */
kern_return_t store_close(struct store *store);
/* Whether a block is one of the store's. */
bool store_has(const struct store *store, block_t block);
/*
 * Adds `count` records of `record_size` bytes from `offset` on. Consumes the device right on
 * success. KERN_INVALID_ARGUMENT: overlap, misalignment, overflow, less than a page;
 * KERN_RESOURCE_SHORTAGE: no segment slot or no memory for its bookkeeping.
 */
kern_return_t store_add_segment(
    struct store *store, mach_port_t device, uint64_t offset, uint64_t count, uint64_t record_size);
/* The store behind this one in the list of all, the first for NULL; NULL: there are no more. */
struct store *store_next(const struct store *store);
/* Blocks of one store. */
void store_count(const struct store *store, uint64_t *total, uint64_t *free);

/* Takes at most `wanted` contiguous blocks that are not reserved; returns how many, 0: none. */
uint32_t store_take(uint32_t wanted, block_t *first);
/* A block for a page whose block failed: of another segment if one has any. As store_take. */
uint32_t store_take_elsewhere(block_t failed, block_t *first);
/* The same, drawing on the reservations of as many pages. */
uint32_t store_take_reserved(uint32_t wanted, block_t *first);
/* Gives a block back. */
void store_give(block_t block);
/* Gives a block back and reserves one for the page's return. */
void store_give_reserving(block_t block);
/* Drops the reservation of one page. */
void store_unreserve(void);
/* Withdraws a block that failed. */
void store_retire(block_t block);
/* Blocks that an ordinary allocation may still take. */
uint64_t store_available(void);
/* All segments: blocks in total (without retired ones), free, reserved. */
void store_totals(uint64_t *total, uint64_t *free, uint64_t *reserved);
struct store_place store_locate(block_t block);
/* Counts a transfer for the store that owns the blocks. */
void store_note_read(block_t block, uint32_t pages, bool failed);
void store_note_write(block_t block, uint32_t pages, bool failed);
