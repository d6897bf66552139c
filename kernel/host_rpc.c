/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests on the host ports: information, the machine's end. Time is in kernel/host_time.c. */
#include <mig/mach_host_server.h>
#include <mig/mach_i386_server.h>

#include <mach/host_info.h>
#include <mach/host_reboot.h>

#include "kernel/clock.h"
#include "kernel/printf.h"
#include "kernel/processor.h"
#include "kernel/rpc_info.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/power.h"
#include "mm/page.h"

static const char kernel_version[] = "Porthole 1 (GNU Mach 1.8 interface, x86-64)";

kern_return_t host_get_kernel_version(host_t found, kernel_version_t version)
{
    if (!found)
        return KERN_INVALID_ARGUMENT;
    memset(version, 0, KERNEL_VERSION_MAX);
    strlcpy(version, kernel_version, KERNEL_VERSION_MAX);
    return KERN_SUCCESS;
}

static kern_return_t basic_info(host_info_t out, mach_msg_type_number_t *count)
{
    struct host_basic_info info = {
        .max_cpus = (integer_t)cpu_count,
        .avail_cpus = (integer_t)processor_available_count(),
        .memory_size = page_counts.total * PAGE_BYTES,
        .cpu_type = CPU_TYPE_X86_64,
        .cpu_subtype = CPU_SUBTYPE_AT386,
    };

    return rpc_host_info_answer(out, count, &info, sizeof info);
}

static kern_return_t sched_info(host_info_t out, mach_msg_type_number_t *count)
{
    struct host_sched_info info = {
        .min_timeout = 1,
        .min_quantum = (integer_t)(SCHED_SLICE_NS / NANOSECONDS_PER_MILLISECOND),
    };

    return rpc_host_info_answer(out, count, &info, sizeof info);
}

static kern_return_t load_info(host_info_t out, mach_msg_type_number_t *count)
{
    struct host_load_info info;

    for (unsigned i = 0; i < SCHED_LOADS; i++) {
        info.avenrun[i] = (integer_t)sched_load(i);
        info.mach_factor[i] = processor_mach_factor(info.avenrun[i]);
    }
    return rpc_host_info_answer(out, count, &info, sizeof info);
}

/* The slots of all processors. KERN_INVALID_ARGUMENT: there is no room for them. */
static kern_return_t slots_info(host_info_t out, mach_msg_type_number_t *count)
{
    if (*count < cpu_count)
        return KERN_INVALID_ARGUMENT;
    for (unsigned i = 0; i < cpu_count; i++)
        out[i] = (integer_t)processors[i].slot;
    *count = cpu_count;
    return KERN_SUCCESS;
}

kern_return_t host_info(host_t found, int flavor, host_info_t out, mach_msg_type_number_t *count)
{
    if (!found)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case HOST_BASIC_INFO:
        return basic_info(out, count);
    case HOST_PROCESSOR_SLOTS:
        return slots_info(out, count);
    case HOST_SCHED_INFO:
        return sched_info(out, count);
    case HOST_LOAD_INFO:
        return load_info(out, count);
    }
    return KERN_INVALID_ARGUMENT;
}

/*
 * Ends the machine's run: power off, which a test runner takes for success, or a restart.
 * Does not return when it succeeds.
 */
kern_return_t host_reboot(host_t host_priv, int options)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (options & HOST_REBOOT_DEBUGGER)
        return KERN_FAILURE;
    log_step("%s", options & HOST_REBOOT_HALT ? "power off" : "restart");
    if (options & HOST_REBOOT_HALT)
        machine_power_off();
    machine_reboot();
}
