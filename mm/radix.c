/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The radix tree of an object's pages.
 */
#include "mm/radix.h"

#include <stddef.h>

#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/kmem.h"

#define RADIX_NODE_RESERVE 96u

static struct kmem_cache node_cache;

void radix_init(void)
{
    kmem_cache_init(&node_cache, "radix-node", sizeof(struct radix_node), RADIX_NODE_RESERVE, 0);
}

static bool index_fits(uint64_t index, unsigned height)
{
    return height >= RADIX_HEIGHT_MAX + 1 || index >> (height * RADIX_BITS) == 0;
}

static unsigned slot_number(uint64_t index, unsigned level)
{
    return (unsigned)(index >> (level * RADIX_BITS)) & (RADIX_FANOUT - 1);
}

static struct radix_node *node_create(void)
{
    struct radix_node *node = kmem_cache_alloc(&node_cache);

    if (node)
        memset(node, 0, sizeof(*node));
    return node;
}

static void remember(struct radix *tree, struct radix_node *leaf, uint64_t index)
{
    tree->leaf = leaf;
    tree->leaf_number = index / RADIX_FANOUT;
}

void *radix_descend(struct radix *tree, uint64_t index)
{
    struct radix_node *node = tree->root;

    if (!index_fits(index, tree->height))
        return NULL;
    if (tree->height == 0)
        return node;
    for (unsigned level = tree->height; node && --level > 0;)
        node = node->slots[slot_number(index, level)];
    if (!node)
        return NULL;
    remember(tree, node, index);
    return node->slots[slot_number(index, 0)];
}

/* Puts nodes above the root until the index fits. */
static bool grow_to(struct radix *tree, uint64_t index)
{
    while (!index_fits(index, tree->height)) {
        if (tree->root) {
            struct radix_node *node = node_create();

            if (!node)
                return false;
            node->slots[0] = tree->root;
            node->used = 1;
            tree->root = node;
        }
        tree->height++;
    }
    return true;
}

/* Takes unused nodes away again: after a removal, or an insertion that ran out of memory. */
static void prune(struct radix *tree, uint64_t index)
{
    struct radix_node *path[RADIX_HEIGHT_MAX + 1];
    struct radix_node *node = tree->root;
    unsigned level = tree->height;

    while (level > 0 && node) {
        path[--level] = node;
        node = level > 0 ? node->slots[slot_number(index, level)] : NULL;
    }
    tree->leaf = NULL;
    for (; level < tree->height && path[level]->used == 0; level++) {
        kmem_cache_free(&node_cache, path[level]);
        if (level + 1u == tree->height) {
            tree->root = NULL;
            tree->height = 0;
            return;
        }
        path[level + 1]->slots[slot_number(index, level + 1)] = NULL;
        path[level + 1]->used &= ~(UINT64_C(1) << slot_number(index, level + 1));
    }
}

static void put(struct radix_node *leaf, uint64_t index, void *item)
{
    unsigned number = slot_number(index, 0);

    assert(!leaf->slots[number]);
    leaf->slots[number] = item;
    leaf->used |= UINT64_C(1) << number;
}

/*
 * Puts an item (not NULL) at an index that is free. False when a node could not be had: the content is
 * unchanged then.
 */
bool radix_insert_slowly(struct radix *tree, uint64_t index, void *item)
{
    struct radix_node *node;

    if (!tree->root)
        tree->height = 0;
    if (!grow_to(tree, index))
        return false;
    if (tree->height == 0) {
        assert(!tree->root);
        tree->root = item;
        return true;
    }
    if (!tree->root && !(tree->root = node_create()))
        return false;
    node = tree->root;
    for (unsigned level = tree->height - 1; level > 0; level--) {
        unsigned number = slot_number(index, level);

        if (!node->slots[number]) {
            node->slots[number] = node_create();
            if (!node->slots[number]) {
                prune(tree, index);
                return false;
            }
            node->used |= UINT64_C(1) << number;
        }
        node = node->slots[number];
    }
    remember(tree, node, index);
    put(node, index, item);
    return true;
}

void radix_remove_slowly(struct radix *tree, uint64_t index)
{
    void **slot = radix_slot(tree, index);
    struct radix_node *leaf;

    assert(slot);
    *slot = NULL;
    if (tree->height == 0)
        return;
    leaf = (struct radix_node *)((char *)(slot - slot_number(index, 0)) -
                                 offsetof(struct radix_node, slots));
    leaf->used &= ~(UINT64_C(1) << slot_number(index, 0));
    if (leaf->used == 0)
        prune(tree, index);
}

/* Searches below one node; *index is relative to it and becomes the found item's. */
static void *next_below(const struct radix_node *node, unsigned level, uint64_t *index)
{
    unsigned number = slot_number(*index, level);
    uint64_t span = UINT64_C(1) << (level * RADIX_BITS);
    uint64_t base = *index & ~(span * RADIX_FANOUT - 1);
    uint64_t candidates = node->used & (~UINT64_C(0) << number);

    for (; candidates != 0; candidates &= candidates - 1) {
        unsigned found = (unsigned)__builtin_ctzll(candidates);
        uint64_t at = base + found * span;
        void *item;

        if (at < *index)
            at = *index;
        if (level == 0) {
            *index = at;
            return node->slots[found];
        }
        item = next_below(node->slots[found], level - 1, &at);
        if (item) {
            *index = at;
            return item;
        }
    }
    return NULL;
}

/* Recursion is at most RADIX_HEIGHT_MAX deep. */
void *radix_next_slowly(struct radix *tree, uint64_t *index)
{
    void *item;

    if (!tree->root || !index_fits(*index, tree->height))
        return NULL;
    if (tree->height == 0)
        return *index == 0 ? tree->root : NULL;
    item = next_below(tree->root, tree->height - 1u, index);
    return item ? radix_descend(tree, *index) : NULL; /* which remembers the leaf */
}
