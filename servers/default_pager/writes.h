/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages on their way to disk.
 *
 * Returned pages are queued, and written by whichever thread finds fewer than WRITERS_MAX at it.
 * While those wait for the disk, the other threads take more messages; so under load the queue
 * fills and pages that lie side by side, in memory and on disk, go out in one transfer. Blocks are
 * given out in the order of arrival and the kernel places data at the lowest free addresses, so
 * they often do, whatever objects they belong to.
 *
 * Everything about failing blocks is here, too: once more elsewhere, then the page is bad (DP7).
 */
#pragma once

#include <stdint.h>

#include <mach/std_types.h>

#include "store.h"

#define WRITERS_MAX 2u
#define WRITES_QUEUED_MAX 512u

struct object;

/* Pages side by side that go to blocks side by side. Their records are STORED and busy. */
struct write_run {
    struct object *object; /* the run counts as an operation on it */
    uint64_t first;        /* page number */
    uint32_t count;
    block_t block;
    vm_address_t data; /* owned by the run */
};

void writes_init(void);
/* Has a run written, now or soon, its pages marked done, its data deallocated, its operation ended.
   Conditions: lock not held. */
void writes_add(const struct write_run *run);
/* Keeps a page in memory for lack of a block; its data belongs to its record from here on. Makes
   the record if there is none. Conditions: lock held. */
void writes_hold(struct object *object, uint64_t page, vm_address_t data);
/* Says so on the console when a page found no block for the first time. Conditions: lock not held.
 */
void writes_report(void);
/* The record of a page, made if need be; waits while the pool is used up (never, if the kernel
   keeps to its limit of pages in flight). Conditions: lock held. */
struct record *writes_record(struct object *object, uint64_t page);
