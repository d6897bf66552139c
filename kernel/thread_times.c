/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/thread_times.h"

#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"

void thread_times_sample(struct thread *thread, bool user)
{
    if (user)
        thread->user_samples++;
    else
        thread->system_samples++;
}

/* The user part of a time, as the samples have it; all of it before the first one. */
static uint64_t user_part(const struct thread *thread, uint64_t all_ns)
{
    uint64_t user = thread->user_samples, samples = user + thread->system_samples;

    if (samples == 0)
        return all_ns;
    return all_ns / samples * user + all_ns % samples * user / samples;
}

struct thread_times thread_times(struct thread *thread)
{
    uint64_t all_ns = sched_run_time_ns(thread), user_ns = user_part(thread, all_ns);
    uint64_t user_max_ns = all_ns - thread->told_system_ns;

    if (user_ns < thread->told_user_ns)
        user_ns = thread->told_user_ns;
    if (user_ns > user_max_ns)
        user_ns = user_max_ns;
    thread->told_user_ns = user_ns;
    thread->told_system_ns = all_ns - user_ns;
    return (struct thread_times){user_ns, all_ns - user_ns};
}

struct thread_times thread_times_of_task(const struct task *task)
{
    struct thread_times sum = {0, 0};

    list_for_each(&task->threads, node) {
        struct thread_times one = thread_times(list_entry(node, struct thread, task_link));

        sum.user_ns += one.user_ns;
        sum.system_ns += one.system_ns;
    }
    return sum;
}
