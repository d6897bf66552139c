/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests on task ports (mach 2000, gnumach 4200). Handlers borrow the task. */
#include <mig/gnumach_server.h>
#include <mig/mach_server.h>

#include <mach/task_info.h>
#include <mach/task_special_ports.h>

#include "ipc/port.h"
#include "kernel/host.h"
#include "kernel/rpc_info.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/thread_times.h"
#include "mm/kmem.h"
#include "mm/pmap.h"
#include "mm/vm_map.h"

kern_return_t task_create(task_t parent, boolean_t inherit_memory, task_t *child)
{
    if (!parent)
        return KERN_INVALID_TASK;
    return task_create_from(parent, inherit_memory, child);
}

kern_return_t task_terminate(task_t task)
{
    return task ? task_terminate_task(task) : KERN_INVALID_ARGUMENT;
}

kern_return_t task_suspend(task_t task)
{
    return task ? task_suspend_task(task) : KERN_INVALID_ARGUMENT;
}

kern_return_t task_resume(task_t task)
{
    return task ? task_resume_task(task) : KERN_INVALID_ARGUMENT;
}

/*
 * The ports of all threads that are not dying, in an array that the reply message owns.
 * The result is exact: nothing here sleeps.
 */
kern_return_t task_threads(task_t task, thread_array_t *threads, mach_msg_type_number_t *count)
{
    mach_port_t *next;

    if (!task || !task->active)
        return KERN_INVALID_ARGUMENT;
    if (rpc_ports_begin(threads, count, task->thread_count) != KERN_SUCCESS)
        return KERN_RESOURCE_SHORTAGE;
    next = *threads;
    list_for_each(&task->threads, node) {
        struct thread *thread = list_entry(node, struct thread, task_link);

        /* A dying thread keeps its place, so that the array's size is that of its allocation. */
        *next++ = thread->self ? port_make_send(thread->self) : NULL;
    }
    return KERN_SUCCESS;
}

static kern_return_t basic_info(task_t task, task_info_t out, mach_msg_type_number_t *count)
{
    struct task_basic_info info = {
        .suspend_count = (integer_t)task->suspend_count,
        .base_priority = task->priority,
        .virtual_size = task->map->size,
        .resident_size = task->map->pmap->resident_pages * (vm_size_t)4096,
        .user_time64 = time_value64_from_ns(task->dead_user_ns),
        .system_time64 = time_value64_from_ns(task->dead_system_ns),
        .creation_time64 = host_time_at(task->created_ns),
    };

    info.user_time = time_value_from_64(info.user_time64);
    info.system_time = time_value_from_64(info.system_time64);
    info.creation_time = time_value_from_64(info.creation_time64);
    return rpc_info_answer(out, count, &info, sizeof info,
                           offsetof(struct task_basic_info, user_time64));
}

static kern_return_t events_info(task_t task, task_info_t out, mach_msg_type_number_t *count)
{
    struct task_events_info info = {
        .faults = task->fault_count,
        .zero_fills = task->zero_fill_count,
        .reactivations = task->reactivation_count,
        .pageins = task->pagein_count,
        .cow_faults = task->cow_fault_count,
        .messages_sent = task->messages_sent,
        .messages_received = task->messages_received,
    };

    list_for_each(&task->threads, node) {
        const struct thread *thread = list_entry(node, struct thread, task_link);

        info.messages_sent += thread->messages_sent;
        info.messages_received += thread->messages_received;
    }
    return rpc_info_answer(out, count, &info, sizeof info, sizeof info);
}

static kern_return_t thread_times_info(task_t task, task_info_t out,
                                       mach_msg_type_number_t *count)
{
    struct task_thread_times_info info;
    struct thread_times times = thread_times_of_task(task);

    info.user_time64 = time_value64_from_ns(times.user_ns);
    info.system_time64 = time_value64_from_ns(times.system_ns);
    info.user_time = time_value_from_64(info.user_time64);
    info.system_time = time_value_from_64(info.system_time64);
    return rpc_info_answer(out, count, &info, sizeof info,
                           offsetof(struct task_thread_times_info, user_time64));
}

kern_return_t task_info(task_t task, int flavor, task_info_t out, mach_msg_type_number_t *count)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case TASK_BASIC_INFO:
        return basic_info(task, out, count);
    case TASK_EVENTS_INFO:
        return events_info(task, out, count);
    case TASK_THREAD_TIMES_INFO:
        return thread_times_info(task, out, count);
    }
    return KERN_INVALID_ARGUMENT;
}

/* Where a special port is kept, or NULL for a number that names none. */
static struct port **special_port(struct task *task, int which)
{
    switch (which) {
    case TASK_KERNEL_PORT:
        return &task->self_send;
    case TASK_EXCEPTION_PORT:
        return &task->exception_port;
    case TASK_BOOTSTRAP_PORT:
        return &task->bootstrap_port;
    }
    return NULL;
}

kern_return_t task_get_special_port(task_t task, int which, ipc_port_t *port)
{
    struct port **slot = task ? special_port(task, which) : NULL;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    *port = port_copy_send(*slot);
    return KERN_SUCCESS;
}

/* Consumes the port when it succeeds. */
kern_return_t task_set_special_port(task_t task, int which, ipc_port_t port)
{
    struct port **slot = task ? special_port(task, which) : NULL;
    struct port *old;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    old = *slot;
    *slot = port;
    port_release_send(old);
    return KERN_SUCCESS;
}

/* Consumes the array and its rights when it succeeds; what was registered before is given up. */
kern_return_t mach_ports_register(task_t task, mach_port_array_t ports,
                                  mach_msg_type_number_t count)
{
    if (!task || count > TASK_PORT_REGISTER_MAX)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    for (unsigned i = 0; i < TASK_PORT_REGISTER_MAX; i++) {
        struct port *old = task->registered[i];

        task->registered[i] = i < count ? ports[i] : NULL;
        port_release_send(old);
    }
    if (count > 0)
        kmem_free(ports, count * sizeof *ports);
    return KERN_SUCCESS;
}

kern_return_t mach_ports_lookup(task_t task, mach_port_array_t *ports,
                                mach_msg_type_number_t *count)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    if (rpc_ports_begin(ports, count, TASK_PORT_REGISTER_MAX) != KERN_SUCCESS)
        return KERN_RESOURCE_SHORTAGE;
    for (unsigned i = 0; i < TASK_PORT_REGISTER_MAX; i++)
        (*ports)[i] = port_copy_send(task->registered[i]);
    return KERN_SUCCESS;
}

kern_return_t task_set_name(task_t task, const_kernel_debug_name_t name)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    rpc_name_copy(task->name, sizeof task->name, name);
    return KERN_SUCCESS;
}

/* An essential task is never chosen to be killed for lack of memory; its end is told on the
   console. */
kern_return_t task_set_essential(task_t task, boolean_t essential)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    task->essential = essential;
    return KERN_SUCCESS;
}

/* --- emulated system calls and restartable sequences: no task has an emulation vector, none can get one --- */

kern_return_t task_get_emulation_vector(task_t task, int *start, emulation_vector_t *vector,
                                        mach_msg_type_number_t *count)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    *start = 0;
    *vector = NULL;
    *count = 0;
    return KERN_SUCCESS;
}

kern_return_t task_set_emulation_vector(task_t task, int start, emulation_vector_t vector,
                                        mach_msg_type_number_t count)
{
    (void)start, (void)vector, (void)count;
    return task ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t task_set_emulation(task_t task, vm_address_t routine, int number)
{
    (void)routine, (void)number;
    return task ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

/* As GNU Mach. */
kern_return_t task_ras_control(task_t task, vm_address_t start, vm_address_t end, int flavor)
{
    (void)start, (void)end, (void)flavor;
    return task ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}
