/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/space_hash.h"

#include "kernel/panic.h"
#include "mm/kmem.h"

#define BUCKETS_FIRST 16u
#define BUCKETS_MAX 16384u

/* How an entry of either kind is found in a bucket. */
struct hash_kind {
    uint32_t (*key)(const void *item);
    void **(*next)(void *item);
};

static uint32_t port_key(const struct port *port)
{
    return (uint32_t)((uintptr_t)port >> 4) * 2654435761u;
}

static uint32_t name_key(mach_port_name_t name)
{
    return name * 2654435761u;
}

static uint32_t send_key(const void *item)
{
    return port_key(((const struct name_entry *)item)->port);
}

static void **send_next(void *item)
{
    return (void **)&((struct name_entry *)item)->link;
}

static uint32_t chosen_key(const void *item)
{
    return name_key(((const struct chosen_entry *)item)->entry.name);
}

static void **chosen_next(void *item)
{
    return (void **)&((struct chosen_entry *)item)->next;
}

static const struct hash_kind sends = {send_key, send_next};
static const struct hash_kind chosen_names = {chosen_key, chosen_next};

static void **bucket_of(const struct space_hash *hash, uint32_t key)
{
    return &hash->buckets[(key >> 16) & (hash->bucket_count - 1)];
}

bool space_hash_create(struct space_hash *hash)
{
    hash->buckets = kmem_alloc(BUCKETS_FIRST * sizeof(void *));
    if (!hash->buckets)
        return false;
    hash->bucket_count = BUCKETS_FIRST;
    return true;
}

void space_hash_destroy(struct space_hash *hash)
{
    assert(hash->count == 0);
    if (hash->buckets)
        kmem_free(hash->buckets, hash->bucket_count * sizeof(void *));
    hash->buckets = NULL;
    hash->bucket_count = 0;
}

/* Doubles the buckets when they are crowded and memory allows. */
static void grow(struct space_hash *hash, const struct hash_kind *kind)
{
    struct space_hash larger;

    if (hash->count < 2 * hash->bucket_count || hash->bucket_count >= BUCKETS_MAX)
        return;
    larger.bucket_count = 2 * hash->bucket_count;
    larger.count = hash->count;
    larger.buckets = kmem_alloc(larger.bucket_count * sizeof(void *));
    if (!larger.buckets)
        return;
    for (uint32_t i = 0; i < hash->bucket_count; i++) {
        void *item = hash->buckets[i];

        while (item) {
            void *next = *kind->next(item);
            void **bucket = bucket_of(&larger, kind->key(item));

            *kind->next(item) = *bucket;
            *bucket = item;
            item = next;
        }
    }
    kmem_free(hash->buckets, hash->bucket_count * sizeof(void *));
    *hash = larger;
}

static void insert(struct space_hash *hash, const struct hash_kind *kind, void *item)
{
    void **bucket;

    assert(hash->buckets != NULL);
    grow(hash, kind);
    bucket = bucket_of(hash, kind->key(item));
    *kind->next(item) = *bucket;
    *bucket = item;
    hash->count++;
}

static void remove(struct space_hash *hash, const struct hash_kind *kind, void *item)
{
    void **at = bucket_of(hash, kind->key(item));

    while (*at != item) {
        assert(*at != NULL);
        at = kind->next(*at);
    }
    *at = *kind->next(item);
    *kind->next(item) = NULL;
    hash->count--;
}

struct name_entry *space_hash_find_send(const struct space *space, const struct port *port)
{
    struct name_entry *entry;

    if (space->sends.count == 0)
        return NULL;
    entry = *bucket_of(&space->sends, port_key(port));
    while (entry && entry->port != port)
        entry = entry->link;
    return entry;
}

void space_hash_insert_send(struct space *space, struct name_entry *entry)
{
    insert(&space->sends, &sends, entry);
}

void space_hash_remove_send(struct space *space, struct name_entry *entry)
{
    remove(&space->sends, &sends, entry);
}

struct chosen_entry *space_hash_find_chosen(const struct space *space, mach_port_name_t name)
{
    struct chosen_entry *chosen;

    if (space->chosen.count == 0)
        return NULL;
    chosen = *bucket_of(&space->chosen, name_key(name));
    while (chosen && chosen->entry.name != name)
        chosen = chosen->next;
    return chosen;
}

void space_hash_insert_chosen(struct space *space, struct chosen_entry *chosen)
{
    insert(&space->chosen, &chosen_names, chosen);
}

void space_hash_remove_chosen(struct space *space, struct chosen_entry *chosen)
{
    remove(&space->chosen, &chosen_names, chosen);
}
