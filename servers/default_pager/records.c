/* SPDX-License-Identifier: BSD-2-Clause */
#include "records.h"

#include <stddef.h>

#include "arena.h"
#include "object.h"
#include "store.h"

/* Pages that may be held or in transfer without a block: far above what the kernel's limit of
   pages in flight to this pager allows. */
#define SPARE_RECORDS 1024
#define SLAB_RECORDS 1024u
#define SLAB_MAX 4096u
#define BUCKETS_PER_SLAB SLAB_RECORDS

static struct record *slabs[SLAB_MAX];
static uint32_t *bucket_slabs[SLAB_MAX]; /* heads of hash chains, one per record */
static uint32_t slab_count;
static uint32_t bucket_mask; /* buckets in use - 1: a power of two, at most one per record */
static uint32_t free_list;   /* record index; 0 is never given out */
static uint64_t used_records, all_records;

static struct record *record_at(uint32_t index)
{
    return index == 0 ? NULL : &slabs[index / SLAB_RECORDS][index % SLAB_RECORDS];
}

static uint32_t *bucket_at(uint32_t bucket)
{
    return &bucket_slabs[bucket / BUCKETS_PER_SLAB][bucket % BUCKETS_PER_SLAB];
}

static uint32_t *bucket_of(uint16_t object, uint64_t page)
{
    /* 64 pages side by side fall in neighbouring buckets; such groups are spread. */
    uint64_t group = (page >> 6 ^ (uint64_t)object << 46) * 0x9e3779b97f4a7c15u >> 24;
    return bucket_at((uint32_t)(group + page) & bucket_mask);
}

/* Puts every record in its chain again after the number of buckets has grown. */
static void rehash(void)
{
    uint32_t chains = 0;
    for (uint32_t bucket = 0; bucket <= bucket_mask; bucket++) {
        uint32_t *head = bucket_at(bucket);
        while (*head != 0) {
            uint32_t index = *head;
            *head = record_at(index)->hash_next;
            record_at(index)->hash_next = chains;
            chains = index;
        }
    }
    uint32_t size = 1;
    while ((uint64_t)size * 2 <= (uint64_t)slab_count * BUCKETS_PER_SLAB)
        size *= 2;
    bucket_mask = size - 1;
    while (chains != 0) {
        struct record *record = record_at(chains);
        uint32_t index = chains;
        chains = record->hash_next;
        uint32_t *head = bucket_of(record->object, record->page);
        record->hash_next = *head;
        *head = index;
    }
}

static bool add_slab(void)
{
    struct record *records = arena_alloc(SLAB_RECORDS * sizeof(struct record));
    uint32_t *buckets = arena_alloc(BUCKETS_PER_SLAB * sizeof(uint32_t));
    if (records == NULL || buckets == NULL || slab_count == SLAB_MAX)
        return false;
    uint32_t base = slab_count * SLAB_RECORDS;
    slabs[slab_count] = records;
    bucket_slabs[slab_count] = buckets;
    slab_count++;
    for (uint32_t i = base == 0 ? 1 : 0; i < SLAB_RECORDS; i++) {
        records[i].hash_next = free_list;
        free_list = base + i;
        all_records++;
    }
    return true;
}

bool records_provide(uint64_t blocks, size_t spare)
{
    uint64_t wanted = blocks + SPARE_RECORDS;
    if (all_records >= wanted)
        return arena_left() >= spare;
    uint64_t slabs_missing = (wanted - all_records + SLAB_RECORDS - 1) / SLAB_RECORDS;
    size_t slab_bytes = SLAB_RECORDS * sizeof(struct record) + BUCKETS_PER_SLAB * sizeof(uint32_t);
    if (slab_count + slabs_missing > SLAB_MAX || arena_left() < spare ||
        (arena_left() - spare) / slab_bytes < slabs_missing)
        return false;
    while (all_records < wanted)
        if (!add_slab())
            return false;
    rehash();
    return true;
}

struct record *records_find(const struct object *object, uint64_t page)
{
    if (slab_count == 0)
        return NULL;
    uint32_t index = *bucket_of(object->index, page);
    struct record *record;
    while ((record = record_at(index)) != NULL) {
        if (record->page == page && record->object == object->index)
            return record;
        index = record->hash_next;
    }
    return NULL;
}

struct record *records_add(struct object *object, uint64_t page)
{
    uint32_t index = free_list;
    struct record *record = record_at(index);
    if (record == NULL)
        return NULL;
    free_list = record->hash_next;
    uint32_t *head = bucket_of(object->index, page);
    *record = (struct record){.page = page,
        .state = PAGE_STORED,
        .block = BLOCK_NONE,
        .object = object->index,
        .hash_next = *head,
        .next = object->first_record};
    *head = index;
    if (object->first_record != 0)
        record_at(object->first_record)->previous = index;
    object->first_record = index;
    object->record_count++;
    used_records++;
    return record;
}

void records_remove(struct object *object, struct record *record)
{
    uint32_t *link = bucket_of(object->index, record->page);
    while (record_at(*link) != record)
        link = &record_at(*link)->hash_next;
    uint32_t index = *link;
    *link = record->hash_next;

    if (record->previous != 0)
        record_at(record->previous)->next = record->next;
    else
        object->first_record = record->next;
    if (record->next != 0)
        record_at(record->next)->previous = record->previous;
    object->record_count--;

    record->hash_next = free_list;
    free_list = index;
    used_records--;
}

struct record *records_first(const struct object *object)
{
    return record_at(object->first_record);
}

struct record *records_next(const struct record *record)
{
    return record_at(record->next);
}

void records_count(uint64_t *used, uint64_t *total)
{
    *used = used_records;
    *total = all_records;
}
