/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads.
 *
 * States: RUNNABLE (on a run queue, or current) -> WAITING (on a wait queue, with a reason)
 * -> RUNNABLE; SUSPENDED (stopped at its way back to user mode, off every queue) -> RUNNABLE;
 * DEAD (has left for good; reaped by another thread).
 * suspend_count > 0 stops a thread only on its way to user mode: a wait in progress goes on.
 *
 * References: one for being alive, dropped when it is dead; one for each kernel pointer that is
 * kept over a wait. The self port's send rights hold none: the port is detached at death.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>

#include "kernel/clock.h"
#include "kernel/gsync.h"
#include "kernel/list.h"
#include "kernel/wait.h"
#include "kernel/x86_64/thread_machine.h"

struct message;
struct pc_samples;
struct port;
struct task;

enum thread_state { THREAD_RUNNABLE, THREAD_WAITING, THREAD_SUSPENDED, THREAD_DEAD };

/* What a thread must do before it goes back to user mode. */
#define AST_RESCHEDULE 0x1u /* its time slice is over, or a better thread is ready */
#define AST_SUSPEND 0x2u    /* suspend_count became positive (own or task's) */
#define AST_TERMINATE 0x4u  /* it must die */
#define AST_ABORT 0x8u      /* thread_abort came while it did not wait: ends the next wait */

struct thread {
    struct thread_machine machine; /* first: entry code finds it at offset 0 */

    uint32_t references;
    struct task *task;           /* holds a task reference until the thread is reaped */
    struct list_node task_link;  /* in task->threads */

    /* Scheduling. */
    enum thread_state state;
    uint32_t ast;                /* AST_* bits; tested on every way to user mode */
    struct list_node run_link;   /* in a run queue */
    bool passed_over;            /* in a run queue, by a processor that has not run it last */
    bool watched;                /* somebody waits until it no longer runs elsewhere */
    int priority;                /* now; 0 is best, 63 worst (Mach's scale, 50 for idle threads) */
    int base_priority;
    int max_priority;
    int policy;                  /* POLICY_TIMESHARE or POLICY_FIXEDPRI */
    uint64_t slice_ns;           /* of POLICY_FIXEDPRI, thread_policy() sets it */
    uint64_t slice_left_ns;
    uint64_t run_ticks;          /* of the time stamp counter, spent on a processor up to last_dispatch */
    uint64_t last_dispatch;      /* time stamp */
    uint32_t user_samples, system_samples; /* ticks that found it in user mode, and in the kernel */
    uint64_t told_user_ns, told_system_ns; /* what thread_times() has told last */
    uint64_t messages_sent, messages_received; /* through mach_msg */
    uint64_t fault_pc;           /* user instruction of its last page fault */
    uint64_t created_ns;
    int depressed_priority;      /* priority to restore after thread_switch depression, or -1 */
    struct timeout depress_timeout;
    struct pc_samples *pc_samples; /* owned; NULL: it is not sampled */
    unsigned suspend_count;      /* thread_suspend() minus thread_resume() */
    unsigned holds;              /* thread_hold(): others look at its registers; woken as an event when it stops */
    bool terminating;

    /* Waiting; meaningful while state == THREAD_WAITING. */
    struct list_node wait_link;
    struct wait_queue *wait_queue;
    const void *wait_event;      /* for event_sleep */
    struct gsync_key gsync_key;  /* for gsync_wait */
    const struct wait_reason *wait_reason;
    const void *wait_object;
    enum wait_mode wait_mode;
    wait_result_t wait_result;
    struct timeout wait_timeout;

    /* Messages. While it waits to receive, a sender may hand it a message; while it waits for room
       in a port's queue, who makes room takes its message. */
    struct message *handed_message; /* owned by this thread once set */
    uint32_t receive_limit;         /* bytes that its buffer takes */
    struct message *pending_message; /* owned by this thread until it is taken */
    /* Small buffers for the next request and for the answer of a kernel object; owned, or NULL. */
    struct message *request_buffer, *answer_buffer;

    /* It asks a manager and then sleeps on an event: with gives_way who gets the message is not made
       runnable, but kept here, and runs when it sleeps. */
    bool gives_way;
    struct thread *successor;

    /* Ports. Each pointer owns the right that its comment names. */
    struct port *self;            /* kernel-held receive right of the thread port */
    struct port *self_send;       /* THREAD_KERNEL_PORT special port: a send right */
    struct port *exception_port;  /* a send right or NULL */
    struct port *reply_port;      /* kernel-held receive right for exception replies, lazily made */

    /* Memory. */
    bool vm_privileged;           /* may take frames from the reserve; never waits for others */
    unsigned fault_count;         /* faults it took that waited for a pager */
    bool is_named;                /* by thread_set_name() */
    char name[32];
};

/* The boot code becomes the first kernel thread; idle thread and reaper start. */
void thread_init(void);
/* Makes a suspended user thread in the task: suspend_count 1, state zero. New reference
   returned. */
kern_return_t thread_create_in(struct task *task, struct thread **result);
/* Makes and starts a kernel thread that runs function(argument) and then dies. */
struct thread *thread_create_kernel(const char *name, int priority, void (*function)(void *),
                                    void *argument);
/* Makes the thread that a processor runs when there is nothing else; it is on no queue. */
struct thread *thread_create_idle(void);
void thread_reference(struct thread *thread);
/* Drops a reference (NULL is allowed); the last one frees it. May not sleep. */
void thread_release(struct thread *thread);
/* Ends another thread, or the current one at its next way to user mode. Wakes it from waits. */
void thread_terminate_thread(struct thread *thread);
/* suspend_count + 1: it executes no more user instructions. KERN_TERMINATED for a dying thread. */
kern_return_t thread_suspend_thread(struct thread *thread);
/* suspend_count - 1; runs when that and the task's are 0. KERN_FAILURE: it was 0 already. */
kern_return_t thread_resume_thread(struct thread *thread);
/* Ends its interruptible wait; while it is in the kernel but does not wait, its next one. */
void thread_abort_thread(struct thread *thread);
/* True while a count (its own, its task's, or a hold) keeps it from user mode. */
bool thread_is_held(const struct thread *thread);
/* Starts a thread that is stopped on its way to user mode, if nothing holds it. */
void thread_release_stopped(struct thread *thread);
/* Ends the current thread now. */
void thread_exit(void) __attribute__((noreturn));
/* For one that must stop or die and still runs on another processor: returns when it has left user
   mode. May sleep, for no longer than that takes; the caller holds a reference. */
void thread_await_stop(struct thread *thread);
/* Wakes who waits for that; the thread is the current one. */
void thread_wake_watchers(struct thread *thread);
/* Handles the current thread's AST bits; returns when it may enter user mode. May not return. */
void thread_ast(void);
/* True for a thread of the kernel itself, which has no ports and no user mode. */
bool thread_is_kernel(const struct thread *thread);
/* thread_current() is inline, in kernel/x86_64/thread_machine.h. */
