/* SPDX-License-Identifier: BSD-2-Clause */
#include "waits.h"

#include "test.h"

#define TRIES 100u /* until there are frames for the list */

static void report_memory(void)
{
    porthole_memory_t memory;

    CHECK_OK(porthole_memory(test_host_port, &memory));
    report("# memory: %u free (reserved %u, min %u, target %u), %u active, %u inactive, %u wired, laundry %u, "
           "external %u, of %u", memory.free, memory.level_reserved, memory.level_free_min,
           memory.level_free_target, memory.active, memory.inactive, memory.wired, memory.laundry,
           memory.external_laundry, memory.total);
}

static void report_thread(const porthole_thread_t *thread)
{
    report("# %s/%s: %s%s%s %s%s%lu ms", thread->task_name, thread->name, thread->state,
           thread->reason[0] ? ", " : "", thread->reason, thread->whom,
           thread->whom[0] ? ", " : "", (unsigned long)(thread->run_time / 1000000));
}

void waits_report(void)
{
    porthole_thread_array_t threads = NULL;
    mach_msg_type_number_t count = 0;
    kern_return_t result = KERN_RESOURCE_SHORTAGE;

    report_memory();
    for (unsigned tries = 0; result != KERN_SUCCESS && tries < TRIES; tries++) {
        result = porthole_threads(test_host_port, &threads, &count);
        if (result != KERN_SUCCESS)
            thread_sleep(10);
    }
    if (result != KERN_SUCCESS)
        report("# no list of threads: %s", mach_error_string(result));
    for (unsigned i = 0; i < count; i++)
        report_thread(&threads[i]);
    if (count > 0)
        vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof *threads);
}
