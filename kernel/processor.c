/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests on processors. One that has been told to exit finishes what it does, and idles until it is
 * told to start; the one that booted, which serves the devices, cannot be told to.
 */
#include "kernel/processor.h"

#include <mig/mach_host_server.h>
#include <mig/porthole_debug_server.h>

#include <mach/processor_info.h>

#include "ipc/port.h"
#include "kernel/host.h"
#include "kernel/rpc_info.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/time.h"
#include "mm/record_list.h"

struct processor processors[PROCESSORS_MAX];

unsigned processor_available_count(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < cpu_count; i++)
        count += cpus[i]->in_service;
    return count;
}

int processor_mach_factor(int load)
{
    return (int)processor_available_count() * LOAD_SCALE * LOAD_SCALE / (load + LOAD_SCALE);
}

kern_return_t host_processors(host_t host_priv, processor_array_t *list,
                              mach_msg_type_number_t *count)
{
    if (!host_priv)
        return KERN_INVALID_ARGUMENT;
    if (rpc_ports_begin(list, count, cpu_count) != KERN_SUCCESS)
        return KERN_RESOURCE_SHORTAGE;
    for (unsigned i = 0; i < cpu_count; i++)
        (*list)[i] = port_make_send(processors[i].port);
    return KERN_SUCCESS;
}

kern_return_t processor_info(processor_t processor, int flavor, host_t *found,
                             processor_info_t out, mach_msg_type_number_t *count)
{
    struct processor_basic_info info = {
        .cpu_type = CPU_TYPE_X86_64,
        .cpu_subtype = CPU_SUBTYPE_AT386,
    };

    if (!processor)
        return KERN_INVALID_ARGUMENT;
    if (flavor != PROCESSOR_BASIC_INFO)
        return KERN_FAILURE;
    info.running = cpus[processor->slot]->in_service;
    info.slot_num = (integer_t)processor->slot;
    info.is_master = processor->slot == 0;
    *found = &host;
    return rpc_host_info_answer(out, count, &info, sizeof info);
}

/* KERN_FAILURE: it is out of service, and assigned to nothing. */
kern_return_t processor_get_assignment(processor_t processor, processor_set_t *set)
{
    if (!processor)
        return KERN_INVALID_ARGUMENT;
    if (!cpus[processor->slot]->in_service)
        return KERN_FAILURE;
    *set = &default_set;
    return KERN_SUCCESS;
}

/* KERN_FAILURE: it runs. */
kern_return_t processor_start(processor_t processor)
{
    if (!processor)
        return KERN_INVALID_ARGUMENT;
    if (cpus[processor->slot]->in_service)
        return KERN_FAILURE;
    sched_set_service(cpus[processor->slot], true);
    return KERN_SUCCESS;
}

/* KERN_FAILURE: it is the one that booted. Nothing to do for one that is out of service. */
kern_return_t processor_exit(processor_t processor)
{
    if (!processor)
        return KERN_INVALID_ARGUMENT;
    if (processor->slot == 0)
        return KERN_FAILURE;
    sched_set_service(cpus[processor->slot], false);
    return KERN_SUCCESS;
}

/* There is nothing to control, as on GNU Mach's PCs. */
kern_return_t processor_control(processor_t processor, processor_info_t info,
                                mach_msg_type_number_t count)
{
    (void)info, (void)count;
    return processor ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

static void list_processor(struct record_list *list, const struct cpu *cpu)
{
    const struct cpu_lock_statistics *lock = &cpu->lock;
    porthole_processor_t processor = {
        .lock_acquisitions = lock->acquisitions,
        .lock_contended = lock->contended,
        .lock_wait_time = time_ticks_to_ns(lock->waited),
        .lock_hold_time = time_ticks_to_ns(lock->held),
        .lock_longest_hold = time_ticks_to_ns(lock->longest),
        .idle_time = sched_run_time_ns(cpu->idle),
        .calls = cpu->calls_made,
        .flushes = cpu->flushes_asked,
        .slot = cpu->number,
        .in_service = cpu->in_service,
    };

    strlcpy(processor.thread, cpu->current->name, sizeof processor.thread);
    strlcpy(processor.task, cpu->current->task->name, sizeof processor.task);
    record_list_add(list, &processor);
}

kern_return_t porthole_processors(host_t host_priv, porthole_processor_array_t *processors_out,
                                  mach_msg_type_number_t *count)
{
    struct record_list list;

    if (!host_priv)
        return KERN_INVALID_HOST;
    record_list_init(&list, sizeof(porthole_processor_t), cpu_count);
    for (unsigned i = 0; i < cpu_count; i++)
        list_processor(&list, cpus[i]);
    return record_list_give(&list, processors_out, count);
}
