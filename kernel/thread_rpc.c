/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests on thread ports (mach 2000, mach_host 2600, gnumach 4200). Handlers borrow the
   thread. */
#include <mig/gnumach_server.h>
#include <mig/mach_host_server.h>
#include <mig/mach_port_server.h>
#include <mig/mach_server.h>

#include <mach/policy.h>
#include <mach/thread_info.h>
#include <mach/thread_special_ports.h>

#include "ipc/port.h"
#include "kernel/depress.h"
#include "kernel/host.h"
#include "kernel/rpc_info.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/thread_hold.h"
#include "kernel/thread_times.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/thread_state.h"
#include "kernel/x86_64/time.h"

kern_return_t thread_create(task_t task, thread_t *thread)
{
    return task ? thread_create_in(task, thread) : KERN_INVALID_TASK;
}

kern_return_t thread_terminate(thread_t thread)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    if (thread->terminating)
        return KERN_FAILURE;
    thread_terminate_thread(thread);
    thread_await_stop(thread);
    return KERN_SUCCESS;
}

/* Ends a thread together with what it cannot free itself: its port name, reply port and stack. */
kern_return_t thread_terminate_release(thread_t thread, task_t task, mach_port_name_t thread_name,
                                       mach_port_name_t reply_port, vm_address_t address,
                                       vm_size_t size)
{
    if (!thread || !task)
        return KERN_INVALID_ARGUMENT;
    mach_port_deallocate(task->space, thread_name);
    if (reply_port != MACH_PORT_NAME_NULL)
        mach_port_destroy(task->space, reply_port);
    if (address != 0 || size != 0)
        vm_deallocate(task->map, address, size);
    thread_terminate_thread(thread);
    return KERN_SUCCESS;
}

kern_return_t thread_suspend(thread_t thread)
{
    kern_return_t result = thread ? thread_suspend_thread(thread) : KERN_INVALID_ARGUMENT;

    if (result == KERN_SUCCESS)
        thread_await_stop(thread);
    return result;
}

kern_return_t thread_resume(thread_t thread)
{
    return thread ? thread_resume_thread(thread) : KERN_INVALID_ARGUMENT;
}

/*
 * Aborting oneself would end the reply of this very request. A suspended thread is at rest when this
 * returns: its registers tell the result of the trap that was cut short, as who delivers a signal asks.
 */
kern_return_t thread_abort(thread_t thread)
{
    if (!thread || thread == thread_current())
        return KERN_INVALID_ARGUMENT;
    thread_abort_thread(thread);
    return thread_is_held(thread) ? thread_wait_still(thread) : KERN_SUCCESS;
}

kern_return_t thread_get_state(thread_t thread, int flavor, thread_state_t state,
                               mach_msg_type_number_t *count)
{
    kern_return_t result;

    if (!thread || thread == thread_current())
        return KERN_INVALID_ARGUMENT;
    result = thread_hold(thread);
    if (result != KERN_SUCCESS)
        return result;
    result = thread_machine_get_state(thread, flavor, state, count);
    thread_unhold(thread);
    return result;
}

kern_return_t thread_set_state(thread_t thread, int flavor, const thread_state_t state,
                               mach_msg_type_number_t count)
{
    kern_return_t result;

    if (!thread || thread == thread_current())
        return KERN_INVALID_ARGUMENT;
    result = thread_hold(thread);
    if (result != KERN_SUCCESS)
        return result;
    result = thread_machine_set_state(thread, flavor, state, count);
    thread_unhold(thread);
    return result;
}

/* One that is held counts as stopped even while it waits, or is yet to leave the kernel. */
static integer_t run_state(const struct thread *thread)
{
    bool held = thread_is_held(thread) && thread != thread_current();

    switch (thread->state) {
    case THREAD_RUNNABLE:
        return held ? TH_STATE_STOPPED : TH_STATE_RUNNING;
    case THREAD_WAITING:
        if (thread->wait_mode != WAIT_INTERRUPTIBLE)
            return TH_STATE_UNINTERRUPTIBLE;
        return held ? TH_STATE_STOPPED : TH_STATE_WAITING;
    case THREAD_SUSPENDED:
        return TH_STATE_STOPPED;
    case THREAD_DEAD:
        break;
    }
    return TH_STATE_HALTED;
}

/* Share of its life that the thread has spent on the processor. */
static integer_t cpu_usage(uint64_t run_ns, uint64_t life_ns)
{
    return life_ns / TH_USAGE_SCALE == 0 ? 0 : (integer_t)(run_ns / (life_ns / TH_USAGE_SCALE));
}

static kern_return_t basic_info(thread_t thread, thread_info_t out, mach_msg_type_number_t *count)
{
    uint64_t now_ns = clock_now_ns();
    struct thread_times times = thread_times(thread);
    bool resting = thread->state == THREAD_WAITING || thread->state == THREAD_SUSPENDED;
    uint64_t sleep_ns = resting ? sched_undisturbed_ns(thread) : 0;
    struct thread_basic_info info = {
        .cpu_usage = cpu_usage(times.user_ns + times.system_ns, now_ns - thread->created_ns),
        .base_priority = thread->base_priority,
        .cur_priority = thread->priority,
        .run_state = run_state(thread),
        .flags = thread->machine.cpu && thread->machine.cpu->idle == thread ? TH_FLAGS_IDLE : 0,
        .suspend_count = (integer_t)thread->suspend_count,
        .sleep_time = (integer_t)(sleep_ns / NANOSECONDS_PER_SECOND),
        .user_time64 = time_value64_from_ns(times.user_ns),
        .system_time64 = time_value64_from_ns(times.system_ns),
        .creation_time64 = host_time_at(thread->created_ns),
    };

    info.user_time = time_value_from_64(info.user_time64);
    info.system_time = time_value_from_64(info.system_time64);
    info.creation_time = time_value_from_64(info.creation_time64);
    return rpc_info_answer(out, count, &info, sizeof info,
                           offsetof(struct thread_basic_info, user_time64));
}

static kern_return_t sched_info(thread_t thread, thread_info_t out, mach_msg_type_number_t *count)
{
    struct thread_sched_info info = {
        .policy = thread->policy,
        .data = thread->policy == POLICY_FIXEDPRI
                    ? (integer_t)(thread->slice_ns / NANOSECONDS_PER_MILLISECOND)
                    : 0,
        .base_priority = thread->base_priority,
        .max_priority = thread->max_priority,
        .cur_priority = thread->priority,
        .depressed = thread->depressed_priority >= 0,
        .depress_priority = thread->depressed_priority,
        .last_processor = thread->machine.cpu ? (integer_t)thread->machine.cpu->number : 0,
    };

    return rpc_info_answer(out, count, &info, sizeof info,
                           offsetof(struct thread_sched_info, last_processor));
}

kern_return_t thread_info(thread_t thread, int flavor, thread_info_t out,
                          mach_msg_type_number_t *count)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case THREAD_BASIC_INFO:
        return basic_info(thread, out, count);
    case THREAD_SCHED_INFO:
        return sched_info(thread, out, count);
    }
    return KERN_INVALID_ARGUMENT;
}

/* Where a special port is kept, or NULL for a number that names none. */
static struct port **special_port(struct thread *thread, int which)
{
    switch (which) {
    case THREAD_KERNEL_PORT:
        return &thread->self_send;
    case THREAD_EXCEPTION_PORT:
        return &thread->exception_port;
    }
    return NULL;
}

kern_return_t thread_get_special_port(thread_t thread, int which, ipc_port_t *port)
{
    struct port **slot = thread ? special_port(thread, which) : NULL;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (thread->terminating)
        return KERN_FAILURE;
    *port = port_copy_send(*slot);
    return KERN_SUCCESS;
}

/* Consumes the port when it succeeds. */
kern_return_t thread_set_special_port(thread_t thread, int which, ipc_port_t port)
{
    struct port **slot = thread ? special_port(thread, which) : NULL;
    struct port *old;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (thread->terminating)
        return KERN_FAILURE;
    old = *slot;
    *slot = port;
    port_release_send(old);
    return KERN_SUCCESS;
}

static bool priority_valid(int priority)
{
    return priority >= SCHED_PRIORITY_USER_BEST && priority < SCHED_PRIORITY_IDLE;
}

/* Gives a thread a base priority; a depression that is under way ends at the new one. */
static void set_base_priority(struct thread *thread, int priority)
{
    thread->base_priority = priority;
    if (thread->depressed_priority >= 0)
        thread->depressed_priority = priority;
    else
        sched_set_priority(thread, priority);
}

/* KERN_FAILURE: better than the thread's maximum, which only host-priv holders may raise. */
kern_return_t thread_priority(thread_t thread, int priority, boolean_t set_max)
{
    if (!thread || !priority_valid(priority))
        return KERN_INVALID_ARGUMENT;
    if (thread->terminating || priority < thread->max_priority)
        return KERN_FAILURE;
    if (set_max)
        thread->max_priority = priority;
    set_base_priority(thread, priority);
    return KERN_SUCCESS;
}

kern_return_t thread_max_priority(thread_t thread, processor_set_t set, int max_priority)
{
    if (!thread || !set || !priority_valid(max_priority))
        return KERN_INVALID_ARGUMENT;
    if (thread->terminating)
        return KERN_FAILURE;
    thread->max_priority = max_priority;
    if (thread->base_priority < max_priority)
        set_base_priority(thread, max_priority);
    return KERN_SUCCESS;
}

/* A slice of that many milliseconds, in whole ticks of the clock, one at the least. */
static uint64_t slice_of_ms(int milliseconds)
{
    uint64_t ns = milliseconds > 0 ? (uint64_t)milliseconds * NANOSECONDS_PER_MILLISECOND : 1;

    return (ns + SCHED_SLICE_NS - 1) / SCHED_SLICE_NS * SCHED_SLICE_NS;
}

/*
 * Fixed priority threads keep theirs, in slices of `data` milliseconds; the others sink while they use up
 * theirs. KERN_FAILURE: the thread dies, or its processor set does not allow the policy.
 */
kern_return_t thread_policy(thread_t thread, int policy, int data)
{
    if (!thread || invalid_policy(policy))
        return KERN_INVALID_ARGUMENT;
    if (thread->terminating || (policy != thread->policy && !(default_set.policies & policy)))
        return KERN_FAILURE;
    thread->policy = policy;
    thread->slice_ns = policy == POLICY_FIXEDPRI ? slice_of_ms(data) : SCHED_SLICE_NS;
    set_base_priority(thread, thread->base_priority);
    return KERN_SUCCESS;
}

kern_return_t task_priority(task_t task, int priority, boolean_t change_threads)
{
    kern_return_t result = KERN_SUCCESS;

    if (!task || !priority_valid(priority))
        return KERN_INVALID_ARGUMENT;
    task->priority = priority;
    if (!change_threads)
        return KERN_SUCCESS;
    list_for_each(&task->threads, node) {
        struct thread *thread = list_entry(node, struct thread, task_link);

        if (thread_priority(thread, priority, false) != KERN_SUCCESS)
            result = KERN_FAILURE;
    }
    return result;
}

kern_return_t thread_depress_abort(thread_t thread)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    depress_end(thread);
    return KERN_SUCCESS;
}

/* A wired thread may draw on the reserve of frames: it is needed to free memory. */
kern_return_t thread_wire(host_t host_priv, thread_t thread, boolean_t wired)
{
    if (!host_priv || !thread)
        return KERN_INVALID_ARGUMENT;
    thread->vm_privileged = wired;
    return KERN_SUCCESS;
}

kern_return_t thread_set_name(thread_t thread, const_kernel_debug_name_t name)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    rpc_name_copy(thread->name, sizeof thread->name, name);
    thread->is_named = true;
    return KERN_SUCCESS;
}

/* A thread without a name of its own goes by its task's. */
kern_return_t thread_get_name(thread_t thread, kernel_debug_name_t name)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    strlcpy(name, thread->is_named ? thread->name : thread->task->name, KERNEL_DEBUG_NAME_MAX);
    return KERN_SUCCESS;
}
