/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocations that fail on purpose. They cost nothing while nobody asks for them: what makes an allocation
 * take its slow way is there anyway, a cache's limit and the level of free frames.
 */
#include "mm/failure.h"

#include <mig/porthole_debug_server.h>

#include "kernel/task.h"
#include "kernel/thread.h"
#include "mm/kmem.h"
#include "mm/page.h"

bool failure_armed;

static void arm(bool on)
{
    failure_armed = on;
    page_levels.plenty = on ? UINT32_MAX : page_levels.reserved;
    list_for_each(&kmem_caches, node) {
        struct kmem_cache *cache = list_entry(node, struct kmem_cache, link);

        cache->watched = on || cache->limit != 0;
    }
}

bool failure_due(void)
{
    struct thread *thread = thread_current();
    struct task *task = thread ? thread->task : NULL;

    if (!failure_armed || !task || task->allocations_to_failure == 0 ||
        --task->allocations_to_failure != 0)
        return false;
    arm(false);
    return true;
}

kern_return_t porthole_fail_allocation(host_t host, task_t task, uint32_t number, uint32_t *left)
{
    if (!host)
        return KERN_INVALID_HOST;
    if (!task)
        return KERN_INVALID_ARGUMENT;
    *left = task->allocations_to_failure;
    task->allocations_to_failure = number;
    arm(number != 0);
    return KERN_SUCCESS;
}
