/* SPDX-License-Identifier: BSD-2-Clause */
/* host-test: tests/host/pager/fake_mach.c tests/host/pager/fake_disk.c */
/* host-test: tests/host/pager/fake_quiet.c servers/default_pager/arena.c */
/* host-test: servers/default_pager/blocks.c servers/default_pager/store.c */
/* host-test: servers/default_pager/records.c servers/default_pager/object.c */
/* host-test: servers/default_pager/handovers.c servers/default_pager/transfer.c */
/* host-test: servers/default_pager/requests.c servers/default_pager/returns.c */
/* host-test: servers/default_pager/writes.c servers/default_pager/moves.c */
/* host-test: servers/default_pager/completions.c servers/default_pager/lifecycle.c */
/* host-flags: -UKERNEL -Ibuild/mig/user -idirafter lib/include -pthread */
/*
 * The default pager's own code under a faked kernel, with several threads and random conversations.
 *
 * Each round has another disk: ample, too small, failing, or one where the kernel breaks the order
 * of return and completion. Whatever happens, the kernel must get each page as it was last written,
 * and at the end every block must be free and every region deallocated.
 */
#include <stdio.h>
#include <stdlib.h>

#include <mach.h>

#include "servers/default_pager/arena.h"
#include "servers/default_pager/blocks.h"
#include "servers/default_pager/handovers.h"
#include "servers/default_pager/lifecycle.h"
#include "servers/default_pager/moves.h"
#include "servers/default_pager/object.h"
#include "servers/default_pager/returns.h"
#include "servers/default_pager/statistics.h"
#include "servers/default_pager/store.h"
#include "servers/default_pager/writes.h"
#include "tests/host/pager/fake_disk.h"
#include "tests/host/pager/fake_mach.h"

#define THREADS 4
#define STEPS 20000
#define DEVICE ((mach_port_t)0x9901)

static unsigned tests;

static void report(const char *name)
{
    printf("%s %u - %s\n", fake_failures == 0 ? "ok" : "not ok", ++tests, name);
    if (fake_failures != 0)
        exit(1);
}

/* ---- the bitmap against an array ---- */

static void test_blocks(void)
{
    enum { BLOCKS = 333 };
    uint64_t words[8];
    static bool taken[BLOCKS];
    struct block_map map;
    unsigned used = 0;
    blocks_init(&map, words, BLOCKS);
    for (int step = 0; step < 200000; step++) {
        uint32_t first = (uint32_t)rand() % BLOCKS, wanted = 1 + (uint32_t)rand() % 20, got;
        if (rand() % 2 == 0 && taken[first]) {
            blocks_give(&map, first);
            taken[first] = false;
            used--;
            continue;
        }
        got = blocks_take(&map, wanted, 16, &first);
        fake_check(got <= wanted && first + got <= BLOCKS, "no more than wanted, all inside");
        for (uint32_t i = first; i < first + got; i++) {
            fake_check(!taken[i], "no block is given out twice");
            taken[i] = true;
        }
        used += got;
        fake_check(map.free == BLOCKS - used, "free blocks are counted");
    }
    report("blocks: given out once, in runs, and counted");
}

static void test_contiguous(void)
{
    uint64_t words[2];
    struct block_map map;
    uint32_t first, all;
    blocks_init(&map, words, 128);
    fake_check(blocks_take(&map, 128, 16, &all) == 128, "all blocks can be taken in one run");
    fake_check(blocks_take(&map, 1, 16, &first) == 0, "a full map gives none");
    for (uint32_t i = 0; i < 128; i += 2)
        blocks_give(&map, i);
    for (uint32_t i = 64; i < 72; i++)
        if (i % 2 == 1)
            blocks_give(&map, i);
    fake_check(
        blocks_take(&map, 8, 16, &first) == 8 && first == 64, "the run that is long enough wins");
    fake_check(blocks_take(&map, 8, 16, &first) == 1, "without a run, single blocks are given");
    report("blocks: contiguous runs are preferred");
}

/* Every other block taken in all but one place far away: there it is contiguous. */
static void test_fragmented(void)
{
    enum { WORDS = 400, FREE = 300 };
    static uint64_t words[WORDS];
    struct block_map map;
    uint32_t first = 0;
    blocks_init(&map, words, WORDS * 64);
    blocks_take(&map, WORDS * 64, 16, &first);
    for (uint32_t i = 0; i < WORDS * 64; i++)
        if (i % 2 == 0 || i / 64 == FREE)
            blocks_give(&map, i);
    fake_check(blocks_take(&map, 8, 16, &first) == 8 && first / 64 == FREE, "a long run is found");
    fake_check(blocks_take(&map, 1, 16, &first) == 1 && first / 64 == FREE, "and gone on with");
    blocks_take(&map, 55, 16, &first);
    for (uint32_t i = 0; i < (WORDS - 1) * 32; i++)
        fake_check(blocks_take(&map, 3, 16, &first) == 1, "then single blocks, to the last one");
    fake_check(map.free == 0 && blocks_take(&map, 1, 16, &first) == 0, "all are given out");
    report("blocks: a fragmented map gives what it has");
}

/* ---- segments ---- */

/* The store of each block that is given out, as long as there are any. */
static void test_priorities(void)
{
    mach_port_t devices[SEGMENT_MAX];
    unsigned count;
    struct store *low = store_create(0x60, 0, 4), *high = store_create(0x61, 3, 4);
    block_t block = 0;
    store_add_segment(low, 11, 0, 4 * 8, 512);
    store_add_segment(high, 12, 0, 2 * 8, 512);
    store_add_segment(high, 13, 0, 2 * 8, 512);
    for (unsigned i = 0; i < 8; i++) {
        fake_check(store_take(1, &block) == 1, "there is a block");
        fake_check((store_locate(block).device == 11) == (i >= 4), "the higher priority goes first");
    }
    store_give(block);
    store_give(0);
    fake_check(store_locate(0).device == 11 && store_take_elsewhere(0, &block) == 1, "a block is left");
    fake_check(store_locate(block).device == 11, "the failed segment is taken if there is no other");
    store_give(block);
    block_t other = (block_t)2 << 24;
    fake_check(store_locate(other).device == 13, "blocks are numbered by segments");
    store_give(other);
    fake_check(store_take_elsewhere(other, &block) == 1 && store_locate(block).device == 11,
        "a failed segment is avoided, whatever its priority");
    while (store_take(1, &other) == 1) /* so that all are taken */
        ;
    for (block_t i = 0; i < 8; i++)
        store_give(i < 4 ? i : (1 + (i - 4) / 2) << 24 | (i & 1));
    fake_check(store_delete(low, devices, &count) == KERN_SUCCESS && count == 1, "low is deleted");
    fake_check(store_delete(high, devices, &count) == KERN_SUCCESS && count == 2, "high is deleted");
    report("stores: priorities, and another segment for a block that failed");
}

static void test_segments(struct store *store)
{
    fake_check(store_add_segment(store, 7, 0, 64, 512) == KERN_SUCCESS, "a segment is added");
    fake_check(store_add_segment(store, 7, 56, 64, 512) == KERN_INVALID_ARGUMENT, "overlap");
    fake_check(store_add_segment(store, 7, 65, 64, 512) == KERN_INVALID_ARGUMENT, "misalignment");
    fake_check(store_add_segment(store, 7, 64, 7, 512) == KERN_INVALID_ARGUMENT, "under a page");
    fake_check(store_add_segment(store, 7, 64, 64, 0) == KERN_INVALID_ARGUMENT, "record size 0");
    fake_check(store_add_segment(store, 7, 64, 64, 513) == KERN_INVALID_ARGUMENT, "odd record");
    fake_check(store_add_segment(store, 7, UINT64_MAX - 7, 16, 512) == KERN_INVALID_ARGUMENT,
        "offset + count wraps");
    fake_check(store_add_segment(store, 7, UINT64_MAX / 512, 8, 512) == KERN_INVALID_ARGUMENT,
        "bytes wrap");
    fake_check(store_add_segment(store, 7, 64, 128, 512) == KERN_SUCCESS, "the part behind it");
    fake_check(store_add_segment(store, 8, 0, 64, 512) == KERN_SUCCESS, "another device");
    uint64_t total, free;
    store_count(store, &total, &free);
    fake_check(total == 8 + 16 + 8 && free == total, "blocks of the store are counted");

    block_t block = BLOCK_NONE;
    fake_check(store_take(1, &block) == 1, "a block is given out");
    mach_port_t devices[SEGMENT_MAX];
    unsigned count = 0;
    fake_check(store_delete(store, devices, &count) == KERN_FAILURE, "in use: not deleted");
    store_give_reserving(block);
    fake_check(store_available() == total - 1, "a reserved block is not available");
    fake_check(store_delete(store, devices, &count) == KERN_FAILURE, "reserved: not deleted");
    store_unreserve();
    fake_check(store_delete(store, devices, &count) == KERN_SUCCESS && count == 3, "deleted");
    uint64_t reserved;
    store_totals(&total, &free, &reserved);
    fake_check(total == 0 && free == 0 && reserved == 0, "nothing is left");
    report("segments: overlap, misalignment and overflow are refused; use blocks deletion");
}

/* ---- conversations ---- */

/* Far-out places, to show that offsets cost nothing (DP5). */
static uint64_t random_base(void)
{
    static const uint64_t bases[] = {0, 0, 1, (uint64_t)1 << 33, ((uint64_t)1 << 48) - FAKE_PAGES};
    return bases[(unsigned)rand() % 5];
}

static const struct store *emptied; /* a closed store whose pages move meanwhile, or NULL */

static void random_step(struct fake_object *object)
{
    if (emptied != NULL && rand() % 16 == 0) {
        moves_empty(emptied, 4);
        return;
    }
    unsigned page = (unsigned)rand() % FAKE_PAGES;
    switch (rand() % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        fake_touch(object, page, 1u << rand() % 5);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        fake_write(object, page);
        break;
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
        fake_evict(object, page, 1 + (unsigned)rand() % 8);
        break;
    case 14:
        if (rand() % 8 == 0)
            fake_initialize(object, page);
        else
            fake_withdraw(object, page);
        break;
    case 15:
        if (rand() % 4 == 0)
            fake_send_junk(object);
        break;
    }
}

static void create_objects(void)
{
    for (unsigned i = 0; i < FAKE_OBJECTS; i++)
        fake_create(&fake_objects[i], random_base());
}

static void converse(unsigned steps)
{
    for (unsigned step = 0; step < steps; step++) {
        struct fake_object *object = &fake_objects[(unsigned)rand() % FAKE_OBJECTS];
        if (rand() % 4000 == 0) {
            fake_terminate(object);
            fake_drain();
            fake_create(object, random_base());
        }
        for (int i = 0; i < 4; i++)
            random_step(object);
        if (rand() % 16 == 0)
            fake_drain();
    }
    /* Everything is read once more. */
    for (unsigned i = 0; i < FAKE_OBJECTS; i++)
        for (unsigned page = 0; page < FAKE_PAGES; page += 4) {
            fake_evict(&fake_objects[i], page, 4);
            fake_drain();
            fake_touch(&fake_objects[i], page, 4);
        }
    fake_drain();
}

static void check_counts(void)
{
    const pager_statistics_t *s = &statistics;
    uint64_t total, free, reserved;
    store_totals(&total, &free, &reserved);
    fake_check(s->completed == s->supplied_precious,
        "one completion for each supplied page");
    fake_check(s->completed == s->accepted + s->refused, "completed = accepted + refused");
    fake_check(s->freed_blocks <= s->accepted, "blocks are freed only for accepted pages");
    fake_check(s->out == reserved, "one block is reserved for each page that is out");
    fake_check(reserved <= free || s->write_errors != 0, "reserved blocks are free");
    fake_check(s->freed_blocks + s->cancelled >= s->accepted, "each accepted page freed its block");
}

static void end_conversation(void)
{
    for (unsigned i = 0; i < FAKE_OBJECTS; i++)
        fake_terminate(&fake_objects[i]);
    fake_drain();
    uint64_t total, free, reserved, records, all;
    store_totals(&total, &free, &reserved);
    records_count(&records, &all);
    fake_check(free == total && reserved == 0, "all blocks are free in the end");
    fake_check(records == 0 && statistics.held == 0 && statistics.out == 0, "no page is known");
    fake_check(statistics.objects == 0, "no object is left");
    fake_check(fake_regions() == 0, "all memory is deallocated");
    fake_check(statistics.forged == 0, "no message was taken for forged");
}

static void test_conversation(const char *name, uint64_t blocks, struct fake_faults faults)
{
    struct store *store = store_create(0x77, 0, 1);
    statistics = (pager_statistics_t){0};
    fake_faults = faults;
    fake_check(store_add_segment(store, DEVICE, 0, blocks * 8, 512) == KERN_SUCCESS, "added");
    fake_start(THREADS, blocks);
    create_objects();
    converse(STEPS);
    check_counts();
    end_conversation();
    fake_stop();
    mach_port_t devices[SEGMENT_MAX];
    unsigned count;
    fake_check(store_delete(store, devices, &count) == KERN_SUCCESS, "the store can be deleted");
    printf("# returned %lu requested %lu precious %lu refused %lu cancelled %lu held %lu bad %lu\n",
        statistics.returned, statistics.requested, statistics.supplied_precious, statistics.refused,
        statistics.cancelled, statistics.supplied_held, statistics.write_errors);
    report(name);
}

/* A store is emptied while its pages are asked for, returned and forgotten. */
static void test_moves(void)
{
    struct store *old = store_create(0x77, 1, 4), *new = store_create(0x78, 0, 4);
    uint64_t total, free;
    mach_port_t devices[SEGMENT_MAX];
    unsigned count;
    statistics = (pager_statistics_t){0};
    fake_faults = (struct fake_faults){.early_return_per_mille = 20};
    store_add_segment(old, DEVICE, 0, 1024 * 8, 512);
    store_add_segment(new, DEVICE + 1, 1024 * 8, 1024 * 8, 512); /* the faked disk is one */
    fake_start(THREADS, 2048);
    create_objects();
    converse(2000);
    for (unsigned round = 0; round < 40; round++) { /* to and fro */
        struct store *closed = round % 2 != 0 ? old : new;
        pager_lock();
        old->closed = new->closed = false;
        store_count(round == 0 ? old : closed, &total, &free);
        fake_check(free < total, "the store holds pages");
        fake_check(store_close(closed) == KERN_SUCCESS, "the other has room");
        pager_unlock();
        emptied = closed;
        converse(STEPS / 20);
    }
    fake_drain();
    moves_empty(old, 1024);
    emptied = NULL;
    fake_check(store_delete(old, devices, &count) == KERN_SUCCESS, "the store is empty");
    converse(2000);
    check_counts();
    end_conversation();
    fake_stop();
    fake_check(store_delete(new, devices, &count) == KERN_SUCCESS, "the other, too, in the end");
    report("a store is emptied while its pages are used");
}

/* More space comes while pages are held: they are written, and the data is right. */
static void test_relief(void)
{
    struct store *store = store_create(0x77, 0, 1);
    statistics = (pager_statistics_t){0};
    fake_faults = (struct fake_faults){0};
    store_add_segment(store, DEVICE, 0, 8, 512);
    fake_start(THREADS, 512);
    fake_create(&fake_objects[0], 0);
    fake_touch(&fake_objects[0], 0, 64);
    fake_drain();
    for (unsigned i = 0; i < 64; i++)
        fake_write(&fake_objects[0], i);
    fake_evict(&fake_objects[0], 0, 64);
    fake_drain();
    fake_check(statistics.held == 63 && fake_regions() == 63, "one page is written, the rest held");
    store_add_segment(store, DEVICE, 8, 100 * 8, 512);
    returns_write_held();
    fake_check(statistics.held == 0 && fake_regions() == 0, "held pages are written");
    fake_touch(&fake_objects[0], 0, 64);
    fake_drain();
    fake_terminate(&fake_objects[0]);
    fake_drain();
    fake_stop();
    mach_port_t devices[SEGMENT_MAX];
    unsigned count;
    fake_check(store_delete(store, devices, &count) == KERN_SUCCESS, "the store can be deleted");
    report("held pages go to a segment that is added");
}

int main(void)
{
    size_t arena = 16 << 20;
    srand(11);
    arena_init(calloc(1, arena), arena);
    object_init();
    handovers_init();
    writes_init();
    lifecycle_ports.manager = 0x33;
    test_blocks();
    test_contiguous();
    test_fragmented();
    test_priorities();
    test_segments(store_create(0x55, 2, 1));
    test_conversation("conversations on an ample disk", 2048, (struct fake_faults){0});
    test_conversation("conversations on a disk that is too small", 150, (struct fake_faults){0});
    test_conversation("pages that return before their completion keep their blocks", 1024,
        (struct fake_faults){.early_return_per_mille = 100});
    test_conversation("a disk with bad blocks loses only what is said to be lost", 4096,
        (struct fake_faults){.write_error_per_mille = 4});
    test_conversation("a disk that stumbles over reads", 1024,
        (struct fake_faults){.read_error_per_mille = 50});
    test_moves();
    test_relief();
    printf("1..%u\n", tests);
    return 0;
}
