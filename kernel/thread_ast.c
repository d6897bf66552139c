/* SPDX-License-Identifier: BSD-2-Clause */
/* What a thread owes before it may enter user mode. */
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"

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
