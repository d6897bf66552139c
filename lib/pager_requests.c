/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel wants: data_request -> read -> supply, and what became of the supply. */
#include "pager_requests.h"

#include <mach.h>
#include <mig/nowait_mach.h>
#include <stddef.h>
#include <stdlib.h>

#include "pager_lock.h"
#include "pager_pages.h"

enum answer { ANSWER_NONE, ANSWER_READ, ANSWER_ERROR };

/* Some pages of a request, and what each of them gets. */
struct chunk {
    struct pager_object *object;
    mach_port_t control;
    uint64_t first;
    unsigned count;
    enum answer answers[PAGER_CHUNK];
};

/* An OUT page that is asked for again is lost: the kernel had the only copy. */
static enum answer decide(struct pager_page *page, boolean_t again)
{
    if (page == NULL) {
        return ANSWER_READ;
    }
    if (again) {
        return ANSWER_NONE;
    }
    if (page->state == PAGER_OUT || page->state == PAGER_BAD) {
        return ANSWER_ERROR;
    }
    page->state = PAGER_STORED; /* asked for before its completion: that one is for nothing */
    return ANSWER_READ;
}

/* Conditions: lock held, in the object's turn, no page busy, records reserved. */
static void plan(struct chunk *chunk, boolean_t again)
{
    for (unsigned i = 0; i < chunk->count; i++) {
        uint64_t number = chunk->first + i;
        chunk->answers[i] = decide(pager_page_find(chunk->object, number), again);
        if (chunk->answers[i] == ANSWER_READ) {
            pager_page_get(chunk->object, number)->busy = true;
        }
    }
}

static void pages_done(struct pager_object *object, uint64_t first, unsigned count)
{
    pager_lock();
    for (unsigned i = 0; i < count; i++) {
        pager_page_done(pager_page_find(object, first + i));
    }
    pager_wake(&object->idle_waiters);
    pager_unlock();
}

/* A page is SUPPLIED before the message goes: its completion may come before the call returns. */
static void hand_over(struct pager_object *object, struct pager_supply *supply)
{
    struct pager_supply **link = &object->supplies;

    pager_lock();
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = supply;
    for (unsigned i = 0; i < supply->count; i++) {
        struct pager_page *page = pager_page_find(object, supply->first + i);
        page->state = PAGER_SUPPLIED;
        page->supply = supply;
    }
    pager_unlock();
}

static void supply_free(struct pager_object *object, struct pager_supply *supply)
{
    struct pager_supply **link = &object->supplies;

    while (*link != supply) {
        link = &(*link)->next;
    }
    *link = supply->next;
    free(supply);
}

/* The page, if it was supplied so and nothing has happened to it since. */
static struct pager_page *supplied_page(const struct pager_object *object,
                                        const struct pager_supply *supply, unsigned index)
{
    struct pager_page *page = pager_page_find(object, supply->first + index);

    return page != NULL && page->state == PAGER_SUPPLIED && page->supply == supply ? page : NULL;
}

/* The supply did not reach the kernel, or it has ended: the store has the pages still. */
static void take_back(struct pager_object *object, struct pager_supply *supply)
{
    for (unsigned i = 0; i < supply->count; i++) {
        struct pager_page *page = supplied_page(object, supply, i);
        if (page != NULL) {
            page->state = PAGER_STORED;
            pager_page_done(page);
        }
    }
    supply_free(object, supply);
    pager_wake(&object->idle_waiters);
}

/* Gives pages to the kernel, precious if the store may forget them. Without memory for that it keeps them. */
static void supply(const struct chunk *chunk, uint64_t first, unsigned count, vm_address_t data)
{
    struct pager_object *object = chunk->object;
    struct pager_supply *made =
        object->operations->forget != NULL ? UNLOCKED(malloc(sizeof *made)) : NULL;

    if (made != NULL) {
        *made = (struct pager_supply){ NULL, chunk->control, first, count };
        hand_over(object, made);
    }
    pages_done(object, first, count);
    if (UNLOCKED(nowait_memory_object_data_supply_poly(
            chunk->control, first * PAGE_SIZE, data, count * PAGE_SIZE, TRUE, VM_PROT_NONE,
            made != NULL, made != NULL ? object->port : MACH_PORT_NULL, MACH_MSG_TYPE_MAKE_SEND)) ==
        KERN_SUCCESS) {
        return;
    }
    UNLOCKED(vm_deallocate(mach_task_self(), data, count * PAGE_SIZE));
    if (made != NULL) {
        pager_lock();
        take_back(object, made);
        pager_unlock();
    }
}

static void answer_nothing(const struct chunk *chunk, uint64_t first, unsigned count,
                           kern_return_t reason)
{
    if (reason == PAGER_ABSENT) {
        UNLOCKED(nowait_memory_object_data_unavailable(chunk->control, first * PAGE_SIZE,
                                                       count * PAGE_SIZE));
    } else {
        UNLOCKED(nowait_memory_object_data_error(chunk->control, first * PAGE_SIZE,
                                                 count * PAGE_SIZE, reason));
    }
}

/* Reads pages into fresh memory. */
static kern_return_t read_pages(struct pager_object *object, uint64_t first, unsigned count,
                                vm_address_t *data)
{
    const struct pager_operations *operations = object->operations;
    vm_size_t size = count * PAGE_SIZE;

    if (operations->read == NULL) {
        return PAGER_ABSENT;
    }
    kern_return_t result = UNLOCKED(vm_allocate(mach_task_self(), data, size, TRUE));
    if (result != KERN_SUCCESS) {
        return result;
    }
    result = UNLOCKED(operations->read(object->cookie, first * PAGE_SIZE, size, (void *)*data));
    if (result != KERN_SUCCESS) {
        UNLOCKED(vm_deallocate(mach_task_self(), *data, size));
    }
    return result;
}

/* Pages that cannot be read together are read one by one. */
static void answer_read(const struct chunk *chunk, uint64_t first, unsigned count)
{
    vm_address_t data = 0;
    kern_return_t result = read_pages(chunk->object, first, count, &data);

    if (result == KERN_SUCCESS) {
        supply(chunk, first, count, data);
    } else if (count == 1) {
        pages_done(chunk->object, first, 1);
        answer_nothing(chunk, first, 1, result);
    } else {
        for (unsigned i = 0; i < count; i++) {
            answer_read(chunk, first + i, 1);
        }
    }
}

static void carry_out(const struct chunk *chunk)
{
    for (unsigned i = 0, next; i < chunk->count; i = next) {
        for (next = i + 1; next < chunk->count && chunk->answers[next] == chunk->answers[i];) {
            next++;
        }
        if (chunk->answers[i] == ANSWER_READ) {
            answer_read(chunk, chunk->first + i, next - i);
        } else if (chunk->answers[i] == ANSWER_ERROR) {
            answer_nothing(chunk, chunk->first + i, next - i, KERN_FAILURE);
        }
    }
}

void pager_answer(struct pager_object *object, mach_port_t control, uint64_t first, uint64_t count,
                  boolean_t again)
{
    struct chunk chunk = { .object = object, .control = control };

    object->transfers++;
    for (boolean_t last = FALSE; !last; first += chunk.count, count -= chunk.count) {
        last = count <= PAGER_CHUNK;
        chunk.first = first;
        chunk.count = last ? (unsigned)count : PAGER_CHUNK;
        pager_wait_idle(object, first, chunk.count);
        pager_pages_reserve(chunk.count);
        plan(&chunk, again);
        if (last) {
            pager_turn_end(object);
        }
        pager_unlock();
        carry_out(&chunk);
        pager_lock();
    }
    pager_transfer_done(object);
    pager_unlock();
}

/* Calls forget() for the pages that the kernel has taken; they are busy. Conditions: lock not held. */
static void forget_taken(struct pager_object *object, uint64_t first, unsigned count,
                         const bool *taken)
{
    for (unsigned i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && taken[next] == taken[i];) {
            next++;
        }
        if (taken[i]) {
            UNLOCKED(object->operations->forget(object->cookie, (first + i) * PAGE_SIZE,
                                                (next - i) * PAGE_SIZE));
            pages_done(object, first + i, next - i);
        }
    }
}

static struct pager_supply *supply_find(struct pager_object *object, mach_port_t control,
                                        uint64_t first)
{
    struct pager_supply *supply = object->supplies;

    while (supply != NULL && (supply->first != first || supply->control != control)) {
        supply = supply->next;
    }
    return supply;
}

/*
 * Pages that came back meanwhile or were asked for again are not the supply's any more, whatever the kernel says
 * (D-33, H-66). It stops at the first page that it refuses; those behind it may still be waited for.
 */
boolean_t pager_supply_over(struct pager_object *object, mach_port_t control, uint64_t first,
                            uint64_t accepted)
{
    struct pager_supply *supply = supply_find(object, control, first);
    bool taken[PAGER_CHUNK] = { false };

    if (supply == NULL) {
        return FALSE;
    }
    unsigned count = supply->count;
    accepted = accepted < count ? accepted : count;
    for (unsigned i = 0; i < accepted; i++) {
        struct pager_page *page = supplied_page(object, supply, i);
        if (page != NULL) {
            page->state = PAGER_OUT;
            page->busy = taken[i] = true;
        }
    }
    take_back(object, supply);
    object->transfers++;
    if (accepted + 1 < count) {
        pager_answer(object, control, first + accepted + 1, count - accepted - 1, TRUE);
    } else {
        pager_turn_end(object);
        pager_unlock();
    }
    forget_taken(object, first, count, taken);
    pager_lock();
    pager_transfer_done(object);
    pager_unlock();
    return TRUE;
}

void pager_drop_supplies(struct pager_object *object, mach_port_t control)
{
    for (struct pager_supply *supply = object->supplies, *next; supply != NULL; supply = next) {
        next = supply->next;
        if (supply->control == control) {
            take_back(object, supply);
        }
    }
}
