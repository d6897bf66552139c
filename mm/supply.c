/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_data_supply (spec/emmi.md 5.2; D-04 to D-10, D-27, D-32, D-33).
 *
 * Everything is checked first; then the call succeeds, consumes data and reply right, and goes through
 * the pages in order. A page goes in where a placeholder waits for it, and nowhere else. The first that
 * does not stops the supply: what follows is refused, and if precious goes back to the manager
 * before the completion that tells of it.
 *
 * Over a sleep (source pages, a busy slot) the call holds the object's reference from the port's
 * translation and one paging_in_progress, which keeps terminate behind the completion (O10). Slots are
 * looked at again after each sleep.
 */
#include "mm/supply.h"

#include <mig/mach_server.h>

#include "ipc/port.h"
#include "kernel/clock.h"
#include "kernel/sched.h"
#include "mm/manager.h"
#include "mm/page_trace.h"
#include "mm/pageout_page.h"
#include "mm/placeholder.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_pages.h"
#include "mm/vm_object.h"

#define SUPPLY_CHUNK_PAGES 64u        /* between preemption points */
#define RETURN_BATCH_PAGES 32u
#define BUSY_WAIT_MS 20u              /* for a slot that an operation holds */
#define OFFSET_END (UINT64_C(1) << 63)

struct supply {
    struct vm_object *object;
    struct vm_copy *copy;
    vm_offset_t start;       /* of page 0 in the object */
    vm_size_t pages;
    vm_size_t accepted;      /* pages [0, accepted) are in */
    struct page *held;       /* page `accepted`, taken from the copy but not put in */
    vm_prot_t lock_value;
    bool precious;
    uint16_t number;         /* marks accepted pages until the completion is queued; 0: no reply */
    kern_return_t result;
};

bool supply_debug_evict;

static const struct wait_reason waits_for_slot = {"page in use to be supplied", manager_describe};

static vm_offset_t offset_of(const struct supply *supply, vm_size_t index)
{
    return supply->start + index * PAGE_BYTES;
}

/* The slot of the placeholder that waits for the page, or NULL. */
static inline void **waiting_slot(const struct supply *supply, vm_size_t index)
{
    void **slot = vm_object_slot(supply->object, offset_of(supply, index));

    return slot && page_is_requested(*slot) ? slot : NULL;
}

/* The same, but gives an operation that holds the slot one chance to end. */
static void **settled_slot(const struct supply *supply, vm_size_t index)
{
    struct page *page = vm_object_page(supply->object, offset_of(supply, index));

    if (page && page->busy && !page_is_requested(page)) {
        page->wanted = true;
        event_sleep(page, &waits_for_slot, supply->object, WAIT_INTERRUPTIBLE,
                    deadline_after_ms(BUSY_WAIT_MS));
    }
    return waiting_slot(supply, index);
}

static uint16_t next_number(struct vm_object *object)
{
    if (++object->supply_number == 0)
        object->supply_number = 1;
    return object->supply_number;
}

/* The page is as vm_copy_take_page() gives it: clean, and of no state. */
static inline void accept_page(const struct supply *supply, void **slot, struct page *page)
{
    page->precious = supply->precious;
    page->lock = supply->lock_value;
    page->unlock_request = VM_PROT_NONE;
    page->supply_pending = supply->number;
    if (supply->object->copy)
        page->needs_push = true;
    placeholder_fill(slot, page);
    page_activate(page);
    page_counts.pageins++;
}

/* Puts pages in until one is refused or cannot be read. */
static void accept_pages(struct supply *supply)
{
    while (supply->accepted < supply->pages) {
        void **slot = settled_slot(supply, supply->accepted);
        struct page *page;

        if (!slot) {
            supply->result = KERN_MEMORY_PRESENT;
            return;
        }
        if (vm_copy_take_page(supply->copy, supply->accepted, &page) != KERN_SUCCESS) {
            supply->result = KERN_MEMORY_ERROR; /* D-27 */
            return;
        }
        slot = waiting_slot(supply, supply->accepted);
        if (!slot) {
            supply->held = page;
            supply->result = KERN_MEMORY_PRESENT;
            return;
        }
        accept_page(supply, slot, page);
        supply->accepted++;
        if (supply_debug_evict && supply->accepted < supply->pages)
            pageout_evict(page);
        if (supply->accepted % SUPPLY_CHUNK_PAGES == 0)
            sched_yield();
    }
}

/* What is common: the pages are frames at hand, and placeholders wait for all of them. True: that is done,
   without a sleep; false: those before the first that is not so are in. */
static bool accept_frames(struct supply *supply)
{
    struct list_node *node;
    void **slot;

    while (supply->copy && (node = list_first(&supply->copy->frames)) != NULL &&
           (slot = waiting_slot(supply, supply->accepted)) != NULL) {
        list_remove(node);
        accept_page(supply, slot, list_entry(node, struct page, queue_link));
        supply->accepted++;
    }
    return supply->accepted == supply->pages && supply->pages > 0;
}

/* What is in without a sleep before is marked too, now that there may be one before the completion. */
static void mark_accepted(struct supply *supply)
{
    supply->number = next_number(supply->object);
    for (vm_size_t i = 0; i < supply->accepted; i++)
        vm_object_page(supply->object, offset_of(supply, i))->supply_pending = supply->number;
}

/* --- what was refused --- */

struct batch {
    struct page *pages[RETURN_BATCH_PAGES];
    unsigned count;
    vm_offset_t start;
};

/* Sends a run of refused pages back; they are the manager's only copy, so memory is waited for. */
static void batch_send(const struct supply *supply, struct batch *batch)
{
    kern_return_t code;

    if (batch->count == 0)
        return;
    for (;;) {
        code = manager_data_return(supply->object, batch->start, batch->pages, batch->count, false,
                                   false);
        if (code != KERN_RESOURCE_SHORTAGE)
            break;
        page_wait_for_memory(WAIT_UNINTERRUPTIBLE);
    }
    for (unsigned i = 0; code != KERN_SUCCESS && i < batch->count; i++)
        page_free(batch->pages[i]);
    batch->count = 0;
}

/* D-08: refused precious pages go back, contiguous ones together. A page that cannot be read is left. */
static void return_refused(struct supply *supply)
{
    struct batch batch = {.count = 0};

    for (vm_size_t i = supply->accepted; i < supply->pages; i++) {
        struct page *page = supply->held;

        supply->held = NULL;
        if (!page && vm_copy_take_page(supply->copy, i, &page) != KERN_SUCCESS) {
            batch_send(supply, &batch);
            continue;
        }
        if (batch.count == 0)
            batch.start = offset_of(supply, i);
        batch.pages[batch.count++] = page;
        if (batch.count == RETURN_BATCH_PAGES) {
            batch_send(supply, &batch);
            sched_yield();
        }
    }
    batch_send(supply, &batch);
}

/* Nobody else would ask: memory is waited for, but not against the thread's will. */
static void ask_again(struct vm_object *object, vm_offset_t offset, vm_prot_t access)
{
    while (manager_data_request(object, offset, PAGE_BYTES, access) == KERN_RESOURCE_SHORTAGE)
        if (page_wait_for_memory(WAIT_INTERRUPTIBLE) == WAIT_INTERRUPTED)
            return;
}

/* D-10: without a reply port the manager cannot know what is still missing: asks once more. */
static void request_again(const struct supply *supply)
{
    vm_offset_t at = offset_of(supply, supply->accepted);
    vm_offset_t end = offset_of(supply, supply->pages);
    struct page *page;

    while ((page = vm_object_next_page(supply->object, at, end)) != NULL) {
        at = page->offset + PAGE_BYTES;
        if (!page_is_requested(page) || page->re_requested)
            continue;
        page->re_requested = true;
        ask_again(supply->object, page->offset, page->unlock_request);
    }
}

static void dispose_of_refused(struct supply *supply, bool told)
{
    if (supply->result == KERN_SUCCESS)
        return;
    if (supply->precious)
        return_refused(supply);
    else if (supply->held)
        page_free(supply->held);
    vm_copy_discard(supply->copy); /* who waits for memory next does not hold any */
    supply->copy = NULL;
    if (!told)
        request_again(supply);
}

/* The completion is queued: accepted pages may be evicted (D-33). */
static void release_accepted(const struct supply *supply)
{
    vm_offset_t at = supply->start, end = offset_of(supply, supply->accepted);
    struct page *page;

    while (supply->number != 0 && (page = vm_object_next_page(supply->object, at, end)) != NULL) {
        at = page->offset + PAGE_BYTES;
        if (page->supply_pending == supply->number)
            page->supply_pending = 0;
    }
}

/*
 * The call, everything checked. Consumes copy and reply right.
 */
static void supply_run(struct vm_object *object, vm_offset_t offset, struct vm_copy *copy,
                       vm_size_t pages, vm_prot_t lock_value, bool precious,
                       struct reply_right reply)
{
    struct supply supply = {.object = object, .copy = copy, .pages = pages,
                            .start = offset - object->paging_offset, .lock_value = lock_value,
                            .precious = precious, .result = KERN_SUCCESS};
    bool told = PORT_VALID(reply.port);
    struct page *first;

    if (precious)
        object->use_old_pageout = false; /* D-12 */
    if (!supply_debug_evict && accept_frames(&supply)) {
        page_trace(PORTHOLE_TRACE_SUPPLY, precious, object, supply.start, pages);
        manager_supply_completed(reply, object, offset, pages * PAGE_BYTES, KERN_SUCCESS, 0);
        vm_copy_free(copy);
        return;
    }
    vm_object_paging_begin(object);
    if (told)
        mark_accepted(&supply);
    accept_pages(&supply);
    if (supply.accepted > 0)
        page_trace(PORTHOLE_TRACE_SUPPLY, precious, object, supply.start, supply.accepted);
    if (supply.result != KERN_SUCCESS)
        page_trace(PORTHOLE_TRACE_REFUSE, (uint32_t)supply.result, object,
                   offset_of(&supply, supply.accepted), pages - supply.accepted);
    dispose_of_refused(&supply, told);
    manager_supply_completed(reply, object, offset, supply.accepted * PAGE_BYTES, supply.result,
                             supply.result == KERN_SUCCESS
                                 ? 0 : offset + supply.accepted * PAGE_BYTES);
    release_accepted(&supply);
    first = vm_object_page(object, supply.start);
    if (supply_debug_evict && supply.accepted > 1 && first)
        pageout_evict(first);
    vm_copy_discard(supply.copy);
    vm_object_paging_end(object);
}

/*
 * On success data and reply right are consumed; on an argument error nothing is, and the request is
 * destroyed by who dispatched it, which is all that the manager learns (D-01).
 */
kern_return_t memory_object_data_supply(vm_object_t object, vm_offset_t offset, vm_offset_t data,
                                        mach_msg_type_number_t data_bytes, vm_prot_t lock_value,
                                        boolean_t precious, ipc_port_t reply_to,
                                        mach_msg_type_name_t reply_type)
{
    vm_size_t pages = data_bytes / PAGE_BYTES;
    struct reply_right reply = {reply_to, reply_type};

    if (!object || !reply_right_valid(reply) || (lock_value & ~VM_PROT_ALL) != 0 || !page_aligned(offset))
        return KERN_INVALID_ARGUMENT;
    if (offset > OFFSET_END - pages * PAGE_BYTES)
        return KERN_INVALID_ARGUMENT;
    supply_run(object, offset, (struct vm_copy *)data, pages, lock_value, precious != FALSE, reply);
    return KERN_SUCCESS;
}

/* The older form: never precious, nobody told. */
kern_return_t memory_object_data_provided(vm_object_t object, vm_offset_t offset, vm_offset_t data,
                                          mach_msg_type_number_t data_bytes, vm_prot_t lock_value)
{
    return memory_object_data_supply(object, offset, data, data_bytes, lock_value, FALSE, NULL, 0);
}
