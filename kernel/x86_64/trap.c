/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/trap.h"

#include <mach/exception.h>
#include <mach/machine/exception.h>
#include <mach/vm_prot.h>

#include "kernel/clock.h"
#include "kernel/exception.h"
#include "kernel/monitor.h"
#include "kernel/panic.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/fpu.h"
#include "kernel/x86_64/interrupt.h"
#include "kernel/x86_64/kernel_lock.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"
#include "kernel/x86_64/time.h"
#include "kernel/x86_64/tlb.h"
#include "kernel/x86_64/user_copy.h"
#include "mm/fault.h"
#include "mm/page.h"

#include <stddef.h>

enum {
    EXCEPTION_DEBUG = 1,
    EXCEPTION_NMI = 2,
    EXCEPTION_DOUBLE_FAULT = 8,
    EXCEPTION_GENERAL_PROTECTION = 13,
    EXCEPTION_PAGE_FAULT = 14,
    EXCEPTION_FLOAT = 16,
    EXCEPTION_SIMD_FLOAT = 19,
    EXCEPTIONS = 32,
};

/* Bits of a page fault's error code. */
enum { FAULT_WRITE = 2, FAULT_RESERVED_BIT = 8, FAULT_FETCH = 16 };

#define STACK_GUARD_BYTES   4096u
#define DEBUG_STATUS_CLEAR  0xffff0ff0UL
#define DEBUG_STATUS_USER   0x600fUL    /* breakpoint hit, debug registers touched, single step */

/* What a user program's exception becomes: the exception and code of mach/machine/exception.h. */
struct user_exception {
    const char *name;
    int exception;              /* 0: not for a user to cause */
    int code;
};

static const struct user_exception exceptions[EXCEPTIONS] = {
    [0] = { "divide error", EXC_ARITHMETIC, EXC_I386_DIV },
    [1] = { "debug", EXC_BREAKPOINT, EXC_I386_SGL },
    [2] = { "non-maskable interrupt", 0, 0 },
    [3] = { "breakpoint", EXC_BREAKPOINT, EXC_I386_BPT },
    [4] = { "overflow", EXC_ARITHMETIC, EXC_I386_INTO },
    [5] = { "bound range", EXC_SOFTWARE, EXC_I386_BOUND },
    [6] = { "invalid opcode", EXC_BAD_INSTRUCTION, EXC_I386_INVOP },
    [7] = { "no floating-point unit", EXC_ARITHMETIC, EXC_I386_NOEXT },
    [8] = { "double fault", 0, 0 },
    [9] = { "coprocessor overrun", EXC_ARITHMETIC, EXC_I386_EXTOVR },
    [10] = { "invalid TSS", EXC_BAD_INSTRUCTION, EXC_I386_INVTSSFLT },
    [11] = { "segment not present", EXC_BAD_INSTRUCTION, EXC_I386_SEGNPFLT },
    [12] = { "stack segment fault", EXC_BAD_INSTRUCTION, EXC_I386_STKFLT },
    [13] = { "general protection fault", EXC_BAD_INSTRUCTION, EXC_I386_GPFLT },
    [14] = { "page fault", EXC_BAD_ACCESS, 0 },
    [16] = { "floating-point error", EXC_ARITHMETIC, EXC_I386_EXTERR },
    [17] = { "alignment check", EXC_BAD_INSTRUCTION, EXC_I386_GPFLT },
    [18] = { "machine check", 0, 0 },
    [19] = { "SIMD floating-point error", EXC_ARITHMETIC, EXC_I386_EXTERR },
    [21] = { "control protection", EXC_BAD_INSTRUCTION, EXC_I386_GPFLT },
};

/* What offsets.inc says. */
_Static_assert(offsetof(struct cpu, current) == 8, "CPU_CURRENT");
_Static_assert(offsetof(struct cpu, trap_stack) == 16, "CPU_TRAP_STACK");
_Static_assert(offsetof(struct cpu, user_sp) == 24, "CPU_USER_SP");
_Static_assert(offsetof(struct thread, ast) == 164, "THREAD_AST");
_Static_assert(offsetof(struct trap_frame, r9) == 48, "FRAME_R9");
_Static_assert(offsetof(struct trap_frame, rdi) == 88, "FRAME_RDI");
_Static_assert(offsetof(struct trap_frame, fault_address) == 96, "FRAME_FAULT");
_Static_assert(offsetof(struct trap_frame, rax) == 120, "FRAME_RAX");
_Static_assert(offsetof(struct trap_frame, rip) == 136, "FRAME_RIP");
_Static_assert(offsetof(struct trap_frame, ss) == 168, "FRAME_SS");

const char *trap_name(unsigned vector)
{
    if (vector >= EXCEPTIONS || exceptions[vector].name == NULL)
        return "unknown trap";
    return exceptions[vector].name;
}

static void kernel_trap(struct trap_frame *frame)
{
    if (frame->vector == EXCEPTION_PAGE_FAULT)
        panic_with_frame(frame, "page fault in the kernel: %s of %016lx",
                         frame->error & FAULT_FETCH   ? "execution"
                         : frame->error & FAULT_WRITE ? "write"
                                                      : "read",
                         frame->fault_address);
    if (frame->vector == EXCEPTION_DOUBLE_FAULT && frame->rsp - cr2_read() <= STACK_GUARD_BYTES)
        panic_with_frame(frame, "double fault in the kernel: the stack has overflowed");
    panic_with_frame(frame, "%s in the kernel, error code %x", trap_name(frame->vector),
                     frame->error);
}

static vm_prot_t fault_access(const struct trap_frame *frame)
{
    if (frame->error & FAULT_WRITE)
        return VM_PROT_READ | VM_PROT_WRITE;
    if (frame->error & FAULT_FETCH)
        return VM_PROT_READ | VM_PROT_EXECUTE;
    return VM_PROT_READ;
}

/*
 * A user address: from user mode, or from the kernel's own copies, which are the only kernel code
 * that may touch it. An aborted fault in user mode is retried by the instruction itself, once the AST
 * that aborted it has been handled.
 */
static void user_page_fault(struct trap_frame *frame)
{
    bool from_user = trap_frame_from_user(frame);
    uint64_t fixup = from_user ? 0 : user_copy_fixup(frame->rip);
    kern_return_t result;

    if (frame->error & FAULT_RESERVED_BIT)
        panic_with_frame(frame, "broken page table entry for %016lx", frame->fault_address);
    if (!from_user && fixup == 0)
        kernel_trap(frame);
    if (from_user)
        thread_current()->fault_pc = frame->rip;
    result = vm_fault(task_current()->map, frame->fault_address, fault_access(frame), WAIT_INTERRUPTIBLE);
    if (result == KERN_SUCCESS)
        return;
    if (!from_user)
        frame->rip = fixup;
    else if (result != KERN_ABORTED)
        exception_raise_user(EXC_BAD_ACCESS, result, frame->fault_address);
}

static void page_fault(struct trap_frame *frame)
{
    frame->fault_address = cr2_read();
    if (frame->fault_address < USER_ADDRESS_END)
        user_page_fault(frame);
    else if (trap_frame_from_user(frame))
        exception_raise_user(EXC_BAD_ACCESS, KERN_INVALID_ADDRESS, frame->fault_address);
    else
        kernel_trap(frame);
}

/*
 * A user's watchpoint also fires when the kernel copies from the watched place: that is nobody's.
 * The trap flag stays as it is: who has set it clears it.
 */
static void debug_trap(struct trap_frame *frame)
{
    uint64_t status = dr6_read();

    dr6_write(DEBUG_STATUS_CLEAR);
    if (!trap_frame_from_user(frame))
        return;
    thread_current()->machine.debug[6] = status & DEBUG_STATUS_USER;
    exception_raise_user(EXC_BREAKPOINT, EXC_I386_SGL, 0);
}

/* What tells more: the error code, a selector as a rule; for floating-point errors the status. */
static uint64_t exception_subcode(const struct trap_frame *frame)
{
    if (frame->vector == EXCEPTION_FLOAT)
        return fpu_status();
    if (frame->vector == EXCEPTION_SIMD_FLOAT)
        return fpu_vector_status();
    return frame->error;
}

static void exception(struct trap_frame *frame)
{
    const struct user_exception *what = &exceptions[frame->vector];

    if (frame->vector == EXCEPTION_GENERAL_PROTECTION && !trap_frame_from_user(frame)) {
        uint64_t fixup = user_copy_fixup(frame->rip);

        if (fixup != 0) {       /* a non-canonical address */
            frame->rip = fixup;
            return;
        }
    }
    if (!trap_frame_from_user(frame) || what->exception == 0)
        kernel_trap(frame);
    if (frame->vector == EXCEPTION_GENERAL_PROTECTION && io_permissions_load())
        return;
    exception_raise_user(what->exception, what->code, exception_subcode(frame));
}

/*
 * Where the tick really fell: the kernel lets no interrupts in, so that one which comes while it works
 * is taken at the first instruction after it. There a trap has just left rip in rcx, and a page
 * fault is where it was.
 */
static bool found_in_user(const struct trap_frame *frame)
{
    return trap_frame_from_user(frame) && frame->rip != frame->rcx &&
           frame->rip != thread_current()->fault_pc;
}

/* Those that come in cpu_idle() find the lock let go. The first two are not in need of it. */
static void interrupt(struct trap_frame *frame)
{
    bool idle = !kernel_lock_held();

    if (frame->vector == VECTOR_FLUSH || frame->vector == VECTOR_CALL) {
        apic_end_of_interrupt();
        tlb_serve();
        return;
    }
    if (idle)
        kernel_lock_take();
    switch (frame->vector) {
    case VECTOR_TIMER:
        apic_end_of_interrupt();
        clock_interrupt();
        sched_tick(clock_now_ns(), found_in_user(frame));
        break;
    case VECTOR_ERROR:
        apic_end_of_interrupt();
        break;
    case VECTOR_SPURIOUS:
        break;
    default:
        interrupt_deliver(frame->vector);
        break;
    }
    if (idle)
        kernel_lock_drop();
}

/* A panic elsewhere stops this processor; else somebody outside wants to know what goes on, from all
   processors at once: one after the other they say where they are, the first also the rest. */
static void non_maskable_interrupt(const struct trap_frame *frame)
{
    static bool speaking;

    panic_join();
    while (__atomic_exchange_n(&speaking, true, __ATOMIC_ACQUIRE))
        cpu_pause();
    kprintf("\nNMI on processor %u at %016lx in %s\n", this_cpu()->number, frame->rip,
            trap_frame_from_user(frame) ? "user" : "kernel");
    if (this_cpu()->number == 0)
        monitor_print_waits();
    __atomic_store_n(&speaking, false, __ATOMIC_RELEASE);
}

/* All vectors but that of the page fault. */
static __attribute__((noinline)) void trap_other(struct trap_frame *frame)
{
    if (frame->vector >= EXCEPTIONS) {
        interrupt(frame);
    } else if (frame->vector == EXCEPTION_NMI) {
        non_maskable_interrupt(frame);
    } else if (frame->vector == EXCEPTION_DEBUG) {
        debug_trap(frame);
    } else {
        exception(frame);
    }
}

/*
 * Purpose: the C side of every vector.
 * Conditions: interrupts are off; the lock is held, but for NMI, machine check, double fault, what
 * came in cpu_idle(), and VECTOR_FLUSH. May sleep when the trap came from user mode, or from a copy of user
 * memory that faulted.
 */
void trap_handle(struct trap_frame *frame)
{
    if (frame->vector == EXCEPTION_PAGE_FAULT)
        page_fault(frame);
    else
        trap_other(frame);
}

/* A user program's next instruction lies behind user space: sysret and iret would fault on it. */
void exception_noncanonical(void)
{
    exception_raise_user(EXC_BAD_ACCESS, KERN_INVALID_ADDRESS,
                         thread_current()->machine.frame->rip);
}
