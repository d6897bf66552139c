/* SPDX-License-Identifier: BSD-2-Clause */
#include "returns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mach.h>
#include <mig/seqnos_memory_object_default_server.h>
#include <mig/seqnos_memory_object_server.h>

#include "object.h"
#include "records.h"
#include "statistics.h"
#include "store.h"
#include "transfer.h"
#include "writes.h"

enum fate {
    FATE_DROP,      /* the pager has this content already */
    FATE_OVERWRITE, /* in place */
    FATE_RESERVED,  /* into a block that is reserved */
    FATE_NEW,       /* into any block */
    FATE_REPLACE    /* of data held in memory */
};

/* What came in one message. */
struct returned {
    struct object *object;
    uint64_t first; /* page number of the next page that has no run yet */
    uint64_t count;
    vm_address_t data; /* of that page */
    bool dirty;
    bool initialize; /* data_initialize: only for pages that the pager has nothing for */
};

/* What becomes of some of them. */
struct run {
    bool write; /* else: only deallocate the data */
    struct write_run pages;
};

#define RUN_MAX 64u

struct plan {
    struct run runs[RUN_MAX];
    unsigned count;
};

static enum fate classify(const struct returned *returned, const struct record *record)
{
    if (record == NULL)
        return FATE_NEW;
    if (returned->initialize)
        return FATE_DROP;
    switch ((enum page_state)record->state) {
    case PAGE_STORED:
    case PAGE_SUPPLIED:
        return returned->dirty ? FATE_OVERWRITE : FATE_DROP;
    case PAGE_OUT:
        return FATE_RESERVED;
    case PAGE_HELD:
        return FATE_REPLACE;
    case PAGE_BAD:
        return FATE_NEW;
    }
    return FATE_NEW;
}

/* How many pages from the first on, at most a transfer, have the same fate. */
static uint32_t stretch(const struct returned *returned, enum fate fate)
{
    uint32_t count = 1;
    while (count < TRANSFER_PAGES && count < returned->count &&
           classify(returned, records_find(returned->object, returned->first + count)) == fate)
        count++;
    return count;
}

/* Makes a record's page STORED at a block, with a write to come. */
static void begin_write(struct record *record, block_t block)
{
    record->state = PAGE_STORED;
    record->block = block;
    record->busy = 1;
}

/* The state that a page leaves, when its data is to be written anew. */
static void leave_state(const struct record *record)
{
    if (record == NULL)
        return;
    if (record->state == PAGE_OUT)
        statistics.out--;
    if (record->state == PAGE_SUPPLIED)
        statistics.cancelled++;
    if (record->state == PAGE_BAD)
        statistics.bad_pages--;
}

/* Plans the writing of `wanted` pages that have no block; returns how many got one, possibly fewer,
   at least one unless no block is free: then the first page is held, and 1 returned. */
static uint32_t plan_new(
    struct returned *returned, enum fate fate, uint32_t wanted, struct run *run)
{
    struct object *object = returned->object;
    block_t block = BLOCK_NONE;
    uint32_t got =
        fate == FATE_RESERVED ? store_take_reserved(wanted, &block) : store_take(wanted, &block);
    if (got == 0) {
        leave_state(records_find(object, returned->first));
        if (fate == FATE_RESERVED)
            store_unreserve();
        writes_hold(object, returned->first, returned->data);
        return 1;
    }
    for (uint32_t i = 0; i < got; i++) {
        struct record *record = writes_record(object, returned->first + i);
        leave_state(record);
        begin_write(record, block + i);
    }
    *run = (struct run){true, {object, returned->first, got, block, returned->data}};
    return got;
}

/* Plans the overwriting of pages whose blocks lie side by side. */
static uint32_t plan_overwrite(struct returned *returned, uint32_t wanted, struct run *run)
{
    struct object *object = returned->object;
    block_t block = records_find(object, returned->first)->block;
    uint32_t count = 0;
    while (count < wanted) {
        struct record *record = records_find(object, returned->first + count);
        if (record->block != block + count)
            break;
        leave_state(record);
        begin_write(record, record->block);
        count++;
    }
    statistics.rewritten += count;
    *run = (struct run){true, {object, returned->first, count, block, returned->data}};
    return count;
}

/* Plans to forget data that the pager has: a hand-over in progress is cancelled (D-33, H-66). */
static uint32_t plan_drop(struct returned *returned, uint32_t count, struct run *run)
{
    for (uint32_t i = 0; i < count && !returned->initialize; i++) {
        struct record *record = records_find(returned->object, returned->first + i);
        leave_state(record);
        record->state = PAGE_STORED;
    }
    *run =
        (struct run){false, {returned->object, returned->first, count, BLOCK_NONE, returned->data}};
    return count;
}

/* Newer data for a page that is held: takes its place; the older is to be deallocated. */
static uint32_t plan_replace(struct returned *returned, struct run *run)
{
    struct record *record = records_find(returned->object, returned->first);
    *run = (struct run){false, {returned->object, returned->first, 1, BLOCK_NONE, record->data}};
    record->data = returned->data;
    return 1;
}

/* Plans what comes next in the message. Conditions: lock held, no page of the message is busy. */
static void plan_next(struct returned *returned, struct plan *plan)
{
    struct record *record = records_find(returned->object, returned->first);
    enum fate fate = classify(returned, record);
    uint32_t count = stretch(returned, fate);
    struct run run = {.pages.count = 0};
    switch (fate) {
    case FATE_DROP:
        count = plan_drop(returned, count, &run);
        break;
    case FATE_OVERWRITE:
        count = plan_overwrite(returned, count, &run);
        break;
    case FATE_REPLACE:
        count = plan_replace(returned, &run);
        break;
    case FATE_RESERVED:
    case FATE_NEW:
        count = plan_new(returned, fate, count, &run);
        break;
    }
    if (run.pages.count != 0) {
        returned->object->operations += run.write;
        plan->runs[plan->count++] = run;
    }
    returned->first += count;
    returned->count -= count;
    returned->data += count * PAGER_PAGE;
}

static void carry_out(const struct plan *plan)
{
    writes_report();
    for (unsigned i = 0; i < plan->count; i++) {
        const struct write_run *pages = &plan->runs[i].pages;
        if (plan->runs[i].write)
            writes_add(pages);
        else
            vm_deallocate(mach_task_self(), pages->data, pages->count * PAGER_PAGE);
    }
}

/* Conditions: in the object's turn, lock held; ends the turn and drops the lock. */
static void take_returned(struct returned *returned)
{
    struct object *object = returned->object;
    struct plan plan;
    bool last;
    object->operations++;
    do {
        object_wait_idle(object, returned->first, returned->count);
        plan.count = 0;
        while (returned->count > 0 && plan.count < RUN_MAX)
            plan_next(returned, &plan);
        last = returned->count == 0;
        if (last)
            object_leave(object);
        else
            pager_unlock();
        carry_out(&plan);
        pager_lock();
    } while (!last);
    object_operation_done(object);
    pager_unlock();
}

/* Enters the turn of a message that brings data; NULL if the message is not the kernel's. */
static struct object *enter_with_data(mach_port_t port, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_offset_t data, vm_size_t size)
{
    struct object *object = object_enter(port, seqno);
    if (object == NULL)
        return NULL;
    vm_offset_t end;
    if (offset % PAGER_PAGE == 0 && data % PAGER_PAGE == 0 && size % PAGER_PAGE == 0 &&
        !__builtin_add_overflow(offset, size, &end) && object_check_control(object, control))
        return object;
    statistics.forged++;
    object_leave(object);
    return NULL;
}

/* Pages come back (spec/emmi.md 5.3). Consumes the data. */
kern_return_t seqnos_memory_object_data_return(mach_port_t memory_object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_offset_t data, mach_msg_type_number_t size,
    boolean_t dirty, boolean_t kernel_copy)
{
    (void)kernel_copy; /* this pager never asks for copies */
    struct object *object = enter_with_data(memory_object, seqno, control, offset, data, size);
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    statistics.returned += size / PAGER_PAGE;
    struct returned returned = {object, offset / PAGER_PAGE, size / PAGER_PAGE, data, dirty, false};
    take_returned(&returned);
    return KERN_SUCCESS;
}

/* Old pages pushed into a copy: ignored where the pager has data (spec/emmi.md 5.8). */
kern_return_t seqnos_memory_object_data_initialize(mach_port_t memory_object,
    mach_port_seqno_t seqno, mach_port_t control, vm_offset_t offset, vm_offset_t data,
    mach_msg_type_number_t size)
{
    struct object *object = enter_with_data(memory_object, seqno, control, offset, data, size);
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    statistics.initialized += size / PAGER_PAGE;
    struct returned returned = {object, offset / PAGER_PAGE, size / PAGER_PAGE, data, true, true};
    take_returned(&returned);
    return KERN_SUCCESS;
}

/* A held page of the object that nobody is working on. */
static struct record *find_held(const struct object *object)
{
    struct record *record = records_first(object);
    while (record != NULL && (record->state != PAGE_HELD || record->busy))
        record = records_next(record);
    return record;
}

/* Takes one held page and a block for it. False: none of either. Conditions: lock held. */
static bool next_held(struct write_run *run)
{
    for (unsigned i = 0; i < OBJECT_MAX && statistics.held > 0; i++) {
        struct object *object = object_at(i);
        if (object == NULL || object->dead || object->held_count == 0)
            continue;
        struct record *record = find_held(object);
        if (record == NULL)
            continue;
        *run = (struct write_run){object, record->page, 1, BLOCK_NONE, record->data};
        if (store_take(1, &run->block) == 0)
            return false;
        begin_write(record, run->block);
        object->held_count--;
        object->operations++;
        statistics.held--;
        return true;
    }
    return false;
}

void returns_write_held(void)
{
    struct write_run run;
    for (;;) {
        pager_lock();
        bool found = next_held(&run);
        pager_unlock();
        if (!found)
            return;
        writes_add(&run);
    }
}
