/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doubly linked lists whose links live inside the listed things.
 *
 * A node is on at most one list at a time. An unlinked node has next == NULL,
 * which list_node_linked() tests; list_remove() restores that state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next;
    struct list_node *previous;
};

struct list {
    struct list_node head;
};

#define LIST_INITIALIZER(list) {{&(list).head, &(list).head}}

/* The structure of the given type whose member is at this node. */
#define list_entry(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

#define list_for_each(list, node) \
    for (struct list_node *node = (list)->head.next; node != &(list)->head; node = node->next)

/* As list_for_each; the body may remove the node it stands on. */
#define list_for_each_safe(list, node)                                             \
    for (struct list_node *node = (list)->head.next, *node##_next = node->next;    \
         node != &(list)->head; node = node##_next, node##_next = node->next)

static inline void list_init(struct list *list)
{
    list->head.next = list->head.previous = &list->head;
}

static inline bool list_empty(const struct list *list)
{
    return list->head.next == &list->head;
}

static inline bool list_node_linked(const struct list_node *node)
{
    return node->next != NULL;
}

static inline void list_insert_between(struct list_node *node, struct list_node *previous,
                                       struct list_node *next)
{
    node->previous = previous;
    node->next = next;
    previous->next = node;
    next->previous = node;
}

static inline void list_insert_head(struct list *list, struct list_node *node)
{
    list_insert_between(node, &list->head, list->head.next);
}

static inline void list_insert_tail(struct list *list, struct list_node *node)
{
    list_insert_between(node, list->head.previous, &list->head);
}

static inline void list_remove(struct list_node *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->next = NULL;
    node->previous = NULL;
}

/* First node, or NULL when the list is empty. */
static inline struct list_node *list_first(const struct list *list)
{
    return list_empty(list) ? NULL : list->head.next;
}

/* Last node, or NULL when the list is empty. */
static inline struct list_node *list_last(const struct list *list)
{
    return list_empty(list) ? NULL : list->head.previous;
}

/* Counts the nodes, one by one. */
static inline unsigned list_length(const struct list *list)
{
    unsigned length = 0;

    list_for_each(list, node)
        length++;
    return length;
}

/* Moves all nodes of a list to another, which is made by this. */
static inline void list_move_all(struct list *from, struct list *to)
{
    list_init(to);
    if (list_empty(from))
        return;
    to->head = from->head;
    to->head.next->previous = to->head.previous->next = &to->head;
    list_init(from);
}

/* Takes the first node off and returns it, or NULL when the list is empty. */
static inline struct list_node *list_take_first(struct list *list)
{
    struct list_node *node = list_first(list);

    if (node)
        list_remove(node);
    return node;
}
