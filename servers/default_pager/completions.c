/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel tells what became of a supply: supply_completed; and asks what became of returns: synchronize.
 *
 * Only now, and only for pages that it accepted, are blocks freed; one is reserved for each,
 * because the kernel holds the only copy from here on and will give it back (spec/emmi.md 5.8). A
 * page that came back between its supply and this message is no longer SUPPLIED: it keeps its block
 * (D-33).
 */
#include <stddef.h>

#include <mach.h>
#include <mig/seqnos_memory_object_server.h>

#include "handovers.h"
#include "object.h"
#include "records.h"
#include "requests.h"
#include "statistics.h"
#include "store.h"

/* The page's record, if it still belongs to this hand-over. */
static struct record *handed_over(
    const struct object *object, const struct handover *handover, uint32_t index)
{
    struct record *record = records_find(object, handover->first + index);
    if (record == NULL || record->state != PAGE_SUPPLIED || record->handover != handover->id)
        return NULL;
    return record;
}

static void accept(struct record *record)
{
    store_give_reserving(record->block);
    record->block = BLOCK_NONE;
    record->state = PAGE_OUT;
    statistics.freed_blocks++;
    statistics.out++;
}

/* Settles every page of the hand-over. Conditions: lock held, in the object's turn. */
static void settle(struct object *object, const struct handover *handover, uint32_t accepted)
{
    for (uint32_t i = 0; i < handover->count; i++) {
        struct record *record = handed_over(object, handover, i);
        if (record == NULL)
            continue;
        if (i < accepted)
            accept(record);
        else
            record->state = PAGE_STORED;
    }
    statistics.completed += handover->count;
    statistics.accepted += accepted;
    statistics.refused += handover->count - accepted;
}

/*
 * A supply of the pager is over (spec/emmi.md 5.2, D-06..D-09). The kernel stops at the first page
 * that it refuses: those behind that one may still be waited for, so they are supplied again
 * (D-10).
 */
kern_return_t seqnos_memory_object_supply_completed(mach_port_t reply_port, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, kern_return_t result,
    vm_offset_t error_offset)
{
    (void)error_offset; /* is where the accepted length ends */
    struct object *object = object_enter(reply_port, seqno);
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    struct handover *handover = handover_find(object, offset / PAGER_PAGE);
    if (offset % PAGER_PAGE != 0 || handover == NULL || !object_check_control(object, control)) {
        statistics.forged++;
        object_leave(object);
        return KERN_INVALID_ARGUMENT;
    }
    vm_size_t pages = length / PAGER_PAGE;
    uint32_t accepted = pages < handover->count ? (uint32_t)pages : handover->count;
    uint64_t retry = handover->first + accepted + 1, end = handover->first + handover->count;
    settle(object, handover, accepted);
    handover_end(object, handover);
    if (result == KERN_SUCCESS || retry >= end)
        object_leave(object);
    else
        requests_answer(object, retry, end - retry, true);
    return KERN_SUCCESS;
}

/*
 * A client has what came back before this stored (vm_msync): answered when the transfers are done. A page that is
 * held for lack of a block is as safe as this pager can keep it.
 */
kern_return_t seqnos_memory_object_synchronize(mach_port_t port, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, vm_sync_t flags)
{
    (void)flags;
    struct object *object = object_enter(port, seqno);
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    if (!object_check_control(object, control)) {
        statistics.forged++;
        object_leave(object);
        return KERN_INVALID_ARGUMENT;
    }
    object_wait_quiet(object);
    pager_unlock(); /* the turn is kept, and with it the control port */
    memory_object_synchronize_completed(control, offset, length);
    pager_lock();
    object_leave(object);
    return KERN_SUCCESS;
}

/* This pager locks nothing and changes no attributes, so nobody completes or asks to unlock such.
 */
static kern_return_t unexpected(mach_port_t port, mach_port_seqno_t seqno)
{
    struct object *object = object_enter(port, seqno);
    if (object != NULL) {
        statistics.forged++;
        object_leave(object);
    }
    return KERN_INVALID_ARGUMENT;
}

kern_return_t seqnos_memory_object_lock_completed(mach_port_t port, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length)
{
    (void)control, (void)offset, (void)length;
    return unexpected(port, seqno);
}

kern_return_t seqnos_memory_object_data_unlock(mach_port_t port, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, vm_prot_t access)
{
    (void)control, (void)offset, (void)length, (void)access;
    return unexpected(port, seqno);
}

kern_return_t seqnos_memory_object_change_completed(mach_port_t port, mach_port_seqno_t seqno,
    boolean_t may_cache, memory_object_copy_strategy_t strategy)
{
    (void)may_cache, (void)strategy;
    return unexpected(port, seqno);
}

kern_return_t seqnos_memory_object_copy(mach_port_t port, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, mach_port_t new_object)
{
    (void)control, (void)offset, (void)length, (void)new_object;
    return unexpected(port, seqno);
}
