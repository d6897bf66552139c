/* SPDX-License-Identifier: BSD-2-Clause */
#include "requests.h"

#include <stdbool.h>
#include <stddef.h>

#include <mach.h>
#include <mig/seqnos_memory_object_server.h>

#include "handovers.h"
#include "object.h"
#include "records.h"
#include "statistics.h"
#include "store.h"
#include "transfer.h"

enum run_kind { RUN_SKIP, RUN_UNAVAILABLE, RUN_ERROR, RUN_READ, RUN_HELD };

/* Pages side by side that get the same kind of answer. */
struct run {
    enum run_kind kind;
    uint32_t count;
    uint64_t first;
    block_t block;     /* RUN_READ: of the first page; the others follow it */
    vm_address_t data; /* RUN_HELD, always one page */
};

#define RUN_MAX 64u

struct plan {
    struct run runs[RUN_MAX];
    unsigned count;
};

static enum run_kind classify(const struct record *record, bool again)
{
    if (again)
        return record != NULL && record->state == PAGE_STORED ? RUN_READ : RUN_SKIP;
    if (record == NULL)
        return RUN_UNAVAILABLE;
    switch ((enum page_state)record->state) {
    case PAGE_STORED:
    case PAGE_SUPPLIED:
        return RUN_READ;
    case PAGE_HELD:
        return RUN_HELD;
    case PAGE_OUT: /* the kernel has lost the only copy */
    case PAGE_BAD:
        return RUN_ERROR;
    }
    return RUN_ERROR;
}

/* Appends a page to the plan, to the last run if it fits there. False: the plan is full. */
static bool plan_page(
    struct plan *plan, enum run_kind kind, uint64_t page, block_t block, vm_address_t data)
{
    struct run *last = plan->count == 0 ? NULL : &plan->runs[plan->count - 1];
    if (last != NULL && last->kind == kind && kind != RUN_HELD &&
        (kind != RUN_READ ||
            (block == last->block + last->count && last->count < TRANSFER_PAGES))) {
        last->count++;
        return true;
    }
    if (plan->count == RUN_MAX)
        return false;
    plan->runs[plan->count++] =
        (struct run){.kind = kind, .count = 1, .first = page, .block = block, .data = data};
    return true;
}

/*
 * Decides the answers for as many pages as fit in a plan, and marks what has data as busy.
 * Returns the pages planned. Conditions: lock held, none of the pages is busy.
 */
static uint64_t plan_answers(
    struct object *object, uint64_t first, uint64_t count, bool again, struct plan *plan)
{
    plan->count = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct record *record = records_find(object, first + i);
        enum run_kind kind = classify(record, again);
        bool read = kind == RUN_READ, held = kind == RUN_HELD;
        if (!plan_page(
                plan, kind, first + i, read ? record->block : BLOCK_NONE, held ? record->data : 0))
            return i;
        if (read || held)
            record->busy = 1;
        if (read && record->state == PAGE_SUPPLIED) {
            /* Asked for again before the completion of an earlier supply: that one frees no block.
             */
            record->state = PAGE_STORED;
            statistics.cancelled++;
        }
    }
    return count;
}

/* Puts a page whose supply did not reach the kernel back as it was. */
static void take_back(struct object *object, const struct run *run, struct handover *handover)
{
    pager_lock();
    for (uint32_t i = 0; i < run->count; i++) {
        struct record *record = records_find(object, run->first + i);
        if (record != NULL && record->state == PAGE_SUPPLIED && record->handover == handover->id)
            record->state = PAGE_STORED;
    }
    statistics.supplied_precious -= run->count;
    handover_end(object, handover);
    pager_unlock();
}

static kern_return_t supply(mach_port_t control, const struct run *run, vm_address_t data,
    bool deallocate, bool precious, mach_port_t reply)
{
    return memory_object_data_supply(control, run->first * PAGER_PAGE, data,
        (mach_msg_type_number_t)(run->count * PAGER_PAGE), deallocate, VM_PROT_NONE, precious,
        reply);
}

/*
 * Hands pages that were read to the kernel. They are SUPPLIED before the message goes out: the
 * completion may be handled by another thread before the call returns.
 */
static void supply_read(
    struct object *object, mach_port_t control, const struct run *run, vm_address_t data)
{
    pager_lock();
    struct handover *handover =
        object->external ? NULL : handover_begin(object, run->first, run->count);
    for (uint32_t i = 0; i < run->count; i++) {
        struct record *record = records_find(object, run->first + i);
        record->state = handover != NULL ? PAGE_SUPPLIED : PAGE_STORED;
        record->handover = handover != NULL ? handover->id : 0;
        object_page_done(object, record);
    }
    if (handover != NULL)
        statistics.supplied_precious += run->count;
    else
        statistics.supplied_kept += run->count;
    pager_unlock();

    mach_port_t reply = handover != NULL ? object->port : MACH_PORT_NULL;
    if (supply(control, run, data, true, handover != NULL, reply) == KERN_SUCCESS)
        return;
    vm_deallocate(mach_task_self(), data, run->count * PAGER_PAGE);
    if (handover != NULL)
        take_back(object, run, handover);
}

static void answer_error(
    struct object *object, mach_port_t control, const struct run *run, bool was_busy)
{
    pager_lock();
    for (uint32_t i = 0; was_busy && i < run->count; i++)
        object_page_done(object, records_find(object, run->first + i));
    statistics.errors += run->count;
    pager_unlock();
    memory_object_data_error(
        control, run->first * PAGER_PAGE, run->count * PAGER_PAGE, KERN_FAILURE);
}

/* A page alone gets a second try: its client dies otherwise, and a disk may stumble once. */
static bool read_run(const struct run *run, vm_address_t *data)
{
    return transfer_read(run->block, run->count, data) == KERN_SUCCESS ||
           (run->count == 1 && transfer_read(run->block, 1, data) == KERN_SUCCESS);
}

/* Reads and supplies; of a run with a bad block, the pages that can be read. */
static void answer_read(struct object *object, mach_port_t control, const struct run *run)
{
    vm_address_t data;
    if (read_run(run, &data)) {
        supply_read(object, control, run, data);
        return;
    }
    if (run->count == 1) {
        answer_error(object, control, run, true);
        return;
    }
    for (uint32_t i = 0; i < run->count; i++) {
        struct run single = {
            .kind = RUN_READ, .count = 1, .first = run->first + i, .block = run->block + i};
        answer_read(object, control, &single);
    }
}

/*
 * Gives the kernel a copy of a page that no block was free for, and keeps the page. It must not go
 * out precious: the kernel sends precious pages back even while it holds others back, since each
 * has a block reserved. This one has none.
 */
static void answer_held(struct object *object, mach_port_t control, const struct run *run)
{
    supply(control, run, run->data, false, false, MACH_PORT_NULL);
    pager_lock();
    object_page_done(object, records_find(object, run->first));
    statistics.supplied_held++;
    pager_unlock();
}

static void carry_out(struct object *object, mach_port_t control, const struct plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct run *run = &plan->runs[i];
        switch (run->kind) {
        case RUN_SKIP:
            break;
        case RUN_UNAVAILABLE:
            memory_object_data_unavailable(
                control, run->first * PAGER_PAGE, run->count * PAGER_PAGE);
            break;
        case RUN_ERROR:
            answer_error(object, control, run, false);
            break;
        case RUN_READ:
            answer_read(object, control, run);
            break;
        case RUN_HELD:
            answer_held(object, control, run);
            break;
        }
    }
}

static void count_unavailable(const struct plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->runs[i].kind == RUN_UNAVAILABLE)
            statistics.unavailable += plan->runs[i].count;
}

void requests_answer(struct object *object, uint64_t first, uint64_t count, int again)
{
    struct plan plan;
    mach_port_t control = object->control;
    bool last;
    object->operations++;
    do {
        object_wait_idle(object, first, count);
        uint64_t planned = plan_answers(object, first, count, again, &plan);
        count_unavailable(&plan);
        first += planned;
        count -= planned;
        last = count == 0;
        if (last)
            object_leave(object);
        else
            pager_unlock(); /* more than a plan holds: the rest is decided in this turn, too */
        carry_out(object, control, &plan);
        pager_lock();
    } while (!last);
    object_operation_done(object);
    pager_unlock();
}

/* The kernel needs pages (spec/emmi.md 5.2). The control right stays as a reference on its name. */
kern_return_t seqnos_memory_object_data_request(mach_port_t memory_object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, vm_prot_t desired_access)
{
    (void)desired_access;
    struct object *object = object_enter(memory_object, seqno);
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    vm_offset_t end;
    if (offset % PAGER_PAGE != 0 || __builtin_add_overflow(offset, length, &end) ||
        !object_check_control(object, control)) {
        statistics.forged++;
        object_leave(object);
        return KERN_INVALID_ARGUMENT;
    }
    statistics.requested += length / PAGER_PAGE;
    requests_answer(object, offset / PAGER_PAGE, length / PAGER_PAGE, false);
    return KERN_SUCCESS;
}
