/* SPDX-License-Identifier: BSD-2-Clause */
#include "writes.h"

#include <stdbool.h>
#include <stddef.h>

#include <mach.h>

#include "object.h"
#include "records.h"
#include "statistics.h"
#include "store.h"
#include "transfer.h"

/* Queued runs that are looked at for one that continues a transfer. */
#define LOOK_AHEAD 64u

struct queued_run {
    struct queued_run *next;
    struct write_run run;
};

static struct queued_run pool[WRITES_QUEUED_MAX];
static struct queued_run *free_list, *queue;
static struct queued_run **queue_end = &queue;
static unsigned writers;
static bool report_due; /* paging space was exhausted for the first time */

void writes_init(void)
{
    for (unsigned i = 0; i < WRITES_QUEUED_MAX; i++) {
        pool[i].next = free_list;
        free_list = &pool[i];
    }
}

struct record *writes_record(struct object *object, uint64_t page)
{
    struct record *record = records_find(object, page);
    while (record == NULL && (record = records_add(object, page)) == NULL)
        pager_pause();
    return record;
}

void writes_hold(struct object *object, uint64_t page, vm_address_t data)
{
    struct record *record = writes_record(object, page);
    record->state = PAGE_HELD;
    record->data = data;
    object->held_count++;
    statistics.held++;
    if (statistics.exhausted++ == 0)
        __atomic_store_n(&report_due, true, __ATOMIC_RELAXED);
}

void writes_report(void)
{
    if (__atomic_exchange_n(&report_due, false, __ATOMIC_RELAXED))
        mach_print("default_pager: paging space exhausted\n");
}

/* Conditions: lock held. */
static void pages_done(const struct write_run *run)
{
    for (uint32_t i = 0; i < run->count; i++)
        object_page_done(run->object, records_find(run->object, run->first + i));
}

/* A page whose block failed goes to another one, or stays in memory if there is none. */
static bool relocate(struct write_run *page)
{
    pager_lock();
    struct record *record = records_find(page->object, page->first);
    store_retire(page->block);
    bool found = store_take_elsewhere(page->block, &page->block) == 1;
    if (found) {
        record->block = page->block;
    } else {
        writes_hold(page->object, page->first, page->data);
        object_page_done(page->object, record);
    }
    pager_unlock();
    return found;
}

static void give_up(const struct write_run *page)
{
    pager_lock();
    struct record *record = records_find(page->object, page->first);
    store_retire(page->block);
    record->state = PAGE_BAD;
    record->block = BLOCK_NONE;
    statistics.bad_pages++;
    object_page_done(page->object, record);
    pager_unlock();
    vm_deallocate(mach_task_self(), page->data, PAGER_PAGE);
}

static void page_written(const struct write_run *page)
{
    pager_lock();
    pages_done(page);
    pager_unlock();
    vm_deallocate(mach_task_self(), page->data, PAGER_PAGE);
}

/* Writes a run that was part of a failed transfer page by page, each at most once more elsewhere.
 */
static void write_carefully(const struct write_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        struct write_run page = {
            run->object, run->first + i, 1, run->block + i, run->data + i * PAGER_PAGE};
        if (transfer_write(page.block, 1, page.data) == KERN_SUCCESS)
            page_written(&page);
        else if (!relocate(&page))
            continue;
        else if (transfer_write(page.block, 1, page.data) == KERN_SUCCESS)
            page_written(&page);
        else
            give_up(&page);
    }
}

static void end_operation(const struct write_run *run)
{
    pager_lock();
    object_operation_done(run->object);
    pager_unlock();
}

/* Takes the run out of the queue that goes on where a transfer ends; NULL if there is none. */
static struct queued_run *take_continuation(block_t block, vm_address_t data, uint32_t room)
{
    struct queued_run **link = &queue;
    for (unsigned i = 0; i < LOOK_AHEAD && *link != NULL; i++, link = &(*link)->next) {
        struct queued_run *found = *link;
        if (found->run.block != block || found->run.data != data || found->run.count > room)
            continue;
        *link = found->next;
        if (queue_end == &found->next)
            queue_end = link;
        found->next = NULL;
        return found;
    }
    return NULL;
}

/* Takes the oldest run and what continues it; *pages is the length of all. Conditions: lock held,
   the queue is not empty. */
static struct queued_run *take_batch(uint32_t *pages)
{
    struct queued_run *batch = queue, *last = batch;
    queue = batch->next;
    if (queue == NULL)
        queue_end = &queue;
    batch->next = NULL;
    *pages = batch->run.count;
    while (*pages < TRANSFER_PAGES) {
        struct queued_run *more = take_continuation(batch->run.block + *pages,
            batch->run.data + *pages * PAGER_PAGE, TRANSFER_PAGES - *pages);
        if (more == NULL)
            break;
        *pages += more->run.count;
        last->next = more;
        last = more;
    }
    return batch;
}

/* Conditions: lock held. */
static void batch_done(struct queued_run *batch, bool written)
{
    while (batch != NULL) {
        struct queued_run *next = batch->next;
        if (written)
            pages_done(&batch->run);
        object_operation_done(batch->run.object);
        batch->next = free_list;
        free_list = batch;
        batch = next;
    }
}

/* Writes one batch. Conditions: lock held; dropped meanwhile. */
static void write_batch(void)
{
    uint32_t pages;
    struct queued_run *batch = take_batch(&pages);
    vm_address_t data = batch->run.data;
    pager_unlock();
    bool written = transfer_write(batch->run.block, pages, data) == KERN_SUCCESS;
    for (struct queued_run *part = batch; !written && part != NULL; part = part->next)
        write_carefully(&part->run);
    pager_lock();
    batch_done(batch, written);
    if (!written)
        return;
    pager_unlock();
    vm_deallocate(mach_task_self(), data, pages * PAGER_PAGE);
    pager_lock();
}

/* Puts a run into the queue. False: there is no room. Conditions: lock held. */
static bool enqueue(const struct write_run *run)
{
    struct queued_run *queued = free_list;
    if (queued == NULL)
        return false;
    free_list = queued->next;
    *queued = (struct queued_run){.run = *run};
    *queue_end = queued;
    queue_end = &queued->next;
    return true;
}

void writes_add(const struct write_run *run)
{
    pager_lock();
    if (!enqueue(run)) {
        pager_unlock();
        write_carefully(run);
        end_operation(run);
        return;
    }
    if (writers < WRITERS_MAX) {
        writers++;
        while (queue != NULL)
            write_batch();
        writers--;
    }
    pager_unlock();
}
