/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/sched.h"

#include <mach/policy.h>
#include <mach/processor_info.h>

#include "kernel/clock.h"
#include "kernel/list.h"
#include "kernel/panic.h"
#include "kernel/pc_sample.h"
#include "kernel/sched_leave.h"
#include "kernel/trace.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/thread_times.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/kernel_lock.h"
#include "kernel/x86_64/segments.h"
#include "kernel/x86_64/time.h"

#define QUEUE_LOOK 4u /* so many of the best are looked at for one that has run here */
#define AGING_MAX 8 /* a time-sharing thread falls at most that far below its base priority */

_Static_assert(SCHED_PRIORITIES == 64, "the bitmap is one word");

static struct list run_queues[SCHED_PRIORITIES];
static uint64_t ready;          /* bit p: run_queues[p] is not empty */
static uint32_t ready_count;    /* threads on all run queues */
static uint32_t idle_cpus;      /* bit n: processor n halts, in service, and has not been called yet */
static uint64_t last_load_ns;   /* when the loads were last brought up to date */
static uint32_t loads[SCHED_LOADS];

void sched_init(void)
{
    for (unsigned i = 0; i < SCHED_PRIORITIES; i++)
        list_init(&run_queues[i]);
}

static uint32_t bit_of(const struct cpu *cpu)
{
    return UINT32_C(1) << cpu->number;
}

bool sched_runs(const struct thread *thread)
{
    return thread->machine.cpu && thread->machine.cpu->current == thread;
}

bool sched_runs_elsewhere(const struct thread *thread)
{
    return sched_runs(thread) && thread != thread_current();
}

/* Has another processor enter the kernel, or wakes it up. */
static void call(struct cpu *cpu)
{
    this_cpu()->calls_made++;
    apic_send(cpu->apic_id, VECTOR_CALL);
}

void sched_set_ast(struct thread *thread, uint32_t bits)
{
    thread->ast |= bits;
    if (sched_runs_elsewhere(thread))
        call(thread->machine.cpu);
}

static void enqueue(struct thread *thread)
{
    assert(kernel_lock_held());
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

/* The first of the best, or one close behind it that the processor ran last. Nobody is passed over
   twice. NULL: the first. */
static struct thread *best_thread(const struct cpu *cpu)
{
    struct list *queue = &run_queues[__builtin_ctzll(ready)];
    struct thread *first = list_entry(list_first(queue), struct thread, run_link);
    unsigned looked = 0;

    if (!kernel_lock_shared || !cpu || first->machine.cpu == cpu || first->passed_over)
        return first;
    list_for_each(queue, node) {
        struct thread *thread = list_entry(node, struct thread, run_link);

        if (thread->machine.cpu == cpu) {
            first->passed_over = true;
            return thread;
        }
        if (++looked == QUEUE_LOOK)
            break;
    }
    return first;
}

/* Of the processors that idle, the one that the thread ran on last, or any. NULL: none does. */
static struct cpu *idle_cpu_for(const struct thread *thread)
{
    const struct cpu *last = thread->machine.cpu;

    if (last && (idle_cpus & bit_of(last)))
        return cpus[last->number];
    return idle_cpus ? cpus[__builtin_ctz(idle_cpus)] : NULL;
}

/* The processor that runs the least important thread, or NULL. One that has been called out of
   idling comes for the best of the queue anyhow. */
static struct cpu *least_busy_cpu(void)
{
    struct cpu *least = NULL;

    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i]->in_service && cpus[i]->current != cpus[i]->idle &&
            (!least || cpus[i]->current->priority > least->current->priority))
            least = cpus[i];
    return least;
}

/* Who leaves the kernel with threads in the queue calls one processor that idles; that one does the
   same. Not sooner: the caller may give way itself, and the other would only wait for the lock. */
void sched_share(void)
{
    struct cpu *cpu;

    if (ready == 0 || idle_cpus == 0)
        return;
    cpu = idle_cpu_for(best_thread(NULL));
    idle_cpus &= ~bit_of(cpu);
    call(cpu);
}

/* Unless a processor idles, has the one with the least important thread come for a thread that has
   become ready and is better. */
static void find_processor(const struct thread *thread)
{
    struct cpu *cpu = this_cpu();

    if (kernel_lock_shared)
        cpu = idle_cpus ? NULL : least_busy_cpu();
    if (cpu && thread->priority < cpu->current->priority)
        sched_set_ast(cpu->current, AST_RESCHEDULE);
}

/* A time-sharing thread comes back at its base priority: it has slept. */
void sched_make_runnable(struct thread *thread)
{
    if (thread->policy == POLICY_TIMESHARE && thread->depressed_priority < 0)
        thread->priority = thread->base_priority;
    thread->state = THREAD_RUNNABLE;
    enqueue(thread);
    find_processor(thread);
}

void sched_remove(struct thread *thread)
{
    assert(thread != thread_current());
    dequeue(thread);
}

void sched_switch_to(struct thread *next)
{
    struct thread *current = thread_current();
    bool waits = current->state == THREAD_WAITING;
    uint64_t now = time_stamp();

    if (next == current)
        return;
    trace_at(now, PORTHOLE_TRACE_SWITCH, (uint64_t)next, waits ? (uint64_t)current->wait_reason : 0,
             waits ? (uint64_t)current->wait_object : 0);
    sched_leave(current, next, now);
}

void sched_switch(void)
{
    struct cpu *cpu = this_cpu();
    struct thread *next;

    if (ready == 0 || !cpu->in_service) {
        sched_switch_to(cpu->idle);
        return;
    }
    next = best_thread(cpu);
    next->passed_over = false;
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
    struct cpu *cpu = this_cpu();
    struct thread *thread = thread_current();

    cpu_interrupt_window();
    if (thread_is_kernel(thread)) /* it may never leave the kernel, which is where others are called */
        sched_share();
    kernel_lock_give_way();
    if (!sched_others_ready() && cpu->in_service)
        return;
    if (thread != cpu->idle)
        enqueue(thread);
    if (!cpu->in_service)
        find_processor(thread);
    sched_switch();
}

void sched_set_service(struct cpu *cpu, bool in_service)
{
    assert(cpu != cpus[0]);
    cpu->in_service = in_service;
    idle_cpus &= ~bit_of(cpu);
    sched_set_ast(cpu->current, AST_RESCHEDULE);
}

/* A slice is used up: others of the priority get their turn, and time-sharing threads age. */
static void slice_ended(struct thread *thread)
{
    thread->slice_left_ns = thread->slice_ns;
    thread->ast |= AST_RESCHEDULE;
    if (thread->policy == POLICY_TIMESHARE && thread->depressed_priority < 0 &&
        thread->priority < thread->base_priority + AGING_MAX &&
        thread->priority < SCHED_PRIORITY_IDLE - 1)
        thread->priority++;
}

/* Processors that do not idle. */
static uint32_t busy_count(void)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < cpu_count; i++)
        count += cpus[i]->current != cpus[i]->idle;
    return count;
}

/* Once a second each average moves towards what is ready now. */
static void update_loads(uint64_t now_ns)
{
    static const uint32_t kept[SCHED_LOADS] = {800, 966, 983}; /* thousandths of the old value */
    uint32_t running;

    if (now_ns - last_load_ns < NANOSECONDS_PER_SECOND)
        return;
    running = ready_count + busy_count();
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
    struct cpu *cpu = this_cpu();
    uint64_t elapsed_ns = now_ns - cpu->tick_ns, running_ns = sched_undisturbed_ns(thread);

    cpu->tick_ns = now_ns;
    update_loads(now_ns);
    if (thread == cpu->idle)
        return;
    pc_sample_clock(now_ns - elapsed_ns, now_ns);
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
    if (queued) {
        enqueue(thread);
        find_processor(thread);
    } else if (sched_runs(thread)) {
        sched_set_ast(thread, AST_RESCHEDULE);
    }
}

uint64_t sched_undisturbed_ns(const struct thread *thread)
{
    return time_ticks_to_ns(time_stamp() - thread->last_dispatch);
}

uint64_t sched_run_time_ns(const struct thread *thread)
{
    uint64_t ticks = thread->run_ticks;

    if (sched_runs(thread))
        ticks += time_stamp() - thread->last_dispatch;
    return time_ticks_to_ns(ticks);
}

void sched_idle(void *unused)
{
    struct cpu *cpu = this_cpu();

    (void)unused;
    for (;;) {
        while (ready == 0 || !cpu->in_service) {
            if (kernel_lock_shared)
                pmap_activate(&kernel_pmap); /* nobody need ask this one about user memory */
            if (cpu->in_service)
                idle_cpus |= bit_of(cpu);
            cpu_idle();
            idle_cpus &= ~bit_of(cpu);
        }
        clock_resume();
        sched_switch();
    }
}
