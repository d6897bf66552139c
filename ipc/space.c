/* SPDX-License-Identifier: BSD-2-Clause */
/* Name spaces: slots, their names, and the end of a space. */
#include "ipc/space.h"

#include "ipc/dead_name.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/right.h"
#include "ipc/space_hash.h"
#include "ipc/space_table.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "mm/kmem.h"
#include "mm/page.h"

#define LEAVES_FIRST 16u /* places of a new table */

/* What a table points to where it has nothing: every slot is free. */
static struct name_entry empty_leaf[SPACE_LEAF_SLOTS];
static struct kmem_cache space_cache, chosen_cache;

void space_init(void)
{
    kmem_cache_init(&space_cache, "spaces", sizeof(struct space), 0, 0);
    kmem_cache_init(&chosen_cache, "chosen names", sizeof(struct chosen_entry), 0, 0);
    port_set_init();
    dead_name_init();
}

struct space *space_create(struct task *task)
{
    struct space *space = kmem_cache_alloc(&space_cache);

    if (!space)
        return NULL;
    memset(space, 0, sizeof *space);
    space->references = 1;
    space->active = true;
    space->task = task;
    return space;
}

void space_free(struct space *space)
{
    if (space->active)
        space_destroy(space);
    kmem_cache_free(&space_cache, space);
}

uint32_t space_name_count(const struct space *space)
{
    return space->names;
}

struct task *space_task(const struct space *space)
{
    return space->task;
}

/* --- the table --- */

/* A leaf takes a whole frame. */
static struct name_entry *leaf_alloc(void)
{
    struct page *page = page_alloc();

    _Static_assert(sizeof(struct name_entry) * SPACE_LEAF_SLOTS == PAGE_BYTES, "a leaf is a frame");
    if (!page)
        return NULL;
    page->kernel = true;
    page_wire(page);
    page_zero(page);
    return page_address(page);
}

static void leaf_free(struct name_entry *leaf)
{
    struct page *page = page_of_address(leaf);

    page_unwire(page);
    page_free(page);
}

static void free_list_append(struct space *space, struct name_entry *entry)
{
    entry->link = NULL;
    if (space->free_first)
        space->free_last->link = entry;
    else
        space->free_first = entry;
    space->free_last = entry;
}

/* Makes the table reach a leaf, doubling it; false without memory. */
static bool reach_leaf(struct space *space, uint32_t leaf)
{
    uint32_t count = space->leaf_count ? space->leaf_count : LEAVES_FIRST;
    struct name_entry **larger;

    if (leaf < space->leaf_count)
        return true;
    while (count <= leaf)
        count *= 2;
    larger = kmem_alloc(count * sizeof *larger);
    if (!larger)
        return false;
    for (uint32_t i = 0; i < count; i++)
        larger[i] = i < space->leaf_count ? space->leaves[i] : empty_leaf;
    if (space->leaves)
        kmem_free(space->leaves, space->leaf_count * sizeof *larger);
    space->leaves = larger;
    space->leaf_count = count;
    return true;
}

/* The leaf that holds an index, made if need be; NULL without memory. */
static struct name_entry *make_leaf(struct space *space, uint32_t index)
{
    uint32_t leaf = index / SPACE_LEAF_SLOTS;

    if (!reach_leaf(space, leaf))
        return NULL;
    if (space->leaves[leaf] == empty_leaf) {
        struct name_entry *fresh = leaf_alloc();

        if (!fresh)
            return NULL;
        for (uint32_t i = 0; i < SPACE_LEAF_SLOTS; i++)
            fresh[i].name = (leaf * SPACE_LEAF_SLOTS + i) << SPACE_GENERATION_BITS | 1;
        space->leaves[leaf] = fresh;
    }
    return space->leaves[leaf];
}

/* Puts one more leaf's free slots on the free list; never index 0. */
static kern_return_t add_leaf(struct space *space)
{
    struct name_entry *slots;

    if (space->slots_made >= SPACE_NAMES_MAX)
        return KERN_NO_SPACE;
    slots = make_leaf(space, space->slots_made);
    if (!slots)
        return KERN_RESOURCE_SHORTAGE;
    for (uint32_t i = space->slots_made == 0; i < SPACE_LEAF_SLOTS; i++)
        if (slots[i].bits == 0)
            free_list_append(space, &slots[i]);
    space->slots_made += SPACE_LEAF_SLOTS;
    return KERN_SUCCESS;
}

/* Gives a free slot a name that the user has not taken; false if he has taken them all. */
static bool avoid_chosen_names(struct space *space, struct name_entry *entry)
{
    for (uint32_t i = 0; i < SPACE_GENERATIONS; i++) {
        if (!space_hash_find_chosen(space, entry->name))
            return true;
        entry->generation++;
    }
    return false;
}

kern_return_t space_entry_alloc(struct space *space, struct name_entry **result)
{
    for (;;) {
        struct name_entry *entry = space->free_first;

        if (!space->active)
            return KERN_INVALID_TASK;
        if (!entry) {
            kern_return_t status = add_leaf(space);

            if (status != KERN_SUCCESS)
                return status;
            continue;
        }
        space->free_first = entry->link;
        if (space->chosen.count != 0 && !avoid_chosen_names(space, entry))
            continue; /* the slot is lost to a user who wanted it so */
        entry->link = NULL;
        space->names++;
        *result = entry;
        return KERN_SUCCESS;
    }
}

struct name_entry *space_chosen_lookup(const struct space *space, mach_port_name_t name)
{
    struct chosen_entry *chosen = space_hash_find_chosen(space, name);

    return chosen ? &chosen->entry : NULL;
}

/* A slot of the table for a name of the user's choice, if its index has not come up yet; else
   NULL. */
static struct name_entry *reserve_slot(struct space *space, mach_port_name_t name)
{
    uint32_t index = name >> SPACE_GENERATION_BITS;
    struct name_entry *slots;

    if (index < space->slots_made || index >= SPACE_NAMES_MAX)
        return NULL;
    slots = make_leaf(space, index);
    if (!slots || slots[index % SPACE_LEAF_SLOTS].bits != 0)
        return NULL;
    slots[index % SPACE_LEAF_SLOTS].name = name;
    return &slots[index % SPACE_LEAF_SLOTS];
}

/* A name of the user's choice outside the table. */
static struct name_entry *alloc_chosen(struct space *space, mach_port_name_t name)
{
    struct chosen_entry *chosen =
        space_hash_prepare(&space->chosen) ? kmem_cache_alloc(&chosen_cache) : NULL;

    if (!chosen)
        return NULL;
    memset(chosen, 0, sizeof *chosen);
    chosen->entry.name = name;
    space_hash_insert_chosen(space, chosen);
    return &chosen->entry;
}

kern_return_t space_entry_alloc_name(struct space *space, mach_port_name_t name,
                                     struct name_entry **result)
{
    if (!space->active)
        return KERN_INVALID_TASK;
    if (!MACH_PORT_NAME_VALID(name))
        return KERN_INVALID_VALUE;
    if (space_entry(space, name))
        return KERN_NAME_EXISTS;
    if (space->chosen.count >= SPACE_NAMES_MAX)
        return KERN_NO_SPACE;
    *result = reserve_slot(space, name);
    if (!*result)
        *result = alloc_chosen(space, name);
    if (!*result)
        return KERN_RESOURCE_SHORTAGE;
    space->names++;
    return KERN_SUCCESS;
}

static bool in_table(const struct space *space, const struct name_entry *entry)
{
    return space_slot(space, entry->name) == entry;
}

void space_entry_free(struct space *space, struct name_entry *entry)
{
    assert(entry->request == NULL && space->names > 0);
    space->names--;
    if (!in_table(space, entry)) {
        struct chosen_entry *chosen = (struct chosen_entry *)entry;

        space_hash_remove_chosen(space, chosen);
        kmem_cache_free(&chosen_cache, chosen);
        return;
    }
    entry->bits = 0;
    entry->port = NULL;
    entry->generation++;
    if (entry->name >> SPACE_GENERATION_BITS < space->slots_made)
        free_list_append(space, entry);
}

/* --- all names --- */

/* The end of a space takes as long as it has names: it lets interrupts and other threads in now and then.
   Nothing enters a dead space meanwhile. */
static void pause_if_dead(const struct space *space)
{
    if (!space->active)
        sched_yield();
}

static void for_each_slot(struct space *space,
                          void (*function)(struct space *, struct name_entry *, void *),
                          void *argument)
{
    for (uint32_t i = 0; i < space->leaf_count; i++) {
        struct name_entry *leaf = space->leaves[i];

        if (leaf == empty_leaf)
            continue;
        for (uint32_t j = 0; j < SPACE_LEAF_SLOTS; j++)
            if (leaf[j].bits != 0)
                function(space, &leaf[j], argument);
        pause_if_dead(space);
    }
}

static void for_each_chosen(struct space *space,
                            void (*function)(struct space *, struct name_entry *, void *),
                            void *argument)
{
    for (uint32_t i = 0; i < space->chosen.bucket_count; i++) {
        struct chosen_entry *chosen = space->chosen.buckets[i];

        while (chosen) {
            struct chosen_entry *next = chosen->next;

            if (chosen->entry.bits != 0)
                function(space, &chosen->entry, argument);
            chosen = next;
        }
        pause_if_dead(space);
    }
}

void space_for_each(struct space *space,
                    void (*function)(struct space *, struct name_entry *, void *), void *argument)
{
    for_each_slot(space, function, argument);
    for_each_chosen(space, function, argument);
}

static void destroy_name(struct space *space, struct name_entry *entry, void *unused)
{
    (void)unused;
    right_destroy(space, entry);
}

/* Without a pause, in which somebody could look a name up. */
static void free_table(struct space *space)
{
    for (uint32_t i = 0; i < space->leaf_count; i++)
        if (space->leaves[i] != empty_leaf)
            leaf_free(space->leaves[i]);
    if (space->leaves)
        kmem_free(space->leaves, space->leaf_count * sizeof *space->leaves);
    space->leaves = NULL;
    space->leaf_count = 0;
    space->slots_made = 0;
    space->free_first = space->free_last = NULL;
}

/*
 * Conditions: the caller holds a reference. Nothing enters a dead space, so that one pass finds all
 * names. Threads that sleep in a receive are woken by the death of their ports and sets.
 */
void space_destroy(struct space *space)
{
    if (!space->active)
        return;
    space->active = false;
    space->task = NULL;
    space_for_each(space, destroy_name, NULL);
    assert(space->names == 0);
    free_table(space);
    space_hash_destroy(&space->sends);
    space_hash_destroy(&space->chosen);
}

/* --- for the rest of the kernel --- */

kern_return_t space_insert_send(struct space *space, struct port *right, mach_port_name_t *name)
{
    return right_copyout(space, right, MACH_MSG_TYPE_PORT_SEND, name);
}

struct port *space_copy_send(struct space *space, mach_port_name_t name)
{
    struct name_entry *entry = right_lookup(space, name);

    if (!entry || right_check(entry, MACH_MSG_TYPE_COPY_SEND, false) != KERN_SUCCESS)
        return NULL;
    return right_take(space, entry, MACH_MSG_TYPE_COPY_SEND, NULL);
}

struct port *space_lookup_receive(struct space *space, mach_port_name_t name)
{
    struct name_entry *entry = space_entry(space, name);

    return entry && entry->bits & MACH_PORT_TYPE_RECEIVE ? entry->port : NULL;
}
