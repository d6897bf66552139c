/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a space, for the message system's own files.
 *
 * Slots live in leaves of 128, which a table finds by the upper bits of the name; they never move while
 * they exist. A freed slot goes to the tail of the free list with its generation counted up, so that a
 * name comes back as late as possible. A name that a user chose gets its slot in the table if the
 * free list has not reached that index yet (slots_made); else it lives in a hash.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mach/kern_return.h>

#include "ipc/name_entry.h"
#include "ipc/port.h"
#include "ipc/space.h"

#define SPACE_LEAF_SLOTS 128u
/* No name of the kernel's choice has a larger index: the bound of a space. */
#define SPACE_NAMES_MAX (1u << 18)
#define SPACE_GENERATION_BITS 8
#define SPACE_GENERATIONS (1u << SPACE_GENERATION_BITS)

/* A hash of entries; two kinds, see space_hash.h. */
struct space_hash {
    void **buckets;
    uint32_t bucket_count;      /* a power of two, or 0 */
    uint32_t count;
};

struct space {
    uint32_t references;
    bool active;
    struct task *task;
    struct name_entry **leaves;
    uint32_t leaf_count;        /* a power of two, or 0 */
    struct name_entry *free_first, *free_last;
    uint32_t slots_made;        /* free slots with lower indices are on the free list, but for 0 */
    uint32_t names;             /* entries in use, of both kinds */
    struct space_hash chosen;   /* names of the user's choice that have no slot in the table */
    struct space_hash sends;    /* pure send rights by port */
    uint64_t queued_bytes;      /* of messages that its task has sent and nobody has received yet */
};

static inline void space_reference(struct space *space)
{
    space->references++;
}

/* The last reference is gone. */
void space_free(struct space *space);
/* NULL is allowed. */
static inline void space_release(struct space *space)
{
    if (space && --space->references == 0)
        space_free(space);
}

/* Where a name of the user's choice lives; NULL if there is none. */
struct name_entry *space_chosen_lookup(const struct space *space, mach_port_name_t name);

/* Where in the table a name would be; NULL if it does not reach so far. */
static inline struct name_entry *space_slot(const struct space *space, mach_port_name_t name)
{
    uint32_t index = name >> SPACE_GENERATION_BITS;
    uint32_t leaf = index / SPACE_LEAF_SLOTS;

    if (leaf >= space->leaf_count)
        return NULL;
    return space->leaves[leaf] + index % SPACE_LEAF_SLOTS;
}

/* The entry of a name that is in the table, or NULL. It may be free: then it has no type bit. */
static inline struct name_entry *space_entry_fast(const struct space *space, mach_port_name_t name)
{
    struct name_entry *entry = space_slot(space, name);

    if (__builtin_expect(!entry || entry->name != name, 0))
        return NULL;
    return entry;
}

/* One more reference to a send right of the space's own: true if the name is in the table and stands for
   one to this port, which may be NULL or PORT_DEAD. */
static inline bool space_reuse_send(struct space *space, mach_port_name_t name,
                                    const struct port *port)
{
    struct name_entry *entry = space_entry_fast(space, name);

    if (!entry || !(entry->bits & MACH_PORT_TYPE_SEND) || entry->port != port || !port->active)
        return false;
    entry_add_reference(entry);
    return true;
}

/* The entry of a name in use, or NULL. */
static inline struct name_entry *space_entry(const struct space *space, mach_port_name_t name)
{
    struct name_entry *entry = space_slot(space, name);

    if (entry && entry->name == name && entry->bits != 0)
        return entry;
    return space->chosen.count == 0 ? NULL : space_chosen_lookup(space, name);
}

/*
 * A free slot, with its name; it counts as used once the caller sets its bits, which it does before
 * anything else happens. KERN_INVALID_TASK (dead space), KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE.
 */
kern_return_t space_entry_alloc(struct space *space, struct name_entry **entry);
/* True if there is one without looking further. */
static inline bool space_entry_at_hand(const struct space *space)
{
    return space->free_first && space->chosen.count == 0 && space->active;
}

/* Takes the slot that is at hand. */
static inline struct name_entry *space_entry_take(struct space *space)
{
    struct name_entry *entry = space->free_first;

    space->free_first = entry->link;
    entry->link = NULL;
    space->names++;
    return entry;
}

static inline kern_return_t space_entry_alloc_fast(struct space *space, struct name_entry **result)
{
    if (!space_entry_at_hand(space))
        return space_entry_alloc(space, result);
    *result = space_entry_take(space);
    return KERN_SUCCESS;
}

/* The same for a name that the user chose: also KERN_INVALID_VALUE, KERN_NAME_EXISTS. */
kern_return_t space_entry_alloc_name(struct space *space, mach_port_name_t name,
                                     struct name_entry **entry);
/* Frees an entry; its port, request and place in the hash of send rights are gone already. */
void space_entry_free(struct space *space, struct name_entry *entry);
/* True if the entry goes back to the free list: its name is the kernel's choice, or as good. */
static inline bool space_entry_is_listed(const struct space *space, const struct name_entry *entry)
{
    return space->chosen.count == 0 && entry->name >> SPACE_GENERATION_BITS < space->slots_made;
}

/* The same for an entry that is listed and has no request. */
static inline void space_entry_free_fast(struct space *space, struct name_entry *entry)
{
    space->names--;
    entry->bits = 0;
    entry->port = NULL;
    entry->generation++;
    entry->link = NULL;
    if (space->free_first)
        space->free_last->link = entry;
    else
        space->free_first = entry;
    space->free_last = entry;
}

/* Calls function for every name in use; it may free that name and no other. */
void space_for_each(struct space *space,
                    void (*function)(struct space *, struct name_entry *, void *), void *argument);
