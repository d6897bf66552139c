/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translations between ports and kernel objects, called by generated servers
 * (kernel/mig/mig_types.h says who owns what).
 */
#include "kernel/mig/mig_types.h"

#include "ipc/port.h"
#include "ipc/space_table.h"
#include "kernel/host.h"
#include "kernel/processor.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "mm/vm_map.h"

/* A send right made from a kernel-held port, or NULL when its object has given the port up. */
static struct port *make_send(struct port *port)
{
    return port ? port_make_send(port) : NULL;
}

/* --- tasks --- */

task_t convert_port_to_task(mach_port_t port)
{
    struct task *task = port_kobject(port, KOBJECT_TASK);

    if (task)
        task_reference(task);
    return task;
}

mach_port_t convert_task_to_port(task_t task)
{
    struct port *port = task ? make_send(task->self) : NULL;

    task_release(task);
    return port;
}

vm_map_t convert_port_to_map(mach_port_t port)
{
    struct task *task = port_kobject(port, KOBJECT_TASK);

    if (!task)
        return NULL;
    vm_map_reference(task->map);
    return task->map;
}

ipc_space_t convert_port_to_space(mach_port_t port)
{
    struct task *task = port_kobject(port, KOBJECT_TASK);

    if (!task)
        return NULL;
    space_reference(task->space);
    return task->space;
}

/* --- threads --- */

thread_t convert_port_to_thread(mach_port_t port)
{
    struct thread *thread = port_kobject(port, KOBJECT_THREAD);

    if (thread)
        thread_reference(thread);
    return thread;
}

mach_port_t convert_thread_to_port(thread_t thread)
{
    struct port *port = thread ? make_send(thread->self) : NULL;

    thread_release(thread);
    return port;
}

/* --- what exists once --- */

host_t convert_port_to_host(mach_port_t port)
{
    struct host *found = port_kobject(port, KOBJECT_HOST);

    return found ? found : port_kobject(port, KOBJECT_HOST_PRIV);
}

mach_port_t convert_host_to_port(host_t found)
{
    return found ? make_send(host.port) : NULL;
}

host_t convert_port_to_host_priv(mach_port_t port)
{
    return port_kobject(port, KOBJECT_HOST_PRIV);
}

processor_t convert_port_to_processor(mach_port_t port)
{
    return port_kobject(port, KOBJECT_PROCESSOR);
}

mach_port_t convert_processor_to_port(processor_t processor)
{
    return processor ? make_send(processor->port) : NULL;
}

processor_set_t convert_port_to_processor_set(mach_port_t port)
{
    return port_kobject(port, KOBJECT_PROCESSOR_SET);
}

mach_port_t convert_processor_set_to_port(processor_set_t set)
{
    return set ? make_send(set->port) : NULL;
}

processor_set_t convert_port_to_processor_set_name(mach_port_t port)
{
    struct processor_set *set = port_kobject(port, KOBJECT_PROCESSOR_SET_NAME);

    return set ? set : port_kobject(port, KOBJECT_PROCESSOR_SET);
}

mach_port_t convert_processor_set_name_to_port(processor_set_t set)
{
    return set ? make_send(set->name_port) : NULL;
}
