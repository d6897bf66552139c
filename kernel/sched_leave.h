/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place where a processor goes from thread to thread. Inline, for the message path. */
#pragma once

#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/thread_switch.h"
#include "mm/pmap.h"
#include "mm/vm_map.h"

/* Gives the processor from the current thread to another, which is on no queue; returns when the
   current one runs again. The caller has taken the time stamp, and records the event. */
static inline void sched_leave(struct thread *current, struct thread *next, uint64_t now)
{
    current->run_ticks += now - current->last_dispatch;
    next->last_dispatch = now;
    if (__builtin_expect(current->watched, 0))
        thread_wake_watchers(current);
    /* Kernel threads run on whatever user memory is there: a task that comes back finds its translations. */
    if (next->task != current->task && next->task != kernel_task)
        pmap_activate(next->task->map->pmap);
    thread_machine_switch(current, next);
}
