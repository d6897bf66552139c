/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one processor set, which everything is assigned to for ever: what can be asked about it, and what may be
 * changed, the best priority and the policies of its threads. There is no other set to make or to
 * assign anything to: KERN_FAILURE, as from GNU Mach built without MACH_HOST.
 */
#include <mig/mach_host_server.h>

#include <mach/policy.h>
#include <mach/processor_info.h>

#include "ipc/port.h"
#include "kernel/host.h"
#include "kernel/processor.h"
#include "kernel/rpc_info.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"

/* --- asking --- */

kern_return_t host_processor_sets(host_t found, processor_set_name_array_t *sets,
                                  mach_msg_type_number_t *count)
{
    if (!found)
        return KERN_INVALID_ARGUMENT;
    if (rpc_ports_begin(sets, count, 1) != KERN_SUCCESS)
        return KERN_RESOURCE_SHORTAGE;
    (*sets)[0] = port_make_send(default_set.name_port);
    return KERN_SUCCESS;
}

kern_return_t host_processor_set_priv(host_t host_priv, processor_set_t name,
                                      processor_set_t *set)
{
    if (!host_priv || !name)
        return KERN_INVALID_ARGUMENT;
    *set = name;
    return KERN_SUCCESS;
}

/* Whatever there is belongs to it. */
static kern_return_t the_only_set(const void *of, processor_set_t *set)
{
    *set = &default_set;
    return of ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

kern_return_t processor_set_default(host_t found, processor_set_t *set)
{
    return the_only_set(found, set);
}

kern_return_t thread_get_assignment(thread_t thread, processor_set_t *set)
{
    return the_only_set(thread, set);
}

kern_return_t task_get_assignment(task_t task, processor_set_t *set)
{
    return the_only_set(task, set);
}

kern_return_t processor_set_info(processor_set_t set, int flavor, host_t *found,
                                 processor_set_info_t out, mach_msg_type_number_t *count)
{
    struct processor_set_sched_info policies = {
        .policies = default_set.policies,
        .max_priority = default_set.max_priority,
    };
    struct processor_set_basic_info info = {
        .processor_count = (integer_t)processor_available_count(),
        .task_count = (integer_t)task_count,
        .thread_count = (integer_t)task_count_threads(),
        .load_average = (integer_t)sched_load(0),
    };

    if (!set)
        return KERN_INVALID_ARGUMENT;
    *found = &host;
    info.mach_factor = processor_mach_factor(info.load_average);
    if (flavor == PROCESSOR_SET_BASIC_INFO)
        return rpc_host_info_answer(out, count, &info, sizeof info);
    if (flavor == PROCESSOR_SET_SCHED_INFO)
        return rpc_host_info_answer(out, count, &policies, sizeof policies);
    return KERN_INVALID_ARGUMENT;
}

/* The ports of all tasks but the kernel's own, which has none. */
kern_return_t processor_set_tasks(processor_set_t set, task_array_t *tasks,
                                  mach_msg_type_number_t *count)
{
    mach_port_t *next;

    if (!set)
        return KERN_INVALID_ARGUMENT;
    if (rpc_ports_begin(tasks, count, task_count - 1) != KERN_SUCCESS)
        return KERN_RESOURCE_SHORTAGE;
    next = *tasks;
    list_for_each(&task_list, node) {
        struct task *task = list_entry(node, struct task, link);

        if (task->self)
            *next++ = port_make_send(task->self);
    }
    *count = (mach_msg_type_number_t)(next - *tasks);
    return KERN_SUCCESS;
}

/* The ports of all threads of users; a dying one keeps its place, as in task_threads(). */
kern_return_t processor_set_threads(processor_set_t set, thread_array_t *threads,
                                    mach_msg_type_number_t *count)
{
    mach_port_t *next;

    if (!set)
        return KERN_INVALID_ARGUMENT;
    if (rpc_ports_begin(threads, count, task_count_threads() - kernel_task->thread_count) !=
        KERN_SUCCESS)
        return KERN_RESOURCE_SHORTAGE;
    next = *threads;
    list_for_each(&task_list, node) {
        struct task *task = list_entry(node, struct task, link);

        if (task == kernel_task)
            continue;
        list_for_each(&task->threads, member) {
            struct thread *thread = list_entry(member, struct thread, task_link);

            *next++ = thread->self ? port_make_send(thread->self) : NULL;
        }
    }
    return KERN_SUCCESS;
}

/* --- changing --- */

kern_return_t processor_set_create(host_t host_priv, processor_set_t *set, processor_set_t *name)
{
    (void)set, (void)name;
    return host_priv ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t processor_set_destroy(processor_set_t set)
{
    return set ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t processor_assign(processor_t processor, processor_set_t set, boolean_t wait)
{
    (void)wait;
    return processor && set ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t thread_assign(thread_t thread, processor_set_t set)
{
    return thread && set ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t thread_assign_default(thread_t thread)
{
    return thread ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t task_assign(task_t task, processor_set_t set, boolean_t assign_threads)
{
    (void)assign_threads;
    return task && set ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t task_assign_default(task_t task, boolean_t assign_threads)
{
    (void)assign_threads;
    return task ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

/* Calls function for each thread of users. It does not sleep. */
static void for_each_thread(void (*function)(struct thread *, int), int argument)
{
    list_for_each(&task_list, node) {
        struct task *task = list_entry(node, struct task, link);

        if (task == kernel_task)
            continue;
        list_for_each(&task->threads, member)
            function(list_entry(member, struct thread, task_link), argument);
    }
}

static void limit_priority(struct thread *thread, int max_priority)
{
    if (thread->max_priority < max_priority)
        thread_max_priority(thread, &default_set, max_priority);
}

/* Threads that are made later may not be better than that; the existing ones only if asked for. */
kern_return_t processor_set_max_priority(processor_set_t set, int max_priority,
                                         boolean_t change_threads)
{
    if (!set || max_priority < SCHED_PRIORITY_USER_BEST || max_priority >= SCHED_PRIORITY_IDLE)
        return KERN_INVALID_ARGUMENT;
    set->max_priority = max_priority;
    if (change_threads)
        for_each_thread(limit_priority, max_priority);
    return KERN_SUCCESS;
}

kern_return_t processor_set_policy_enable(processor_set_t set, int policy)
{
    if (!set || invalid_policy(policy))
        return KERN_INVALID_ARGUMENT;
    set->policies |= policy;
    return KERN_SUCCESS;
}

static void abandon_policy(struct thread *thread, int policy)
{
    if (thread->policy == policy)
        thread_policy(thread, POLICY_TIMESHARE, 0);
}

/* Time-sharing stays. Threads that have the policy keep it unless change_threads. */
kern_return_t processor_set_policy_disable(processor_set_t set, int policy, boolean_t change_threads)
{
    if (!set || policy == POLICY_TIMESHARE || invalid_policy(policy))
        return KERN_INVALID_ARGUMENT;
    set->policies &= ~policy;
    if (change_threads)
        for_each_thread(abandon_policy, policy);
    return KERN_SUCCESS;
}
