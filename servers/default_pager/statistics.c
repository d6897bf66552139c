/* SPDX-License-Identifier: BSD-2-Clause */
#include "statistics.h"

#include <mach.h>
#include <mach/task_info.h>
#include <mig/pager_statistics_server.h>

#include "store.h"
#include "sync.h"

pager_statistics_t statistics;
static uint64_t faults_when_ready;

/* Page faults that this task has taken. */
static uint64_t own_faults(void)
{
    struct task_events_info info;
    mach_msg_type_number_t count = TASK_EVENTS_INFO_COUNT;
    if (task_info(mach_task_self(), TASK_EVENTS_INFO, (task_info_t)&info, &count) != KERN_SUCCESS)
        return faults_when_ready;
    return (uint64_t)info.faults;
}

void statistics_ready(void)
{
    faults_when_ready = own_faults();
}

/* Anyone may ask, at any of the pager's ports. */
kern_return_t serve_pager_statistics(mach_port_t pager, pager_statistics_t *result)
{
    (void)pager;
    uint64_t faults = own_faults() - faults_when_ready;
    pager_lock();
    *result = statistics;
    store_totals(&result->total_blocks, &result->free_blocks, &result->reserved_blocks);
    pager_unlock();
    result->pager_faults = faults;
    return KERN_SUCCESS;
}

static pager_store_t describe(const struct store *store)
{
    pager_store_t result = {
        .priority = (uint64_t)store->priority,
        .cluster_pages = (uint64_t)store->cluster_pages,
        .pages_in = store->pages_in,
        .pages_in_failed = store->pages_in_failed,
        .pages_out = store->pages_out,
        .pages_out_failed = store->pages_out_failed,
    };

    store_count(store, &result.total_blocks, &result.free_blocks);
    return result;
}

/* Anyone may ask. */
kern_return_t serve_pager_stores(
    mach_port_t pager, pager_store_array_t result, mach_msg_type_number_t *count)
{
    const struct store *store = NULL;
    mach_msg_type_number_t used = 0;

    (void)pager;
    pager_lock();
    while ((store = store_next(store)) != NULL)
        result[used++] = describe(store);
    pager_unlock();
    *count = used;
    return KERN_SUCCESS;
}
