/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host.h"

#include <mach/policy.h>

#include "ipc/port.h"
#include "kernel/panic.h"
#include "kernel/processor.h"
#include "kernel/sched.h"

struct host host, host_privileged;
struct processor_set default_set;

static struct port *boot_port(enum kobject_type type, void *object)
{
    struct port *port = port_create_kernel(type, object);

    if (!port)
        panic("no memory for the ports of the host");
    return port;
}

void host_init(void)
{
    host.port = boot_port(KOBJECT_HOST, &host);
    host_privileged.port = boot_port(KOBJECT_HOST_PRIV, &host_privileged);
    for (unsigned i = 0; i < cpu_count; i++)
        processors[i] = (struct processor){boot_port(KOBJECT_PROCESSOR, &processors[i]), i};
    default_set.port = boot_port(KOBJECT_PROCESSOR_SET, &default_set);
    default_set.max_priority = SCHED_PRIORITY_USER_BEST;
    default_set.policies = POLICY_TIMESHARE | POLICY_FIXEDPRI;
    default_set.name_port = boot_port(KOBJECT_PROCESSOR_SET_NAME, &default_set);
}
