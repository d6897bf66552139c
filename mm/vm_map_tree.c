/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of a map's entries.
 *
 * Every entry stores the gap between its predecessor and itself and the largest such gap of its
 * subtree. The gap behind the last entry is in no node: it is looked at last. After a change, values
 * are refreshed from the lowest changed node upward, until a node comes out as it was.
 */
#include "mm/vm_map_tree.h"

enum { LEFT, RIGHT };

static vm_size_t gap_in_front(const struct vm_map *map, const struct vm_map_entry *entry)
{
    struct vm_map_entry *previous = vm_map_previous_entry(map, entry);

    return entry->start - (previous ? previous->end : map->minimum);
}

static int height_of(const struct vm_map_entry *node)
{
    return node ? node->height : 0;
}

static vm_size_t largest_gap_of(const struct vm_map_entry *node)
{
    const struct vm_map_entry *left = node->child[LEFT], *right = node->child[RIGHT];
    vm_size_t gap = node->gap_before;

    if (left && left->largest_gap > gap)
        gap = left->largest_gap;
    if (right && right->largest_gap > gap)
        gap = right->largest_gap;
    return gap;
}

/* Recomputes what a node knows of its subtree. */
static void refresh(struct vm_map_entry *node)
{
    int left = height_of(node->child[LEFT]), right = height_of(node->child[RIGHT]);

    node->height = (uint8_t)(1 + (left > right ? left : right));
    node->largest_gap = largest_gap_of(node);
}

/* Hangs `node` (or nothing) where `old` hangs below `parent`. */
static void replace_child(struct vm_map *map, struct vm_map_entry *parent,
                          const struct vm_map_entry *old, struct vm_map_entry *node)
{
    if (parent)
        parent->child[parent->child[RIGHT] == old] = node;
    else
        map->root = node;
    if (node)
        node->parent = parent;
}

/* A node goes down to a side, its child of the other side comes up, and is to be refreshed. */
static struct vm_map_entry *rotate(struct vm_map *map, struct vm_map_entry *node, unsigned side)
{
    struct vm_map_entry *top = node->child[!side];

    replace_child(map, node->parent, node, top);
    node->child[!side] = top->child[side];
    if (top->child[side])
        top->child[side]->parent = node;
    top->child[side] = node;
    node->parent = top;
    refresh(node);
    return top;
}

/* Restores the balance of one node, whose subtrees are balanced, one of them too high; returns the
   subtree's new top, which is to be refreshed. Rare, and so out of the way of settle(). */
static __attribute__((noinline)) struct vm_map_entry *
balance(struct vm_map *map, struct vm_map_entry *node, unsigned high)
{
    struct vm_map_entry *child = node->child[high];

    if (height_of(child->child[high]) < height_of(child->child[!high]))
        rotate(map, child, high);
    return rotate(map, node, !high);
}

/* Refreshes and balances from the node to the root, as far as something changes. */
static void settle(struct vm_map *map, struct vm_map_entry *node)
{
    for (; node; node = node->parent) {
        int left = height_of(node->child[LEFT]), right = height_of(node->child[RIGHT]);
        int height = 1 + (left > right ? left : right);
        vm_size_t gap;

        if (left - right > 1 || right - left > 1) {
            node = balance(map, node, right > left);
            refresh(node);
            continue;
        }
        gap = largest_gap_of(node);
        if (gap == node->largest_gap && height == node->height)
            return;
        node->largest_gap = gap;
        node->height = (uint8_t)height;
    }
}

/* The gap in front of an entry has changed, no height has. */
static void settle_gap(struct vm_map_entry *entry)
{
    while (entry) {
        vm_size_t largest = largest_gap_of(entry);

        if (largest == entry->largest_gap)
            return;
        entry->largest_gap = largest;
        entry = entry->parent;
    }
}

/*
 * Adds an entry whose range is free. The place of a new leaf is the free right side of its predecessor
 * or else the free left side of its successor: one of them is always free.
 */
void vm_map_tree_insert(struct vm_map *map, struct vm_map_entry *entry,
                        struct vm_map_entry *previous)
{
    struct list_node *before = previous ? &previous->link : &map->entries.head;
    struct vm_map_entry *next;

    list_insert_between(&entry->link, before, before->next);
    next = vm_map_next_entry(map, entry);
    entry->child[LEFT] = entry->child[RIGHT] = NULL;
    entry->height = 1;
    entry->gap_before = entry->largest_gap = gap_in_front(map, entry);
    entry->parent = previous && !previous->child[RIGHT] ? previous : next;
    if (entry->parent)
        entry->parent->child[entry->parent == previous] = entry;
    else
        map->root = entry;
    if (next)
        next->gap_before = next->start - entry->end;
    settle(map, entry->parent);
    if (next && entry->parent != next)
        settle_gap(next);
}

/*
 * Takes an entry out. With two subtrees its successor, the leftmost of the right one, takes its place.
 */
void vm_map_tree_remove(struct vm_map *map, struct vm_map_entry *entry)
{
    struct vm_map_entry *next = vm_map_next_entry(map, entry);
    struct vm_map_entry *lowest_changed = entry->parent;

    if (entry->child[LEFT] && entry->child[RIGHT]) {
        lowest_changed = next->parent == entry ? next : next->parent;
        if (next->parent != entry) {
            replace_child(map, next->parent, next, next->child[RIGHT]);
            next->child[RIGHT] = entry->child[RIGHT];
            next->child[RIGHT]->parent = next;
        }
        next->child[LEFT] = entry->child[LEFT];
        next->child[LEFT]->parent = next;
        /* As stale as the entry's own values: whoever refreshes from below sees what changed. */
        next->height = entry->height;
        next->largest_gap = entry->largest_gap;
        replace_child(map, entry->parent, entry, next);
    } else {
        replace_child(map, entry->parent, entry, entry->child[LEFT] ? entry->child[LEFT] : entry->child[RIGHT]);
    }
    list_remove(&entry->link);
    if (next)
        next->gap_before = gap_in_front(map, next);
    settle(map, lowest_changed);
    if (next && lowest_changed != next)
        settle_gap(next);
}

void vm_map_tree_resized(struct vm_map *map, struct vm_map_entry *entry)
{
    struct vm_map_entry *next = vm_map_next_entry(map, entry);
    vm_size_t gap = gap_in_front(map, entry);

    if (gap != entry->gap_before) {
        entry->gap_before = gap;
        settle_gap(entry);
    }
    if (next) {
        next->gap_before = next->start - entry->end;
        settle_gap(next);
    }
}

struct vm_map_entry *vm_map_tree_find(const struct vm_map *map, vm_offset_t address)
{
    struct vm_map_entry *node = map->root, *found = NULL;

    while (node) {
        if (address >= node->start) {
            found = node;
            node = node->child[RIGHT];
        } else {
            node = node->child[LEFT];
        }
    }
    return found;
}

/* The lowest node of a subtree with a gap of that size in front; the subtree has one. */
static struct vm_map_entry *lowest_gap(struct vm_map_entry *node, vm_size_t size)
{
    for (;;) {
        if (node->child[LEFT] && node->child[LEFT]->largest_gap >= size)
            node = node->child[LEFT];
        else if (node->gap_before >= size)
            return node;
        else
            node = node->child[RIGHT];
    }
}

/* The next node in address order with such a gap, or NULL. */
static struct vm_map_entry *next_gap(struct vm_map_entry *node, vm_size_t size)
{
    if (node->child[RIGHT] && node->child[RIGHT]->largest_gap >= size)
        return lowest_gap(node->child[RIGHT], size);
    for (;;) {
        struct vm_map_entry *child = node;

        node = node->parent;
        if (!node)
            return NULL;
        if (child == node->child[RIGHT])
            continue;
        if (node->gap_before >= size)
            return node;
        if (node->child[RIGHT] && node->child[RIGHT]->largest_gap >= size)
            return lowest_gap(node->child[RIGHT], size);
    }
}

/* Rounds the start of a free range up to the mask; false if the size does not fit any more. */
static bool fits(vm_offset_t start, vm_offset_t end, vm_size_t size, vm_offset_t mask,
                 vm_offset_t *address)
{
    vm_offset_t at = (start + mask) & ~mask;

    if (at < start || at > end || end - at < size)
        return false;
    *address = at;
    return true;
}

bool vm_map_tree_find_gap(const struct vm_map *map, vm_size_t size, vm_offset_t mask,
                          vm_offset_t *address, struct vm_map_entry **previous)
{
    struct vm_map_entry *node = map->root, *last;

    if (node && node->largest_gap >= size) {
        for (node = lowest_gap(node, size); node; node = next_gap(node, size)) {
            if (fits(node->start - node->gap_before, node->start, size, mask, address)) {
                *previous = vm_map_previous_entry(map, node);
                return true;
            }
        }
    }
    last = list_empty(&map->entries)
               ? NULL
               : list_entry(map->entries.head.previous, struct vm_map_entry, link);
    *previous = last;
    return fits(last ? last->end : map->minimum, map->maximum, size, mask, address);
}
