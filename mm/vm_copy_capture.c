/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capturing memory.
 */
#include "mm/vm_copy_capture.h"

#include "kernel/sched.h"
#include "kernel/string.h"
#include "mm/association.h"
#include "mm/copy_object.h"
#include "mm/fault.h"
#include "mm/fault_request.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pmap.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"
#include "mm/vm_shortage.h"

#define PAUSE_BYTES (256 * PAGE_BYTES)  /* copied without letting others run */
/* Up to this many pages of a manager's object are copied at once: who receives them should not come to
   wait for the sender's manager (H-35). */
#define COPY_NOW_PAGES 8u
#define DEPTH_MAX      8u               /* objects one behind the other */
#define DEEP_BYTES_MAX (256 * PAGE_BYTES)
/* A manager that has not received so many messages is told of no more copies (H-17). */
#define BACKLOG_MAX 64u

/* A page-by-page copy under way. */
struct capture {
    struct vm_object *source;
    vm_offset_t offset;         /* of the first page in the source */
    vm_size_t size;             /* whole pages */
    vm_size_t data_start, data_end; /* the bytes that count, from the first page's start */
    struct vm_object *target;   /* its byte 0 is the first page's */
};

/*
 * Each write after a copy puts one more object in front. Of those that the default pager has pages of, none can
 * be merged (collapse.c); of small memory a copy is made at once before they become many.
 */
static bool is_deep(const struct vm_map_entry *entry)
{
    const struct vm_object *object = entry->object;

    if (entry->end - entry->start > DEEP_BYTES_MAX)
        return false;
    for (unsigned depth = 0; depth < DEPTH_MAX && object; depth++)
        object = object->shadow;
    return object != NULL;
}

bool vm_capture_can_mark(const struct vm_map_entry *entry)
{
    if (entry->device || entry->shared || entry->wired_count > 0)
        return false;
    return !entry->object || (entry->object->internal && !entry->object->pageout_transport &&
                              !is_deep(entry));
}

void vm_capture_marked(struct vm_map *map, struct vm_map_entry *entry, struct vm_map_entry *into)
{
    if (entry->object && !entry->needs_copy) {
        entry->needs_copy = true;
        map->version++;
        if (entry->protection & VM_PROT_WRITE)
            pmap_protect(map->pmap, entry->start, entry->end,
                         entry->protection & ~VM_PROT_WRITE);
    }
    vm_map_entry_copy_range(into, entry, entry->start, entry->end);
}

/* Memory that was never touched: nothing to copy. */
static bool reads_as_zero(const struct vm_object *object, vm_offset_t offset)
{
    return object->internal && !object->shadow && object->association == ASSOCIATION_NONE &&
           !vm_object_page(object, offset);
}

/*
 * The source cannot give a page any more, for good. What the copy lacks it then looks for in the
 * source, and fails as the source does (D-34).
 */
static void fall_back_to_source(struct capture *capture)
{
    struct vm_object *target = capture->target;

    if (target->shadow)
        return;
    vm_object_reference(capture->source);
    target->shadow = capture->source;
    target->shadow_offset = capture->offset;
    capture->source->shadowed_by++;
}

/* Copies what counts of one page; the rest of the new frame is zero (P-15). */
static void copy_bytes(const struct capture *capture, vm_offset_t at, struct page *from,
                       struct page *to)
{
    vm_size_t first = capture->data_start > at ? capture->data_start - at : 0;
    vm_size_t last = capture->data_end - at < PAGE_BYTES ? capture->data_end - at : PAGE_BYTES;

    if (first == 0 && last == PAGE_BYTES) {
        page_copy(from, to);
        return;
    }
    page_zero(to);
    memcpy((char *)page_address(to) + first, (char *)page_address(from) + first, last - first);
}

/* One try to copy the page at `at` from the first page's start. */
static kern_return_t try_page(struct capture *capture, vm_offset_t at)
{
    struct page *from, *to;
    kern_return_t result;
    bool writable;

    if (reads_as_zero(capture->source, capture->offset + at))
        return KERN_SUCCESS;
    result = fault_alloc_page(&to);
    if (result != KERN_SUCCESS)
        return result;
    result = vm_fault_page(capture->source, capture->offset + at, VM_PROT_READ,
                           WAIT_INTERRUPTIBLE, &from, &writable);
    if (result != KERN_SUCCESS) {
        page_free(to);
        if (result != KERN_MEMORY_FAILURE)
            return result;
        fall_back_to_source(capture);
        return KERN_SUCCESS;
    }
    copy_bytes(capture, at, from, to);
    page_wake(from, WAIT_AWAKENED);
    if (!vm_object_insert(capture->target, at, to)) {
        page_free(to);
        return KERN_RESOURCE_SHORTAGE;
    }
    to->dirty = true;
    page_activate(to);
    return KERN_SUCCESS;
}

static kern_return_t capture_page(struct capture *capture, vm_offset_t at)
{
    unsigned tries = 0;
    kern_return_t result;

    do
        result = try_page(capture, at);
    while (vm_shortage_wait(result, &tries));
    return result;
}

/* Fills a new object; on failure it is gone. The caller holds a reference to the source. */
static kern_return_t capture_all(struct capture *capture)
{
    capture->target = vm_object_create(capture->size);
    if (!capture->target)
        return KERN_RESOURCE_SHORTAGE;
    for (vm_offset_t at = 0; at < capture->size; at += PAGE_BYTES) {
        kern_return_t result = capture_page(capture, at);

        if (result != KERN_SUCCESS) {
            vm_object_release(capture->target);
            return result;
        }
        if (at % PAUSE_BYTES == PAUSE_BYTES - PAGE_BYTES)
            sched_yield();
    }
    return KERN_SUCCESS;
}

/*
 * A copy as the source's manager wants it; *result stays NULL if all is to be copied now.
 * KERN_RESOURCE_SHORTAGE: the manager could not be told of the copy.
 */
static kern_return_t copy_lazily(const struct capture *capture, struct vm_object **result,
                                 vm_offset_t *offset)
{
    struct vm_object *source = capture->source;

    if (source->internal || source->adopted || source->kept || source->association != ASSOCIATION_READY ||
        capture->data_start != 0 || capture->data_end < capture->size)
        return KERN_SUCCESS;
    if (source->copy_strategy == MEMORY_OBJECT_COPY_CALL &&
        manager_backlog(source) < BACKLOG_MAX) {
        *offset = 0;
        *result = copy_call_make(source, capture->offset, capture->size);
        return *result ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
    }
    *offset = capture->offset;
    if (source->copy_strategy == MEMORY_OBJECT_COPY_DELAY && source->wired_count == 0 &&
        capture->size > COPY_NOW_PAGES * PAGE_BYTES)
        *result = copy_object_make(source, capture->offset, capture->size);
    return KERN_SUCCESS;
}

/* An object that shows the data at *offset; if other copies may show it too, *shared. */
static kern_return_t capture_source(struct capture *capture, struct vm_object **result,
                                    vm_offset_t *offset, bool *shared)
{
    kern_return_t copied;

    *result = NULL;
    /* What the manager wants is known when it is ready, or gone (D-34). */
    if (association_wait_ready(capture->source, WAIT_INTERRUPTIBLE) == KERN_ABORTED)
        return KERN_ABORTED;
    copied = copy_lazily(capture, result, offset);
    *shared = *result != NULL;
    if (copied != KERN_SUCCESS || *shared)
        return copied;
    copied = capture_all(capture);
    *offset = 0;
    *result = copied == KERN_SUCCESS ? capture->target : NULL;
    return copied;
}

kern_return_t vm_capture_pages(const struct vm_map_entry *entry, vm_offset_t start,
                               vm_offset_t end, vm_offset_t data_start, vm_offset_t data_end,
                               struct vm_map_entry *into)
{
    struct capture capture = {
        .source = entry->object,
        .offset = entry->offset + (start - entry->start),
        .size = end - start,
        .data_start = data_start > start ? data_start - start : 0,
        .data_end = (data_end < end ? data_end : end) - start,
    };
    kern_return_t result = KERN_SUCCESS;

    if (entry->device)
        return KERN_MEMORY_ERROR;
    *into = *entry;
    into->start = start;
    into->end = end;
    into->offset = 0;
    into->needs_copy = false;
    into->shared = false;
    into->wired_count = 0;
    if (!capture.source)
        return KERN_SUCCESS;
    vm_object_reference(capture.source);
    result = capture_source(&capture, &into->object, &into->offset, &into->needs_copy);
    vm_object_release(capture.source);
    return result;
}

kern_return_t vm_capture_object(struct vm_object *source, vm_offset_t *offset, vm_size_t size,
                                struct vm_object **result)
{
    struct capture capture = {
        .source = source,
        .offset = *offset,
        .size = size,
        .data_end = size,
    };
    bool shared;

    return capture_source(&capture, result, offset, &shared);
}
