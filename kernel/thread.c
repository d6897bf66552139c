/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/thread.h"

#include <mach/policy.h>

#include "ipc/message.h"
#include "ipc/port.h"
#include "kernel/host.h"
#include "kernel/panic.h"
#include "kernel/pc_sample.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread_times.h"
#include "kernel/trace.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/time.h"
#include "mm/failure.h"
#include "mm/kmem.h"
#include "mm/page.h"

#define THREADS_MIN 128u
#define FRAMES_PER_THREAD 12u /* so much memory for each thread: of it a stack, registers, the structure */

static struct kmem_cache thread_cache;
static struct list dead_threads = LIST_INITIALIZER(dead_threads); /* by run_link, for the reaper */
static struct wait_queue reaper_queue;

/* A thread with nothing but its task and name: one reference, state SUSPENDED, on no list. */
static struct thread *thread_allocate(struct task *task, const char *name, int priority)
{
    struct thread *thread = kmem_cache_alloc(&thread_cache);

    if (!thread)
        return NULL;
    memset(thread, 0, sizeof *thread);
    thread->references = 1;
    task_reference(task);
    thread->task = task;
    thread->state = THREAD_SUSPENDED;
    thread->priority = thread->base_priority = thread->max_priority = priority;
    thread->policy = POLICY_TIMESHARE;
    thread->slice_ns = thread->slice_left_ns = SCHED_SLICE_NS;
    thread->created_ns = clock_now_ns();
    thread->last_dispatch = time_stamp();
    thread->depressed_priority = -1;
    strlcpy(thread->name, name, sizeof thread->name);
    return thread;
}

static void thread_free(struct thread *thread)
{
    assert(!list_node_linked(&thread->task_link) && !list_node_linked(&thread->run_link));
    thread_machine_destroy(thread);
    pc_samples_free(thread->pc_samples);
    if (failure_forget(thread)) {
        port_keep_at_hand(true);
        message_keep_at_hand(true);
    }
    task_release(thread->task);
    kmem_cache_free(&thread_cache, thread);
}

static void thread_enter_task(struct thread *thread)
{
    list_insert_tail(&thread->task->threads, &thread->task_link);
    thread->task->thread_count++;
    trace(PORTHOLE_TRACE_THREAD, (uint64_t)thread, (uint64_t)thread->task, 0);
}

/*
 * Makes a user thread with suspend_count 1 and registers of zero.
 *
 * Results: KERN_SUCCESS and a new reference; KERN_TERMINATED for a dead task;
 * KERN_RESOURCE_SHORTAGE.
 */
kern_return_t thread_create_in(struct task *task, struct thread **result)
{
    struct thread *thread;

    if (!task->active)
        return KERN_TERMINATED;
    thread = thread_allocate(task, "", task->priority);
    if (!thread)
        return KERN_RESOURCE_SHORTAGE;
    thread->max_priority = default_set.max_priority;
    if (thread->base_priority < thread->max_priority)
        thread->priority = thread->base_priority = thread->max_priority;
    thread->self = thread_machine_init_user(thread) ? port_create_kernel(KOBJECT_THREAD, thread)
                                                    : NULL;
    if (!thread->self) {
        thread_free(thread);
        return KERN_RESOURCE_SHORTAGE;
    }
    thread->self_send = port_make_send(thread->self);
    snprintf(thread->name, sizeof thread->name, "thread %u", ++task->threads_made);
    thread->suspend_count = 1;
    thread->vm_privileged = task->vm_privileged_wanted;
    thread_enter_task(thread);
    thread_reference(thread);
    *result = thread;
    return KERN_SUCCESS;
}

/* Makes a kernel thread that is not runnable yet; panics without memory: they are made at boot. */
static struct thread *kernel_thread(const char *name, int priority, void (*function)(void *),
                                    void *argument)
{
    struct thread *thread = thread_allocate(kernel_task, name, priority);

    if (!thread || !thread_machine_init_kernel(thread, function, argument))
        panic("no memory for the kernel thread %s", name);
    thread->policy = POLICY_FIXEDPRI;
    thread_enter_task(thread);
    return thread;
}

struct thread *thread_create_kernel(const char *name, int priority, void (*function)(void *),
                                    void *argument)
{
    struct thread *thread = kernel_thread(name, priority, function, argument);

    sched_make_runnable(thread);
    return thread;
}

struct thread *thread_create_idle(void)
{
    struct thread *thread = kernel_thread("idle", SCHED_PRIORITY_IDLE, sched_idle, NULL);

    thread->state = THREAD_RUNNABLE;
    return thread;
}

void thread_reference(struct thread *thread)
{
    thread->references++;
}

void thread_release(struct thread *thread)
{
    if (thread && --thread->references == 0)
        thread_free(thread);
}

bool thread_is_kernel(const struct thread *thread)
{
    return thread->task == kernel_task;
}

bool thread_is_held(const struct thread *thread)
{
    return (thread->suspend_count | thread->holds | thread->task->suspend_count) != 0;
}

void thread_release_stopped(struct thread *thread)
{
    if (thread->state == THREAD_SUSPENDED && !thread_is_held(thread))
        sched_make_runnable(thread);
}

kern_return_t thread_suspend_thread(struct thread *thread)
{
    if (thread->terminating)
        return KERN_TERMINATED;
    thread->suspend_count++;
    sched_set_ast(thread, AST_SUSPEND);
    return KERN_SUCCESS;
}

kern_return_t thread_resume_thread(struct thread *thread)
{
    if (thread->terminating)
        return KERN_TERMINATED;
    if (thread->suspend_count == 0)
        return KERN_FAILURE;
    thread->suspend_count--;
    thread_release_stopped(thread);
    return KERN_SUCCESS;
}

void thread_abort_thread(struct thread *thread)
{
    /* A thread that is preempted in user mode loses the mark again on its way there. */
    if (!wait_interrupt(thread) && thread->state != THREAD_SUSPENDED)
        sched_set_ast(thread, AST_ABORT);
}

/*
 * Ends a thread: from here on it executes no user instruction, its port is dead, and every wait
 * of its is interrupted; it leaves on its own way to user mode. Harmless when it is ending
 * already.
 */
void thread_terminate_thread(struct thread *thread)
{
    struct port *self = thread->self;

    if (thread->terminating || thread_is_kernel(thread))
        return;
    thread->terminating = true;
    sched_set_ast(thread, AST_TERMINATE);
    thread->self = NULL;
    port_destroy_kernel(self);
    sched_set_priority(thread, SCHED_PRIORITY_KERNEL);
    thread->base_priority = SCHED_PRIORITY_KERNEL;
    thread->depressed_priority = -1; /* a depression that ends now changes nothing */
    if (thread->state == THREAD_SUSPENDED)
        sched_make_runnable(thread);
    else
        wait_interrupt(thread);
}

/* Gives up the rights that a dying user thread holds. */
static void thread_release_ports(struct thread *thread)
{
    port_release_send(thread->self_send);
    port_release_send(thread->exception_port);
    thread->self_send = thread->exception_port = NULL;
    if (thread->reply_port)
        port_destroy_kernel(thread->reply_port);
    thread->reply_port = NULL;
    if (thread->handed_message)
        message_destroy(thread->handed_message);
    thread->handed_message = NULL;
    if (thread->request_buffer)
        message_free(thread->request_buffer);
    if (thread->answer_buffer)
        message_free(thread->answer_buffer);
    thread->request_buffer = thread->answer_buffer = NULL;
}

/* Ends the current thread. What is left of it is freed by the reaper: nobody frees his own
   stack. */
void thread_exit(void)
{
    struct thread *thread = thread_current();
    struct task *task = thread->task;
    struct thread_times times;

    thread_terminate_thread(thread);
    timeout_cancel(&thread->depress_timeout);
    thread_release_ports(thread);
    list_remove(&thread->task_link);
    task->thread_count--;
    times = thread_times(thread);
    task->dead_user_ns += times.user_ns;
    task->dead_system_ns += times.system_ns;
    task->messages_sent += thread->messages_sent;
    task->messages_received += thread->messages_received;
    thread->state = THREAD_DEAD;
    list_insert_tail(&dead_threads, &thread->run_link);
    wait_queue_wake_one(&reaper_queue, WAIT_AWAKENED);
    sched_switch();
    panic("a dead thread runs");
}

/* The reaper: drops the reference that dead threads held for being alive. */
static void reap(void *unused)
{
    static const struct wait_reason reason = {"threads to bury", NULL};
    struct list_node *node;

    (void)unused;
    for (;;) {
        while ((node = list_take_first(&dead_threads)) != NULL)
            thread_release(list_entry(node, struct thread, run_link));
        wait_queue_sleep(&reaper_queue, &reason, NULL, WAIT_UNINTERRUPTIBLE, DEADLINE_NEVER);
    }
}

/* Conditions: kernel_task exists, memory can be allocated; runs once, on the boot stack. */
void thread_init(void)
{
    uint32_t limit = page_counts.total / FRAMES_PER_THREAD;
    struct thread *boot;

    kmem_cache_init(&thread_cache, "threads", sizeof(struct thread), 0,
                    limit < THREADS_MIN ? THREADS_MIN : limit);
    wait_queue_init(&reaper_queue);
    boot = thread_allocate(kernel_task, "boot", SCHED_PRIORITY_KERNEL);
    if (!boot)
        panic("no memory for the first thread");
    boot->policy = POLICY_FIXEDPRI;
    boot->state = THREAD_RUNNABLE;
    thread_enter_task(boot);
    thread_machine_adopt_boot(boot);
    this_cpu()->idle = thread_create_idle();
    thread_create_kernel("reaper", SCHED_PRIORITY_KERNEL, reap, NULL);
}
