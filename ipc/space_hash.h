/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two hashes of a space: pure send rights by port, and names of the user's choice.
 * Both grow with their contents; without memory to grow they get slower.
 */
#pragma once

#include <stdbool.h>

#include "ipc/space_table.h"

/* An entry outside the table. */
struct chosen_entry {
    struct name_entry entry;    /* first */
    struct chosen_entry *next;
};

/* The entry that is the send right for the port and nothing else, or NULL. */
struct name_entry *space_hash_find_send(const struct space *space, const struct port *port);
/* Makes the first buckets of a hash; false when there is no memory. */
bool space_hash_create(struct space_hash *hash);
/* Makes sure that an insertion cannot fail; false when there is no memory: nothing changed. */
static inline bool space_hash_prepare(struct space_hash *hash)
{
    return hash->buckets || space_hash_create(hash);
}
/* Conditions: prepared. */
void space_hash_insert_send(struct space *space, struct name_entry *entry);
void space_hash_remove_send(struct space *space, struct name_entry *entry);

struct chosen_entry *space_hash_find_chosen(const struct space *space, mach_port_name_t name);
/* Conditions: prepared. */
void space_hash_insert_chosen(struct space *space, struct chosen_entry *chosen);
void space_hash_remove_chosen(struct space *space, struct chosen_entry *chosen);
/* Gives the memory back; the hash is empty. */
void space_hash_destroy(struct space_hash *hash);
