/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/syscall.h"

#include <mach/exception.h>
#include <mach/kern_return.h>

#include "kernel/exception.h"
#include "kernel/panic.h"
#include "kernel/thread.h"
#include "kernel/trap_table.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"
#include "kernel/x86_64/user_copy.h"

#define TRAP_DISPATCH_COUNT 256         /* as in syscall.asm */
#define REGISTER_ARGUMENTS  6
#define STACK_ARGUMENTS     (MACH_TRAP_ARGUMENTS_MAX - REGISTER_ARGUMENTS)

typedef int64_t (*trap_function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                 uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

extern char syscall_entry[];

/* Where the entry code jumps for each number; every slot is filled. */
void *trap_dispatch[TRAP_DISPATCH_COUNT];

static int64_t trap_number(void)
{
    return (int64_t)thread_current()->machine.frame->rax;
}

/* A number without a trap. */
int64_t trap_invalid(void)
{
    exception_bad_trap(trap_number());
    return KERN_INVALID_ARGUMENT;
}

/* The arguments on the user's stack cannot be read. */
static int64_t trap_bad_stack(void)
{
    exception_raise_user(EXC_BAD_ACCESS, KERN_INVALID_ADDRESS,
                         thread_current()->machine.frame->rsp + 8);
    return KERN_INVALID_ADDRESS;
}

/* Traps with more arguments than fit in registers; the rest lies above the stub's return address. */
static int64_t trap_many_arguments(void)
{
    const struct trap_frame *frame = thread_current()->machine.frame;
    const struct mach_trap *trap = &mach_trap_table[-trap_number()];
    uint64_t more[STACK_ARGUMENTS] = { 0 };

    if (!copyin(frame->rsp + 8, more, (trap->arguments - REGISTER_ARGUMENTS) * 8))
        return trap_bad_stack();
    return ((trap_function)trap->function)(frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8,
                                           frame->r9, more[0], more[1], more[2], more[3], more[4]);
}

static void *dispatch_for(uint64_t number)
{
    const struct mach_trap *trap = &mach_trap_table[number];

    if (number >= mach_trap_count || trap->function == NULL)
        return trap_invalid;
    if (trap->arguments > MACH_TRAP_ARGUMENTS_MAX)
        panic("trap %lu has %lu arguments", number, trap->arguments);
    if (trap->arguments <= REGISTER_ARGUMENTS)
        return trap->function;
    return trap_many_arguments;
}

/*
 * Purpose: build the dispatch table, so that the entry code needs neither a test for holes nor one for the
 * number of arguments, and switch the instruction on.
 */
void syscall_init(void)
{
    for (uint64_t i = 0; i < TRAP_DISPATCH_COUNT; i++)
        trap_dispatch[i] = dispatch_for(i);
    if (mach_trap_count > TRAP_DISPATCH_COUNT)
        panic("%lu traps, room for %d", mach_trap_count, TRAP_DISPATCH_COUNT);
    syscall_init_cpu();
}

void syscall_init_cpu(void)
{
    msr_write(MSR_STAR, (uint64_t)KERNEL_CS << 32 | (uint64_t)(USER_DS - 8) << 48);
    msr_write(MSR_LSTAR, (uint64_t)syscall_entry);
    msr_write(MSR_FMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE);
}
