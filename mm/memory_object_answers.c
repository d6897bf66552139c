/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other answers to a data_request: memory_object_data_unavailable and memory_object_data_error
 * (spec/emmi.md 5.2, D-14, D-15, D-28). Both walk the placeholders that are there, whatever the range
 * (H-10), and leave every other slot alone.
 */
#include <mach/error.h>
#include <mig/mach_server.h>

#include "kernel/sched.h"
#include "mm/object_range.h"
#include "mm/page_trace.h"
#include "mm/placeholder.h"

#define CHUNK_PAGES 256u

typedef void (*answer)(struct page *placeholder, wait_result_t result);

static void say_unavailable(struct page *placeholder, wait_result_t result)
{
    (void)result;
    placeholder_unavailable(placeholder);
}

static kern_return_t answer_range(struct vm_object *object, vm_offset_t offset, vm_size_t size,
                                  uint8_t event, answer function, wait_result_t result)
{
    struct object_range range;
    struct page *page;

    if (!object || !object_range_decode(object, offset, size, false, &range))
        return KERN_INVALID_ARGUMENT;
    page_trace(event, (uint32_t)result, object, range.start,
               (range.end - range.start) / PAGE_BYTES);
    for (unsigned walked = 1; object->absent_count > 0; walked++) {
        page = vm_object_walk(object, &range.start, range.end);
        if (!page)
            break;
        if (page_is_requested(page))
            function(page, result);
        if (walked % CHUNK_PAGES == 0)
            sched_yield();
    }
    return KERN_SUCCESS;
}

kern_return_t memory_object_data_unavailable(vm_object_t object, vm_offset_t offset, vm_size_t size)
{
    return answer_range(object, offset, size, PORTHOLE_TRACE_UNAVAILABLE, say_unavailable,
                        WAIT_AWAKENED);
}

/*
 * What the waiters see: the manager's own code if it belongs to a system other than the kernel
 * (D-14). The two values that a sleep's end has for itself are not passed on.
 */
static wait_result_t client_code(kern_return_t reason)
{
    if (err_get_system(reason) == 0 || reason == WAIT_TIMED_OUT || reason == WAIT_INTERRUPTED)
        return KERN_MEMORY_ERROR;
    return reason;
}

/* Every thread that waits now gets the error once; the slot is empty again (D-15). */
kern_return_t memory_object_data_error(vm_object_t object, vm_offset_t offset, vm_size_t size,
                                       kern_return_t reason)
{
    return answer_range(object, offset, size, PORTHOLE_TRACE_ERROR, placeholder_remove,
                        client_code(reason));
}
