/* SPDX-License-Identifier: BSD-2-Clause */
#include <porthole/runtime.h>

#include "test.h"

#define STACK_BYTES ((vm_size_t)64 * 1024)

/* Runs in the new task, on its copy of everything. */
static __attribute__((noreturn)) void helper_main(struct helper *helper)
{
    runtime_reset(__builtin_frame_address(0));
    helper->function(helper->argument);
    exit(0);
}

static void helper_set_state(struct helper *helper)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    CHECK_OK(thread_get_state(helper->thread, i386_THREAD_STATE, (thread_state_t)&state, &count));
    state.rip = (uintptr_t)helper_main;
    state.rdi = (uintptr_t)helper;
    state.rbp = 0;
    state.ursp = helper->stack + STACK_BYTES - 8; /* as after a call */
    CHECK_OK(thread_set_state(helper->thread, i386_THREAD_STATE, (thread_state_t)&state,
                              i386_THREAD_STATE_COUNT));
}

/* The structure and the stack exist before the task, which gets copies of them. */
void helper_create(struct helper *helper, void (*function)(void *), void *argument)
{
    helper->function = function;
    helper->argument = argument;
    helper->stack = 0;
    CHECK_OK(vm_allocate(mach_task_self(), &helper->stack, STACK_BYTES, TRUE));
    CHECK_OK(task_create(mach_task_self(), TRUE, &helper->task));
    report_share(helper->task);
    CHECK_OK(thread_create(helper->task, &helper->thread));
    helper_set_state(helper);
}

void helper_give(struct helper *helper, mach_port_t name, mach_msg_type_name_t disposition)
{
    CHECK_OK(mach_port_insert_right(helper->task, name, name, disposition));
}

void helper_run(struct helper *helper)
{
    CHECK_OK(thread_resume(helper->thread));
}

void helper_end(struct helper *helper)
{
    task_terminate(helper->task);
    mach_port_deallocate(mach_task_self(), helper->thread);
    mach_port_deallocate(mach_task_self(), helper->task);
    vm_deallocate(mach_task_self(), helper->stack, STACK_BYTES);
}

vm_address_t shared_memory(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &address, size, TRUE));
    CHECK_OK(vm_inherit(mach_task_self(), address, size, VM_INHERIT_SHARE));
    return address;
}
