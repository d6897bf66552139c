/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocations that fail on purpose. They cost nothing while nobody asks for them: what makes an allocation
 * take its slow way is there anyway, a cache's limit and the level of free frames.
 */
#include "mm/failure.h"

#include "kernel/thread.h"
#include "kernel/x86_64/backtrace.h"
#include "mm/kmem.h"
#include "mm/page.h"

bool failure_armed;

static const struct thread *victim; /* NULL: not armed; no reference, failure_forget() comes first */
static struct failure order;

bool failure_due(void)
{
    if (!victim || thread_current() != victim || order.times == 0 ||
        (order.number > 1 && order.number--))
        return false;
    order.times--;
    if (order.callers[0] == 0)
        backtrace_record(order.callers, FAILURE_CALLERS);
    return true;
}

void failure_arm(const struct thread *thread, uint32_t number, uint32_t times, struct failure *before)
{
    *before = order;
    order = (struct failure){.number = number, .times = thread ? times : 0};
    victim = thread;
    failure_armed = thread != NULL;
    page_levels.plenty = failure_armed ? UINT32_MAX : page_levels.reserved;
    list_for_each(&kmem_caches, node) {
        struct kmem_cache *cache = list_entry(node, struct kmem_cache, link);

        cache->watched = failure_armed || cache->limit != 0;
    }
}

bool failure_forget(const struct thread *thread)
{
    struct failure before;

    if (thread != victim)
        return false;
    failure_arm(NULL, 0, 0, &before);
    return true;
}
