/* SPDX-License-Identifier: BSD-2-Clause */
#include "handovers.h"

#include <stddef.h>

#include "object.h"

static struct handover handovers[HANDOVER_MAX];
static struct handover *free_list;

void handovers_init(void)
{
    for (unsigned i = HANDOVER_MAX; i > 0; i--) {
        handovers[i - 1] = (struct handover){.next = free_list, .id = (uint16_t)(i - 1)};
        free_list = &handovers[i - 1];
    }
}

struct handover *handover_begin(struct object *object, uint64_t first, uint32_t count)
{
    struct handover *handover = free_list;
    if (handover == NULL)
        return NULL;
    free_list = handover->next;
    handover->next = NULL;
    handover->first = first;
    handover->count = count;
    struct handover **link = &object->handovers;
    while (*link != NULL)
        link = &(*link)->next;
    *link = handover;
    return handover;
}

struct handover *handover_find(const struct object *object, uint64_t first)
{
    struct handover *handover = object->handovers;
    while (handover != NULL && handover->first != first)
        handover = handover->next;
    return handover;
}

void handover_end(struct object *object, struct handover *handover)
{
    struct handover **link = &object->handovers;
    while (*link != handover)
        link = &(*link)->next;
    *link = handover->next;
    handover->next = free_list;
    free_list = handover;
}
