/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/exception.h"

#include <mach/exception.h>
#include <mach/machine/exception.h>
#include <mach/mig_errors.h>

#include <mig/exc.h>

#include "ipc/port.h"
#include "kernel/printf.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/trap_frame.h"
#include "mm/fault_request.h"

static const char *exception_name(int exception)
{
    static const char *const names[] = {
        [EXC_BAD_ACCESS] = "bad access",
        [EXC_BAD_INSTRUCTION] = "bad instruction",
        [EXC_ARITHMETIC] = "arithmetic",
        [EXC_EMULATION] = "emulation",
        [EXC_SOFTWARE] = "software",
        [EXC_BREAKPOINT] = "breakpoint",
    };

    return exception > 0 && exception < (int)(sizeof names / sizeof names[0]) ? names[exception]
                                                                             : "unknown";
}

/*
 * Asks one handler; consumes its send right. True if the thread may go on: the handler said so, or
 * something with the thread happened that its AST bits tell.
 */
static bool handler_accepts(struct port *handler, int exception, int code, uint64_t subcode)
{
    struct thread *thread = thread_current();
    kern_return_t result, waited = KERN_SUCCESS;

    if (!PORT_VALID(handler))
        return false;
    /* A terminated thread's port is gone; it leaves without asking anybody. */
    if (thread->terminating) {
        port_release_send(handler);
        return true;
    }
    /* The stub copies all three rights. */
    do
        result = exception_raise(handler, thread->self_send, thread->task->self_send, exception,
                                 code, (rpc_long_integer_t)subcode);
    while (result == MACH_SEND_NO_BUFFER &&
           (waited = fault_wait_memory(WAIT_INTERRUPTIBLE)) == KERN_SUCCESS && !thread->terminating);
    port_release_send(handler);
    return result == KERN_SUCCESS || result == MIG_NO_REPLY || waited == KERN_ABORTED ||
           (thread->ast & (AST_TERMINATE | AST_ABORT)) != 0 || result == MACH_RCV_INTERRUPTED;
}

/* Nobody handled it: says so, and ends the task. */
static void terminate_for(int exception, int code, uint64_t subcode)
{
    struct thread *thread = thread_current();
    struct task *task = thread->task;

    kprintf("task %s, thread %s: %s (exception %d), code %d, subcode 0x%lx, at 0x%lx: terminated\n",
            task->name[0] ? task->name : "without a name",
            thread->name[0] ? thread->name : "without a name", exception_name(exception), exception,
            code, subcode, thread->machine.frame->rip);
    task_terminate_task(task);
}

/*
 * Raises an exception for the current thread: ipc.md 10. The handlers get send rights to thread and
 * task; KERN_SUCCESS from one of them lets the program go on, which repeats a fault. A handler that
 * is dead, fails or answers nonsense counts as none.
 */
void exception_raise_user(int exception, int code, uint64_t subcode)
{
    struct thread *thread = thread_current();

    if (handler_accepts(port_copy_send(thread->exception_port), exception, code, subcode) ||
        handler_accepts(port_copy_send(thread->task->exception_port), exception, code, subcode))
        return;
    if (!thread->terminating)
        terminate_for(exception, code, subcode);
}

void exception_bad_trap(int64_t number)
{
    exception_raise_user(EXC_BAD_INSTRUCTION, EXC_I386_INVOP, (uint64_t)number);
}
