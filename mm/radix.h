/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of an object by page index: a radix tree of 64-way nodes.
 *
 * The tree is as high as its largest index asks for; height 0 is a single page at index 0 without any
 * node. Each node knows by a bit mask which of its slots are used, so that a walk over a huge
 * range costs only what is there (H-10). The tree remembers the leaf that was used last: most look-ups
 * are near the one before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RADIX_BITS 6
#define RADIX_FANOUT 64u
#define RADIX_HEIGHT_MAX 9  /* 9 * 6 bits cover the 52 bits of a page index */

struct radix_node {
    uint64_t used;
    void *slots[RADIX_FANOUT];
};

struct radix {
    void *root;      /* height 0: the item at index 0 itself; else a node */
    uint8_t height;
    struct radix_node *leaf; /* used last, or NULL */
    uint64_t leaf_number;    /* index / RADIX_FANOUT of its items */
};

void radix_init(void);
/* The same from the root down; remembers the leaf. */
void *radix_descend(struct radix *tree, uint64_t index);

/* The item at an index, or NULL. */
static inline void *radix_lookup(struct radix *tree, uint64_t index)
{
    struct radix_node *leaf = tree->leaf;

    if (leaf && index / RADIX_FANOUT == tree->leaf_number)
        return leaf->slots[index % RADIX_FANOUT];
    return radix_descend(tree, index);
}

/* The address of the item's slot, to exchange it in place; NULL when there is none. */
static inline void **radix_slot(struct radix *tree, uint64_t index)
{
    if (!radix_lookup(tree, index))
        return NULL;
    return tree->height == 0 ? &tree->root : &tree->leaf->slots[index % RADIX_FANOUT];
}

/* Puts an item at a free index; false, tree unchanged in content, when there is no memory. */
bool radix_insert_slowly(struct radix *tree, uint64_t index, void *item);
static inline bool radix_insert(struct radix *tree, uint64_t index, void *item)
{
    struct radix_node *leaf = tree->leaf;
    unsigned number = index % RADIX_FANOUT;

    if (!leaf || index / RADIX_FANOUT != tree->leaf_number || leaf->slots[number])
        return radix_insert_slowly(tree, index, item);
    leaf->slots[number] = item;
    leaf->used |= UINT64_C(1) << number;
    return true;
}
/* Takes the item at a used index out; frees nodes that become empty. */
void radix_remove_slowly(struct radix *tree, uint64_t index);
static inline void radix_remove(struct radix *tree, uint64_t index)
{
    struct radix_node *leaf = tree->leaf;
    uint64_t bit = UINT64_C(1) << index % RADIX_FANOUT;

    if (!leaf || index / RADIX_FANOUT != tree->leaf_number || leaf->used == bit) {
        radix_remove_slowly(tree, index);
        return;
    }
    leaf->slots[index % RADIX_FANOUT] = NULL;
    leaf->used &= ~bit;
}

/* The first item at or above *index; *index becomes its index. NULL when there is none. */
void *radix_next_slowly(struct radix *tree, uint64_t *index);
static inline void *radix_next(struct radix *tree, uint64_t *index)
{
    struct radix_node *leaf = tree->leaf;
    uint64_t above = leaf && *index / RADIX_FANOUT == tree->leaf_number
                         ? leaf->used >> *index % RADIX_FANOUT : 0;

    if (above == 0)
        return radix_next_slowly(tree, index);
    *index += (unsigned)__builtin_ctzll(above);
    return leaf->slots[*index % RADIX_FANOUT];
}
