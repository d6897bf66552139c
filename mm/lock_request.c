/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_lock_request (spec/emmi.md 5.4, D-17, D-21, D-28).
 *
 * A job goes once over the pages that are resident. Pages to be returned gather in a batch of
 * contiguous ones with the same flags; a batch is sent before the job sleeps or skips. A flush leaves
 * wired pages marked; the job then stays with the object as a pending flush, and the reaper ends
 * it when they are unwired. (A page that is wired only while a flush sleeps is cleaned: it was not wired at
 * the time of the call. So is one that vm_msync finds wired.)
 */
#include "mm/lock_request.h"

#include <mig/mach_server.h>

#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/x86_64/kernel_lock.h"
#include "mm/fault_request.h"
#include "mm/kept_pages.h"
#include "mm/kmem.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/page_trace.h"
#include "mm/pmap.h"

#define RETURN_BATCH_PAGES 32u
#define CHUNK_PAGES 256u
#define PENDING_MAX 1024u
#define FRAMES_FOR_MESSAGES 8u   /* free frames below which a return might not be sent */

/* A flush that waits for unwiring; on object->pending_replies, oldest first. */
struct pending_flush {
    struct list_node link;
    struct object_range range;
    vm_offset_t offset;               /* as the manager gave them */
    vm_size_t size;
    memory_object_return_t should_return;
    struct reply_right reply;         /* owned */
};

#define BATCH_DIRTY 1
#define BATCH_KERNEL_COPY 2

struct lock_job {
    struct vm_object *object;
    struct object_range range;
    memory_object_return_t should_return;
    bool flush;
    bool only_pending;                /* only pages marked flush_pending */
    bool may_wait;                    /* there is a pending_flush for what is wired */
    vm_prot_t lock_value;
    bool left_wired;                  /* a flush left a wired page marked */
    bool interrupted;                 /* the manager's thread was aborted: no further page is looked at */

    struct page *batch[RETURN_BATCH_PAGES]; /* in no object, the job's */
    unsigned batch_count;
    vm_offset_t batch_start, batch_end;
    uint8_t batch_kind;               /* BATCH_* */
    bool returned;                    /* something was sent back */
};

static struct kmem_cache pending_cache;
static const struct wait_reason waits_for_page = {"page in use to be locked or flushed",
                                                  manager_describe};

void lock_request_init(void)
{
    kmem_cache_init(&pending_cache, "pending-flush", sizeof(struct pending_flush), 0, PENDING_MAX);
}

/* --- returning --- */

static void batch_send(struct lock_job *job)
{
    kern_return_t code;

    if (job->batch_count == 0)
        return;
    while ((code = manager_data_return(job->object, job->batch_start, job->batch, job->batch_count,
                                       job->batch_kind & BATCH_DIRTY,
                                       job->batch_kind & BATCH_KERNEL_COPY)) ==
           KERN_RESOURCE_SHORTAGE)
        page_wait_for_memory(WAIT_UNINTERRUPTIBLE);
    for (unsigned i = 0; code != KERN_SUCCESS && i < job->batch_count; i++)
        page_free(job->batch[i]);
    job->returned = job->returned || code == KERN_SUCCESS;
    job->batch_count = 0;
}

static inline void batch_add(struct lock_job *job, vm_offset_t offset, struct page *page, uint8_t kind)
{
    if (offset != job->batch_end || kind != job->batch_kind)
        batch_send(job);
    if (job->batch_count == 0) {
        job->batch_start = offset;
        job->batch_kind = kind;
    }
    job->batch_end = offset + PAGE_BYTES;
    job->batch[job->batch_count++] = page;
    if (job->batch_count == RETURN_BATCH_PAGES)
        batch_send(job);
}

static bool must_return(const struct lock_job *job, const struct page *page)
{
    switch (job->should_return) {
    case MEMORY_OBJECT_RETURN_DIRTY: return page->dirty;
    case MEMORY_OBJECT_RETURN_ALL: return page->dirty || page->precious;
    case MEMORY_OBJECT_RETURN_ANYTHING: return true;
    case LOCK_RETURN_PRECIOUS: return page->precious;
    default: return false;
    }
}

/* The page leaves the cache: returned or dropped. It is unmapped and harvested. */
static void flush_page(struct lock_job *job, struct page *page)
{
    vm_offset_t offset = page->offset;

    if (!must_return(job, page)) {
        vm_object_free_page(page);
        return;
    }
    vm_object_remove(page);
    page_wake(page, WAIT_AWAKENED);
    page->flush_pending = false;
    batch_add(job, offset, page, page->dirty ? BATCH_DIRTY : 0);
}

/* The page stays; the manager gets a copy of one moment. False: no frame for the copy now. */
static bool clean_page(struct lock_job *job, struct page *page)
{
    struct page *copy = page_alloc();
    bool dirty;

    if (!copy)
        return false;
    if (kernel_lock_shared) /* others write while this copies: they fault, and then wait for the lock */
        pmap_page_protect(page, VM_PROT_ALL & ~VM_PROT_WRITE);
    dirty = page->dirty; /* by writes up to now; a later one sets it again */
    page->dirty = false;
    page_copy(page, copy);
    batch_add(job, page->offset, copy, BATCH_KERNEL_COPY | (dirty ? BATCH_DIRTY : 0));
    return true;
}

/* Revokes what the new lock prohibits; who waits for the page looks again, also if nothing changed. */
static void restrict_page(struct page *page, vm_prot_t lock_value)
{
    /* What may be written can be read too: without READ nothing may stay mapped. */
    if ((lock_value & ~page->lock) != 0)
        pmap_page_protect(page, lock_value & VM_PROT_READ ? VM_PROT_NONE
                                                          : VM_PROT_ALL & ~lock_value);
    page->lock = lock_value;
    page->unlock_request = VM_PROT_NONE;
    page_wake(page, WAIT_AWAKENED);
}

/* One resident page, not busy. False: try again when there is memory. */
static bool job_page(struct lock_job *job, struct page *page)
{
    if (job->flush && page->wire_count > 0 && job->may_wait) {
        page->flush_pending = true;
        job->left_wired = true;
        return true;
    }
    if (job->flush && page->wire_count == 0) {
        pmap_page_protect(page, VM_PROT_NONE);
        flush_page(job, page);
        return true;
    }
    if (job->lock_value != VM_PROT_NO_CHANGE)
        restrict_page(page, job->lock_value);
    pmap_harvest(page);
    return !must_return(job, page) || clean_page(job, page);
}

static void wait_for_memory(struct lock_job *job)
{
    static const struct wait_reason reason = {"memory to return pages with", NULL};

    batch_send(job);
    if (page_wait_for_memory(WAIT_INTERRUPTIBLE) == WAIT_INTERRUPTED)
        job->interrupted = true;
    /* The reaper finds a frame of the reserve at once: those who make more of them have to run. */
    else if (thread_current()->vm_privileged)
        fault_pause(&reason, WAIT_UNINTERRUPTIBLE);
}

/* A page that is kept for the manager is looked at like any other. */
static void bring_back(struct lock_job *job, vm_offset_t offset)
{
    kern_return_t code;

    if (page_counts.free <= page_levels.reserved_internal) {
        wait_for_memory(job);
        return;
    }
    batch_send(job);
    code = kept_bring_back(job->object, offset, WAIT_INTERRUPTIBLE);
    if (code == KERN_ABORTED)
        job->interrupted = true;
    else if (code == KERN_RESOURCE_SHORTAGE)
        wait_for_memory(job);
    else if (code != KERN_SUCCESS)
        kept_forget(job->object, offset); /* the default pager has lost it */
}

/* The next page to look at, not busy; sleeps for busy ones, and for memory when it is very short. */
static struct page *next_page(struct lock_job *job)
{
    /* Whoever's manager is gone meanwhile keeps what he has (D-23). */
    while (!job->interrupted && job->object->association == ASSOCIATION_READY) {
        vm_offset_t kept = !job->object->kept ? job->range.end
                           : kept_next(job->object, job->range.start, job->range.end);
        struct page *page = vm_object_next_page(job->object, job->range.start, kept);

        if (!page && kept < job->range.end) {
            bring_back(job, kept);
            continue;
        }
        if (!page)
            return NULL;
        if (page->absent || page->returning || (job->only_pending && !page->flush_pending)) {
            job->range.start = page->offset + PAGE_BYTES;
            continue;
        }
        if (!page->busy && page_counts.free > FRAMES_FOR_MESSAGES)
            return page;
        if (!page->busy) {
            wait_for_memory(job);
            continue;
        }
        batch_send(job);
        if (page_sleep(page, &waits_for_page, WAIT_INTERRUPTIBLE) == WAIT_INTERRUPTED)
            job->interrupted = true;
    }
    return NULL;
}

static void job_run(struct lock_job *job)
{
    struct page *page;

    for (unsigned walked = 1; (page = next_page(job)) != NULL; walked++) {
        vm_offset_t offset = page->offset;

        if (job_page(job, page)) {
            job->range.start = offset + PAGE_BYTES;
        } else {
            wait_for_memory(job);
        }
        if (walked % CHUNK_PAGES == 0) {
            batch_send(job);
            sched_yield();
        }
    }
    batch_send(job);
}

/* --- flushes that wait for unwiring --- */

void lock_request_unwired(struct vm_object *object)
{
    vm_object_reap(object);
}

static bool range_has_pending(struct vm_object *object, struct object_range range)
{
    struct page *page;

    while ((page = vm_object_next_page(object, range.start, range.end)) != NULL) {
        if (page->flush_pending)
            return true;
        range.start = page->offset + PAGE_BYTES;
    }
    return false;
}

static void pending_complete(struct vm_object *object, struct pending_flush *pending)
{
    list_remove(&pending->link);
    manager_lock_completed(pending->reply, object, pending->offset, pending->size);
    kmem_cache_free(&pending_cache, pending);
}

/*
 * Called by the reaper, which holds a reference. The list may change while the job sleeps; each round
 * takes the oldest that can end and starts over.
 */
void lock_request_resume(struct vm_object *object)
{
    struct list_node *node = object->pending_replies.head.next;

    vm_object_paging_begin(object);
    while (node != &object->pending_replies.head) {
        struct pending_flush *pending = list_entry(node, struct pending_flush, link);
        struct lock_job job = {.object = object, .range = pending->range, .flush = true,
                               .should_return = pending->should_return, .only_pending = true,
                               .may_wait = true, .lock_value = VM_PROT_NO_CHANGE};

        job_run(&job);
        /* Only the reaper and lock_request_abandon() take elements off; the latter empties the list. */
        if (list_empty(&object->pending_replies))
            break;
        node = node->next;
        if (!range_has_pending(object, pending->range))
            pending_complete(object, pending);
    }
    vm_object_paging_end(object);
}

/* Nothing waits any more: the marks go, every reply right is used. */
void lock_request_abandon(struct vm_object *object)
{
    struct list_node *node;
    struct page *page;
    vm_offset_t at = 0;

    if (list_empty(&object->pending_replies))
        return;
    while ((page = vm_object_next_page(object, at, ~(vm_offset_t)0)) != NULL) {
        page->flush_pending = false;
        at = page->offset + PAGE_BYTES;
    }
    while ((node = list_first(&object->pending_replies)) != NULL)
        pending_complete(object, list_entry(node, struct pending_flush, link));
}

void lock_request_return_all(struct vm_object *object)
{
    struct lock_job job = {.object = object, .range = {0, page_trunc(~(vm_offset_t)0)},
                           .should_return = MEMORY_OBJECT_RETURN_ALL, .flush = true,
                           .lock_value = VM_PROT_NO_CHANGE};

    job_run(&job);
}

kern_return_t lock_request_sync(struct vm_object *object, struct object_range range,
                                memory_object_return_t should_return, bool flush, bool *returned)
{
    struct lock_job job = {.object = object, .range = range, .should_return = should_return,
                           .flush = flush, .lock_value = VM_PROT_NO_CHANGE};

    vm_object_paging_begin(object);
    job_run(&job);
    vm_object_paging_end(object);
    *returned = job.returned;
    return job.interrupted ? KERN_ABORTED : KERN_SUCCESS;
}

/* --- the calls --- */

static bool arguments_valid(memory_object_return_t should_return, vm_prot_t lock_value)
{
    return should_return >= MEMORY_OBJECT_RETURN_NONE &&
           should_return <= MEMORY_OBJECT_RETURN_ANYTHING &&
           (lock_value == VM_PROT_NO_CHANGE || (lock_value & ~VM_PROT_ALL) == 0);
}

/*
 * Restricts, cleans, flushes; lock_completed with the numbers as given follows every data_return
 * (O4). On success the reply right is consumed, at once or when the last page is unwired.
 */
kern_return_t memory_object_lock_request(vm_object_t object, vm_offset_t offset, vm_size_t size,
                                         memory_object_return_t should_return,
                                         boolean_t should_flush, vm_prot_t lock_value,
                                         ipc_port_t reply_to, mach_msg_type_name_t reply_type)
{
    struct lock_job job = {.object = object, .should_return = should_return,
                           .flush = should_flush != FALSE, .lock_value = lock_value};
    struct reply_right reply = {reply_to, reply_type};
    struct pending_flush *pending = NULL;

    if (!object || !arguments_valid(should_return, lock_value) || !reply_right_valid(reply) ||
        !object_range_decode(object, offset, size, true, &job.range))
        return KERN_INVALID_ARGUMENT;
    if (job.flush && object->wired_count > 0 && !(pending = kmem_cache_alloc(&pending_cache)))
        return KERN_RESOURCE_SHORTAGE;
    if (pending)
        *pending = (struct pending_flush){.range = job.range, .offset = offset, .size = size,
                                          .should_return = should_return, .reply = reply};
    job.may_wait = pending != NULL;
    page_trace(PORTHOLE_TRACE_LOCK, (uint32_t)lock_value, object, job.range.start,
               (job.range.end - job.range.start) / PAGE_BYTES);
    vm_object_paging_begin(object);
    job_run(&job);
    if (pending && job.left_wired && object->association == ASSOCIATION_READY) {
        list_insert_tail(&object->pending_replies, &pending->link);
    } else {
        manager_lock_completed(reply, object, offset, size);
        if (pending)
            kmem_cache_free(&pending_cache, pending);
    }
    vm_object_paging_end(object);
    return KERN_SUCCESS;
}

/* The boolean form of old (2043). */
kern_return_t xxx_memory_object_lock_request(vm_object_t object, vm_offset_t offset, vm_size_t size,
                                             boolean_t should_clean, boolean_t should_flush,
                                             vm_prot_t lock_value, ipc_port_t reply_to,
                                             mach_msg_type_name_t reply_type)
{
    return memory_object_lock_request(object, offset, size,
                                      should_clean ? MEMORY_OBJECT_RETURN_DIRTY
                                                   : MEMORY_OBJECT_RETURN_NONE,
                                      should_flush, lock_value, reply_to, reply_type);
}
