/* SPDX-License-Identifier: BSD-2-Clause */
#include "moves.h"

#include <stdbool.h>
#include <stddef.h>

#include <mach.h>

#include "object.h"
#include "records.h"
#include "store.h"
#include "transfer.h"

/* A page on its way from one block to another. */
struct move {
    struct object *object;
    uint64_t page;
    block_t from, to;
};

/* A page of the object in that store that nobody is working on. */
static struct record *find_page(const struct object *object, const struct store *store)
{
    struct record *record = records_first(object);
    while (record != NULL &&
           (record->state != PAGE_STORED || record->busy || !store_has(store, record->block)))
        record = records_next(record);
    return record;
}

/* Chooses a page and a block for it; the page is busy then. False: none of either. Conditions: lock held. */
static bool begin(const struct store *store, struct move *move)
{
    for (unsigned i = 0; i < OBJECT_MAX; i++) {
        struct object *object = object_at(i);
        struct record *record =
            object == NULL || object->dead ? NULL : find_page(object, store);
        if (record == NULL)
            continue;
        *move = (struct move){object, record->page, record->block, BLOCK_NONE};
        if (store_take(1, &move->to) == 0)
            return false;
        record->busy = 1;
        object->operations++;
        return true;
    }
    return false;
}

static bool copy(const struct move *move)
{
    vm_address_t data;
    if (transfer_read(move->from, 1, &data) != KERN_SUCCESS)
        return false;
    bool written = transfer_write(move->to, 1, data) == KERN_SUCCESS;
    vm_deallocate(mach_task_self(), data, PAGER_PAGE);
    return written;
}

/* Conditions: lock held. */
static void end(const struct move *move, bool good)
{
    struct record *record = records_find(move->object, move->page);
    if (good)
        record->block = move->to;
    store_give(good ? move->from : move->to);
    object_page_done(move->object, record);
    object_operation_done(move->object);
}

void moves_empty(const struct store *store, unsigned limit)
{
    struct move move;
    bool good = true;
    pager_lock();
    while (good && limit-- > 0 && begin(store, &move)) {
        pager_unlock();
        good = copy(&move);
        pager_lock();
        end(&move, good);
    }
    pager_unlock();
}
