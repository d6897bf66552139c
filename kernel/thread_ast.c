/* SPDX-License-Identifier: BSD-2-Clause */
/* What a thread owes before it may enter user mode; and waiting until it has paid. */
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"

/* True if it may execute no user instruction. */
static bool must_stop(const struct thread *thread)
{
    return thread_is_held(thread) || thread->terminating;
}

/*
 * Suspending and ending a thread promise that it executes no user instruction any more. It has been
 * called into the kernel (sched_set_ast); there it stops, sleeps or dies, and its registers hold
 * still. The caller sleeps meanwhile, so that two threads that stop each other both do.
 */
void thread_await_stop(struct thread *thread)
{
    static const struct wait_reason reason = {"a thread to leave its processor", NULL};

    while (sched_runs_elsewhere(thread) && must_stop(thread)) {
        thread->watched = true;
        event_sleep(&thread->watched, &reason, thread, WAIT_UNINTERRUPTIBLE, DEADLINE_NEVER);
    }
}

void thread_wake_watchers(struct thread *thread)
{
    thread->watched = false;
    event_wake_all(&thread->watched, WAIT_AWAKENED);
}

/* Stops the current thread until nobody holds it back any more. */
static void stop_if_suspended(struct thread *thread)
{
    if (!thread_is_held(thread))
        return;
    thread->state = THREAD_SUSPENDED;
    event_wake_all(&thread->holds, WAIT_AWAKENED);
    sched_switch();
}

/*
 * Handles the current thread's AST bits until none is left. Each is cleared before it is handled:
 * it may be set again while the thread is stopped or others run.
 */
void thread_ast(void)
{
    struct thread *thread = thread_current();

    if (thread->watched)
        thread_wake_watchers(thread);
    while (thread->ast != 0) {
        uint32_t ast = thread->ast;

        if (ast & AST_TERMINATE)
            thread_exit();
        thread->ast = 0;
        if (ast & AST_SUSPEND)
            stop_if_suspended(thread);
        if (ast & AST_RESCHEDULE)
            sched_yield();
    }
}
