/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/sched.h"

#include <mach/policy.h>
#include <mach/processor_info.h>

#include "kernel/clock.h"
#include "kernel/list.h"
#include "kernel/panic.h"
#include "kernel/sched_leave.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/thread_times.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/time.h"

#define AGING_MAX 8 /* a time-sharing thread falls at most that far below its base priority */

_Static_assert(SCHED_PRIORITIES == 64, "the bitmap is one word");

static struct list run_queues[SCHED_PRIORITIES];
static uint64_t ready;          /* bit p: run_queues[p] is not empty */
static uint32_t ready_count;    /* threads on all run queues */
static uint64_t last_tick_ns;   /* up to when time has been charged to slices */
static uint64_t last_load_ns;   /* when the loads were last brought up to date */
static uint32_t loads[SCHED_LOADS];

void sched_init(void)
{
    for (unsigned i = 0; i < SCHED_PRIORITIES; i++)
        list_init(&run_queues[i]);
}

static void enqueue(struct thread *thread)
{
    assert(!list_node_linked(&thread->run_link));
    list_insert_tail(&run_queues[thread->priority], &thread->run_link);
    ready |= UINT64_C(1) << thread->priority;
    ready_count++;
}

static void dequeue(struct thread *thread)
{
    ready_count--;
    list_remove(&thread->run_link);
    if (list_empty(&run_queues[thread->priority]))
        ready &= ~(UINT64_C(1) << thread->priority);
}

/*
 * Puts a thread that is on no queue at the tail of its priority's queue, and has the current one
 * rescheduled on its way to user mode if this one is better. A time-sharing thread comes back at
 * its base priority: it has slept.
 */
void sched_make_runnable(struct thread *thread)
{
    if (thread->policy == POLICY_TIMESHARE && thread->depressed_priority < 0)
        thread->priority = thread->base_priority;
    thread->state = THREAD_RUNNABLE;
    enqueue(thread);
    if (thread->priority < thread_current()->priority)
        thread_current()->ast |= AST_RESCHEDULE;
}

void sched_remove(struct thread *thread)
{
    assert(thread != thread_current());
    dequeue(thread);
}

void sched_switch_to(struct thread *next)
{
    struct thread *current = thread_current();

    if (next != current)
        sched_leave(current, next);
}

void sched_switch(void)
{
    struct thread *next;

    if (ready == 0) {
        sched_switch_to(this_cpu()->idle);
        return;
    }
    next = list_entry(list_first(&run_queues[__builtin_ctzll(ready)]), struct thread, run_link);
    dequeue(next);
    sched_switch_to(next);
}

/* Bits of the priorities that are as good as this one or better. */
static uint64_t priorities_up_to(int priority)
{
    return UINT64_MAX >> (SCHED_PRIORITIES - 1 - priority);
}

bool sched_others_ready(void)
{
    return (ready & priorities_up_to(thread_current()->priority)) != 0;
}

void sched_yield(void)
{
    if (!sched_others_ready())
        return;
    if (thread_current() != this_cpu()->idle)
        enqueue(thread_current());
    sched_switch();
}

/* A slice is used up: others of the priority get their turn, and time-sharing threads age. */
static void slice_ended(struct thread *thread)
{
    thread->slice_left_ns = SCHED_SLICE_NS;
    thread->ast |= AST_RESCHEDULE;
    if (thread->policy == POLICY_TIMESHARE && thread->depressed_priority < 0 &&
        thread->priority < thread->base_priority + AGING_MAX &&
        thread->priority < SCHED_PRIORITY_IDLE - 1)
        thread->priority++;
}

/* Once a second each average moves towards what is ready now. */
static void update_loads(uint64_t now_ns)
{
    static const uint32_t kept[SCHED_LOADS] = {800, 966, 983}; /* thousandths of the old value */
    uint32_t running = ready_count + (thread_current() != this_cpu()->idle);

    if (now_ns - last_load_ns < NANOSECONDS_PER_SECOND)
        return;
    last_load_ns = now_ns;
    for (unsigned i = 0; i < SCHED_LOADS; i++)
        loads[i] = (loads[i] * kept[i] + running * LOAD_SCALE * (1000 - kept[i])) / 1000;
}

uint32_t sched_load(unsigned which)
{
    return loads[which];
}

/* A thread pays for the part of a tick that it has run, not for what others did before. */
void sched_tick(uint64_t now_ns, bool from_user)
{
    struct thread *thread = thread_current();
    uint64_t elapsed_ns = now_ns - last_tick_ns, running_ns = sched_undisturbed_ns(thread);

    last_tick_ns = now_ns;
    update_loads(now_ns);
    if (thread == this_cpu()->idle)
        return;
    if (elapsed_ns > running_ns)
        elapsed_ns = running_ns;
    thread_times_sample(thread, from_user);
    if (thread->slice_left_ns > elapsed_ns)
        thread->slice_left_ns -= elapsed_ns;
    else
        slice_ended(thread);
}

void sched_set_priority(struct thread *thread, int priority)
{
    bool queued = list_node_linked(&thread->run_link);

    assert(priority >= 0 && priority < SCHED_PRIORITIES);
    if (queued)
        dequeue(thread);
    thread->priority = priority;
    if (queued)
        enqueue(thread);
    thread_current()->ast |= AST_RESCHEDULE;
}

uint64_t sched_undisturbed_ns(const struct thread *thread)
{
    return time_ticks_to_ns(time_stamp() - thread->last_dispatch);
}

uint64_t sched_run_time_ns(const struct thread *thread)
{
    uint64_t ticks = thread->run_ticks;

    if (thread == thread_current())
        ticks += time_stamp() - thread->last_dispatch;
    return time_ticks_to_ns(ticks);
}

void sched_idle(void *unused)
{
    (void)unused;
    for (;;) {
        while (ready == 0)
            cpu_idle();
        sched_switch();
    }
}
