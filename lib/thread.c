/* SPDX-License-Identifier: BSD-2-Clause */
#include <mach.h>
#include <porthole/sync.h>
#include <porthole/thread.h>

#include "thread_block.h"

/* Threads on their way out; a thread cannot free the stack it stands on. */
static struct mutex ended_lock = MUTEX_INITIALIZER;
static struct thread_block *ended;

/* Frees what a thread had, if the kernel confirms that it is gone. */
static boolean_t reap(struct thread_block *block)
{
    mach_port_type_t type = MACH_PORT_TYPE_NONE;

    if (mach_port_type(mach_task_self(), block->thread, &type) != KERN_SUCCESS ||
        !(type & MACH_PORT_TYPE_DEAD_NAME)) {
        return FALSE;
    }
    mach_port_deallocate(mach_task_self(), block->thread);
    if (block->reply_port != MACH_PORT_NULL) {
        mach_port_mod_refs(mach_task_self(), block->reply_port, MACH_PORT_RIGHT_RECEIVE, -1);
    }
    vm_deallocate(mach_task_self(), (vm_address_t)block, block->bytes);
    return TRUE;
}

static void reap_ended(void)
{
    mutex_lock(&ended_lock);
    for (struct thread_block **link = &ended; *link != NULL;) {
        struct thread_block *block = *link, *next = block->next;
        if (reap(block)) {
            *link = next;
        } else {
            link = &block->next;
        }
    }
    mutex_unlock(&ended_lock);
}

static __attribute__((noreturn)) void thread_main(struct thread_block *block)
{
    block->function(block->argument);
    thread_exit();
}

void thread_exit(void)
{
    struct thread_block *self = thread_block_self();
    mach_port_t thread = thread_self();

    reap_ended(); /* those before: so there is one left at most, however many end */
    if (self->bytes != 0) { /* not the first thread: its stack is not ours */
        mutex_lock(&ended_lock);
        self->next = ended;
        ended = self;
        mutex_unlock(&ended_lock);
    }
    for (;;) {
        thread_terminate(thread);
    }
}

mach_port_t thread_self(void)
{
    struct thread_block *self = thread_block_self();

    if (self->thread == MACH_PORT_NULL) {
        self->thread = mach_thread_self();
    }
    return self->thread;
}

static struct thread_block *stack_make(vm_size_t bytes)
{
    vm_address_t address = 0;

    if (vm_map(mach_task_self(), &address, bytes, THREAD_SLOT_BYTES - 1, TRUE, MACH_PORT_NULL, 0,
               FALSE, VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY) != KERN_SUCCESS) {
        return NULL;
    }
    struct thread_block *block = (struct thread_block *)address;
    block->bytes = bytes;
    return block;
}

/*
 * Makes the kernel thread and points it at thread_main(block). Once it is resumed it may have ended, and
 * its block may be gone, before the resume has returned.
 */
static kern_return_t thread_make(struct thread_block *block, mach_port_t *thread)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    kern_return_t result = thread_create(mach_task_self(), thread);
    if (result != KERN_SUCCESS) {
        return result;
    }
    block->thread = *thread;
    result = thread_get_state(*thread, i386_THREAD_STATE, (thread_state_t)&state, &count);
    if (result == KERN_SUCCESS) {
        state.rip = (uintptr_t)thread_main;
        state.rdi = (uintptr_t)block;
        state.rbp = 0;
        /* As after a call: the stack is 8 off a multiple of 16. */
        state.ursp = (uintptr_t)block + block->bytes - 8;
        result = thread_set_state(*thread, i386_THREAD_STATE, (thread_state_t)&state,
                                  i386_THREAD_STATE_COUNT);
    }
    if (result == KERN_SUCCESS) {
        result = thread_resume(*thread);
    }
    if (result != KERN_SUCCESS) {
        thread_terminate(*thread);
        mach_port_deallocate(mach_task_self(), *thread);
    }
    return result;
}

mach_port_t thread_start(void (*function)(void *), void *argument, vm_size_t stack_bytes)
{
    if (stack_bytes > THREAD_STACK_MAX) {
        return MACH_PORT_NULL;
    }
    reap_ended();
    vm_size_t bytes = round_page(stack_bytes != 0 ? stack_bytes : THREAD_STACK_DEFAULT);
    struct thread_block *block = stack_make(bytes);
    if (block == NULL) {
        return MACH_PORT_NULL;
    }
    block->function = function;
    block->argument = argument;
    mach_port_t thread;
    if (thread_make(block, &thread) != KERN_SUCCESS) {
        vm_deallocate(mach_task_self(), (vm_address_t)block, bytes);
        return MACH_PORT_NULL;
    }
    return thread;
}

/* A receive that nothing can end but the time: nobody sends to a reply port between RPCs. */
void thread_sleep(unsigned milliseconds)
{
    mach_msg_header_t nothing;

    mach_msg(&nothing, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof nothing, mig_get_reply_port(),
             milliseconds, MACH_PORT_NULL);
}
