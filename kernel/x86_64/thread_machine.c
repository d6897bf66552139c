/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's kernel stack, from its lowest address:
 *
 *   the stack itself, growing down | struct trap_frame | floating-point area (64-byte aligned) | end
 *
 * Below the lowest address lies an unmapped guard page. A kernel thread has neither frame nor area.
 */
#include "kernel/x86_64/thread_machine.h"

#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/fpu.h"
#include "kernel/x86_64/io_permissions.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"
#include "mm/kmem.h"

#include <stddef.h>

#define DEBUG_CONTROL_OFF   0x400UL

extern char return_to_user[];
extern char kernel_thread_start[];

/*
 * Purpose: a thread that lives in the kernel alone. What the first switch to it finds on the stack is
 * where to go, the function and its argument.
 * Conditions: machine is zero. Result: false, with nothing changed, without memory for the stack.
 */
bool thread_machine_init_kernel(struct thread *thread, void (*function)(void *), void *argument)
{
    struct thread_machine *machine = &thread->machine;
    uint64_t *top;

    machine->stack = kmem_stack_alloc();
    if (machine->stack == NULL)
        return false;
    top = (uint64_t *)((uint64_t)machine->stack + KERNEL_STACK_BYTES - 16);
    *--top = (uint64_t)argument;
    *--top = (uint64_t)function;
    *--top = (uint64_t)kernel_thread_start;
    machine->saved_sp = (uint64_t)top;
    return true;
}

/*
 * Purpose: a thread with a user program. Its registers are zero, its flags only "interrupts on"; its
 * first step is the way to user mode, where thread_ast may hold it back.
 * Conditions and result: as for a kernel thread.
 */
bool thread_machine_init_user(struct thread *thread)
{
    struct thread_machine *machine = &thread->machine;
    uint64_t end;

    machine->stack = kmem_stack_alloc();
    if (machine->stack == NULL)
        return false;
    end = (uint64_t)machine->stack + KERNEL_STACK_BYTES;
    machine->fpu = (void *)(end - fpu_area_bytes());
    fpu_area_init(machine->fpu);
    machine->frame = (struct trap_frame *)machine->fpu - 1;
    *machine->frame = (struct trap_frame){
        .cs = USER_CS,
        .ss = USER_DS,
        .rflags = RFLAGS_FIXED | RFLAGS_IF,
    };
    machine->saved_sp = (uint64_t)machine->frame - sizeof(uint64_t);
    *(uint64_t *)machine->saved_sp = (uint64_t)return_to_user;
    return true;
}

void thread_machine_destroy(struct thread *thread)
{
    struct thread_machine *machine = &thread->machine;

    if (machine->stack)
        kmem_stack_free(machine->stack);
    *machine = (struct thread_machine){ 0 };
}

/* The boot stack stays what it is; the thread's is never freed. */
void thread_machine_adopt_boot(struct thread *thread)
{
    this_cpu()->current = thread;
    thread->machine.cpu = this_cpu();
}

static void debug_load(const struct thread_machine *machine)
{
    dr0_write(machine->debug[0]);
    dr1_write(machine->debug[1]);
    dr2_write(machine->debug[2]);
    dr3_write(machine->debug[3]);
    dr7_write(machine->debug[7]);
}

static void bases_load(struct cpu *cpu, const struct thread_machine *machine)
{
    if (cpu->fs_base != machine->fs_base) {
        cpu->fs_base = machine->fs_base;
        msr_write(MSR_FS_BASE, machine->fs_base);
    }
    if (cpu->gs_base != machine->gs_base) {
        cpu->gs_base = machine->gs_base;
        msr_write(MSR_KERNEL_GS_BASE, machine->gs_base);
    }
}

void thread_machine_debug_off(void)
{
    dr7_write(DEBUG_CONTROL_OFF);
}

void thread_machine_switch_rare(const struct thread *to)
{
    bases_load(this_cpu(), &to->machine);
    if (this_cpu()->io_loaded)
        io_permissions_switch(to->task->io_permissions);
    if (to->machine.debug_active)
        debug_load(&to->machine);
}

void thread_machine_refresh(struct thread *thread)
{
    if (thread != thread_current())
        return;
    bases_load(this_cpu(), &thread->machine);
    if (thread->machine.debug_active)
        debug_load(&thread->machine);
    else
        dr7_write(DEBUG_CONTROL_OFF);
}
