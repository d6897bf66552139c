/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/monitor.h"

#include "kernel/list.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"

#define WAITS_PRINTED_MAX 100u

/* A name, or something to stand for one. */
static const char *shown(const char *name)
{
    return name[0] ? name : "?";
}

const char *monitor_state_text(const struct thread *thread)
{
    switch (thread->state) {
    case THREAD_RUNNABLE:
        return sched_runs(thread) ? "runs" : "ready";
    case THREAD_WAITING:
        return thread->wait_mode == WAIT_INTERRUPTIBLE ? "waits" : "waits, uninterruptibly";
    case THREAD_SUSPENDED:
        return "suspended";
    case THREAD_DEAD:
        break;
    }
    return "dead";
}

void monitor_wait_text(const struct thread *thread, char *reason, size_t reason_bytes, char *whom,
                       size_t whom_bytes)
{
    const struct wait_reason *why = thread->wait_reason;

    reason[0] = whom[0] = '\0';
    if (thread->state != THREAD_WAITING || !why)
        return;
    strlcpy(reason, why->text, reason_bytes);
    if (why->describe)
        why->describe(thread->wait_object, whom, whom_bytes);
}

static void print_thread(const struct task *task, const struct thread *thread)
{
    char reason[64], whom[96];

    monitor_wait_text(thread, reason, sizeof reason, whom, sizeof whom);
    kprintf("  %-16s %-16s %s%s%s%s%s\n", shown(task->name), shown(thread->name),
            monitor_state_text(thread), reason[0] ? " for " : "", reason, whom[0] ? ": " : "",
            whom);
}

/* A screen or two: who wants all asks for the lists (porthole_debug.defs). */
void monitor_print_waits(void)
{
    unsigned lines = 0;

    kprintf("Who waits for whom:\n");
    if (!kernel_task)
        return;
    list_for_each(&task_list, node) {
        struct task *task = list_entry(node, struct task, link);

        list_for_each(&task->threads, member) {
            if (lines++ == WAITS_PRINTED_MAX) {
                kprintf("  and others\n");
                return;
            }
            print_thread(task, list_entry(member, struct thread, task_link));
        }
    }
}
