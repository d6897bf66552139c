/* SPDX-License-Identifier: BSD-2-Clause */
#include "store.h"

#include <stddef.h>

#include "arena.h"
#include "blocks.h"
#include "records.h"

#define SEGMENT_SHIFT 24
#define SEGMENT_BLOCKS_MAX (1u << SEGMENT_SHIFT)
#define TURN_BLOCKS 64u
#define BITMAP_ALIGN ((size_t)16) /* the arena rounds up to that */

struct segment {
    struct store *store; /* NULL: slot unused */
    mach_port_t device;  /* a send right */
    uint64_t record;     /* first record */
    uint64_t first_byte, end_byte;
    uint32_t records_per_block;
    struct block_map blocks;
};

static struct store stores[STORE_MAX];
static struct segment segments[SEGMENT_MAX];
static unsigned segment_count; /* slots in use or once used */
static unsigned next_segment;  /* whose turn it is */
static uint32_t turn_blocks;   /* taken in this turn */
static uint64_t total_blocks, free_blocks, reserved_blocks;

static struct segment *segment_of(block_t block)
{
    return &segments[block >> SEGMENT_SHIFT];
}

static uint32_t index_of(block_t block)
{
    return block & (SEGMENT_BLOCKS_MAX - 1);
}

struct store *store_create(mach_port_t port, int priority, int cluster_pages)
{
    for (unsigned i = 0; i < STORE_MAX; i++) {
        if (stores[i].port != MACH_PORT_NULL)
            continue;
        stores[i] =
            (struct store){.port = port, .priority = priority, .cluster_pages = cluster_pages};
        return &stores[i];
    }
    return NULL;
}

struct store *store_find(mach_port_t port)
{
    for (unsigned i = 0; i < STORE_MAX && port != MACH_PORT_NULL; i++)
        if (stores[i].port == port)
            return &stores[i];
    return NULL;
}

static bool store_in_use(const struct store *store)
{
    for (unsigned i = 0; i < segment_count; i++) {
        const struct block_map *blocks = &segments[i].blocks;
        if (segments[i].store == store && blocks->free + blocks->retired != blocks->total)
            return true;
    }
    return false;
}

kern_return_t store_delete(struct store *store, mach_port_t *devices, unsigned *count)
{
    uint64_t total, free;
    store_count(store, &total, &free);
    if (store_in_use(store) || free > free_blocks - reserved_blocks)
        return KERN_FAILURE;
    *count = 0;
    for (unsigned i = 0; i < segment_count; i++) {
        if (segments[i].store != store)
            continue;
        devices[(*count)++] = segments[i].device;
        total_blocks -= segments[i].blocks.total - segments[i].blocks.retired;
        free_blocks -= segments[i].blocks.free;
        /* The bitmap stays with the slot: a later segment that fits takes it over. */
        segments[i].store = NULL;
    }
    *store = (struct store){.port = MACH_PORT_NULL};
    return KERN_SUCCESS;
}

struct store *store_next(const struct store *store)
{
    for (unsigned i = store ? (unsigned)(store - stores) + 1 : 0; i < STORE_MAX; i++)
        if (stores[i].port != MACH_PORT_NULL)
            return &stores[i];
    return NULL;
}

kern_return_t store_close(struct store *store)
{
    uint64_t total, free;
    store_count(store, &total, &free);
    if (free_blocks - free < total - free + reserved_blocks)
        return KERN_FAILURE;
    store->closed = true;
    return KERN_SUCCESS;
}

bool store_has(const struct store *store, block_t block)
{
    return segment_of(block)->store == store;
}

void store_count(const struct store *store, uint64_t *total, uint64_t *free)
{
    *total = *free = 0;
    for (unsigned i = 0; i < segment_count; i++) {
        if (segments[i].store != store)
            continue;
        *total += segments[i].blocks.total - segments[i].blocks.retired;
        *free += segments[i].blocks.free;
    }
}

static bool segment_overlaps(mach_port_t device, uint64_t first_byte, uint64_t end_byte)
{
    for (unsigned i = 0; i < segment_count; i++) {
        const struct segment *segment = &segments[i];
        if (segment->store != NULL && segment->device == device && first_byte < segment->end_byte &&
            segment->first_byte < end_byte)
            return true;
    }
    return false;
}

/* An unused slot whose bitmap holds so many blocks, because it had a segment; NULL: there is none. */
static struct segment *segment_reusable(uint32_t blocks)
{
    for (unsigned i = 0; i < segment_count; i++) {
        if (segments[i].store == NULL &&
            blocks_bitmap_bytes(segments[i].blocks.total) >= blocks_bitmap_bytes(blocks))
            return &segments[i];
    }
    return NULL;
}

/*
 * A slot for a segment of so many blocks, with all the memory that it needs: its bitmap, and the
 * records of its pages, which must not use up what the bitmap takes. NULL: too little memory.
 */
static struct segment *segment_slot(uint32_t blocks, uint64_t **words)
{
    struct segment *segment = segment_reusable(blocks);
    size_t bytes = segment != NULL ? 0 : blocks_bitmap_bytes(blocks) + BITMAP_ALIGN;
    if (segment == NULL && segment_count == SEGMENT_MAX)
        return NULL;
    if (!records_provide(total_blocks + blocks, bytes))
        return NULL;
    if (segment != NULL) {
        *words = segment->blocks.words;
        return segment;
    }
    *words = arena_alloc(blocks_bitmap_bytes(blocks));
    return *words == NULL ? NULL : &segments[segment_count++];
}

/*
 * Adds part of a device. Conditions: lock held. The device right is the pager's on success, the
 * caller's on failure. One page record per block is set aside too, so that no page that has a block
 * ever lacks a record. spec/emmi.md 5.8, DP8.
 */
kern_return_t store_add_segment(
    struct store *store, mach_port_t device, uint64_t offset, uint64_t count, uint64_t record_size)
{
    uint64_t end, first_byte, end_byte;
    if (store == NULL || device == MACH_PORT_NULL || device == MACH_PORT_DEAD)
        return KERN_INVALID_ARGUMENT;
    if (record_size == 0 || record_size > PAGER_PAGE || PAGER_PAGE % record_size != 0)
        return KERN_INVALID_ARGUMENT;
    if (__builtin_add_overflow(offset, count, &end) ||
        __builtin_mul_overflow(end, record_size, &end_byte))
        return KERN_INVALID_ARGUMENT;
    first_byte = offset * record_size;
    uint64_t blocks = (end_byte - first_byte) / PAGER_PAGE;
    if (first_byte % PAGER_PAGE != 0 || blocks == 0)
        return KERN_INVALID_ARGUMENT;
    if (segment_overlaps(device, first_byte, end_byte))
        return KERN_INVALID_ARGUMENT;
    if (blocks > SEGMENT_BLOCKS_MAX)
        blocks = SEGMENT_BLOCKS_MAX;
    uint64_t *words;
    struct segment *segment = segment_slot((uint32_t)blocks, &words);
    if (segment == NULL)
        return KERN_RESOURCE_SHORTAGE;

    *segment = (struct segment){.store = store,
        .device = device,
        .record = offset,
        .first_byte = first_byte,
        .end_byte = end_byte,
        .records_per_block = (uint32_t)(PAGER_PAGE / record_size)};
    blocks_init(&segment->blocks, words, (uint32_t)blocks);
    store->closed = false;
    total_blocks += blocks;
    free_blocks += blocks;
    return KERN_SUCCESS;
}

/* The segment to take from: of the highest priority that has a free block, the next in turn; the one to be
   avoided (or NULL) only if there is no other. */
static struct segment *segment_choose(const struct segment *avoided)
{
    struct segment *best = NULL;
    for (unsigned i = 0; i < segment_count; i++) {
        struct segment *segment = &segments[(next_segment + i) % segment_count];
        if (segment->store == NULL || segment->store->closed || segment->blocks.free == 0)
            continue;
        if (best == NULL || best == avoided ||
            (segment != avoided && segment->store->priority > best->store->priority))
            best = segment;
    }
    return best;
}

/* Passes the turn on after TURN_BLOCKS. */
static void count_turn(const struct segment *segment, uint32_t blocks)
{
    unsigned index = (unsigned)(segment - segments);
    turn_blocks = index == next_segment ? turn_blocks + blocks : blocks;
    next_segment = index;
    if (turn_blocks >= TURN_BLOCKS) {
        next_segment = index + 1;
        turn_blocks = 0;
    }
}

/* Takes blocks without regard to reservations. Conditions: wanted <= free_blocks. */
static uint32_t take(uint32_t wanted, block_t *first, const struct segment *avoided)
{
    struct segment *segment = wanted == 0 ? NULL : segment_choose(avoided);
    uint32_t index = 0;
    if (segment == NULL)
        return 0;
    uint32_t count =
        blocks_take(&segment->blocks, wanted, (uint32_t)segment->store->cluster_pages, &index);
    *first = (block_t)(segment - segments) << SEGMENT_SHIFT | index;
    free_blocks -= count;
    count_turn(segment, count);
    return count;
}

uint32_t store_take(uint32_t wanted, block_t *first)
{
    uint64_t available = store_available();
    return take(wanted < available ? wanted : (uint32_t)available, first, NULL);
}

uint32_t store_take_elsewhere(block_t failed, block_t *first)
{
    return take(store_available() != 0, first, segment_of(failed));
}

uint32_t store_take_reserved(uint32_t wanted, block_t *first)
{
    if (wanted > reserved_blocks)
        wanted = (uint32_t)reserved_blocks;
    /* Blocks that failed may have left fewer than are reserved. */
    uint32_t count = take(wanted < free_blocks ? wanted : (uint32_t)free_blocks, first, NULL);
    reserved_blocks -= count;
    return count;
}

void store_give(block_t block)
{
    blocks_give(&segment_of(block)->blocks, index_of(block));
    free_blocks++;
}

void store_give_reserving(block_t block)
{
    store_give(block);
    reserved_blocks++;
}

void store_unreserve(void)
{
    reserved_blocks--;
}

void store_retire(block_t block)
{
    blocks_retire(&segment_of(block)->blocks, index_of(block));
    total_blocks--;
}

uint64_t store_available(void)
{
    return free_blocks > reserved_blocks ? free_blocks - reserved_blocks : 0;
}

void store_totals(uint64_t *total, uint64_t *free, uint64_t *reserved)
{
    *total = total_blocks;
    *free = free_blocks;
    *reserved = reserved_blocks;
}

struct store_place store_locate(block_t block)
{
    const struct segment *segment = segment_of(block);
    return (struct store_place){.device = segment->device,
        .record = segment->record + (uint64_t)index_of(block) * segment->records_per_block};
}

void store_note_read(block_t block, uint32_t pages, bool failed)
{
    struct store *store = segment_of(block)->store;
    store->reads++;
    *(failed ? &store->pages_in_failed : &store->pages_in) += pages;
}

void store_note_write(block_t block, uint32_t pages, bool failed)
{
    struct store *store = segment_of(block)->store;
    store->writes++;
    *(failed ? &store->pages_out_failed : &store->pages_out) += pages;
}
