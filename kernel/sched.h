/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: 64 priorities (0 best), round robin within one, a run queue with a bitmap. All
 * processors take from it, the best first; of equals, a processor prefers those that it ran last.
 * All calls with the kernel lock held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct thread;

#define SCHED_PRIORITIES 64
#define SCHED_PRIORITY_KERNEL 4
#define SCHED_PRIORITY_USER_BEST 6 /* users cannot starve the kernel's own threads */
#define SCHED_PRIORITY_USER 25
#define SCHED_PRIORITY_IDLE 63
#define SCHED_LOADS 3
#define SCHED_SLICE_NS UINT64_C(10000000)

void sched_init(void);
/* Puts a thread that is on no queue at the tail of its priority's queue. A processor that runs
   nothing better will come for it. */
void sched_make_runnable(struct thread *thread);
/* Calls a processor that idles if there is something for it; before the lock is let go. */
void sched_share(void);
/* Takes a runnable thread that is not current off its queue. */
void sched_remove(struct thread *thread);
/* Gives the processor to the best runnable thread; the caller has set the current thread's state
   and put it on whatever queue it belongs to. Returns when it runs again. */
void sched_switch(void);
/* The same, to this very thread, which is on no queue. */
void sched_switch_to(struct thread *next);
/* Current goes to the tail of its queue; the best thread runs. First, interrupts come in, and other
   processors that wait for the lock get it: to be called between the steps of whatever takes long. */
void sched_yield(void);
/* True if a thread as good as the current one or better could run instead of it. */
bool sched_others_ready(void);
/* Charges the time since the last call to the current thread; called on every clock interrupt. */
void sched_tick(uint64_t now_ns, bool from_user);
/* Sets AST_* bits of a thread; one that runs elsewhere comes into the kernel for them. */
void sched_set_ast(struct thread *thread, uint32_t bits);
/* Takes a processor in or out of service: out of it, it runs what it is in the middle of, then
   idles. Not for the one that booted. */
void sched_set_service(struct cpu *cpu, bool in_service);
/* Changes the priority of a thread in any state, moving it between queues. */
void sched_set_priority(struct thread *thread, int priority);
/* Nanoseconds that a thread has spent on the processor until now. */
uint64_t sched_run_time_ns(const struct thread *thread);
/* Nanoseconds since it last came to a processor. */
uint64_t sched_undisturbed_ns(const struct thread *thread);
/* Threads that ran or were ready, averaged over the last 5, 30 or 60 seconds; times LOAD_SCALE. */
uint32_t sched_load(unsigned which);
/* True if the thread is some processor's current one. */
bool sched_runs(const struct thread *thread);
/* True if it is another processor's: in user mode, or just about to enter or leave the kernel. */
bool sched_runs_elsewhere(const struct thread *thread);
/* What a processor's idle thread does; never returns. */
void sched_idle(void *unused);
