/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/depress.h"

#include "kernel/clock.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

#define PRIORITY_DEPRESSED (SCHED_PRIORITY_IDLE - 1)

static void depress_timed_out(void *argument)
{
    depress_end(argument);
}

void depress_begin(uint32_t milliseconds)
{
    struct thread *thread = thread_current();

    depress_end(thread);
    thread->depressed_priority = thread->base_priority;
    sched_set_priority(thread, PRIORITY_DEPRESSED);
    if (milliseconds > 0)
        timeout_start(&thread->depress_timeout, deadline_after_ms(milliseconds), depress_timed_out,
                      thread);
}

void depress_end(struct thread *thread)
{
    int priority = thread->depressed_priority;

    if (priority < 0)
        return;
    timeout_cancel(&thread->depress_timeout);
    thread->depressed_priority = -1;
    sched_set_priority(thread, priority);
}

int depress_entitled(const struct thread *thread)
{
    return thread->depressed_priority >= 0 ? PRIORITY_DEPRESSED : thread->base_priority;
}
