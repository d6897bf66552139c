/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may be changed about the one processor set (mach_host 2611 on): the best priority and the
 * policies of its threads. There is no other set to make or to assign anything to: KERN_FAILURE, as
 * from GNU Mach built without MACH_HOST.
 */
#include <mig/mach_host_server.h>

#include <mach/policy.h>

#include "kernel/host.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"

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
