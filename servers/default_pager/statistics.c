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
