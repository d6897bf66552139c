/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps that do what a request message would, without one. */
#include <mig/mach_port_server.h>
#include <mig/mach_server.h>

#include "ipc/port.h"
#include "ipc/space.h"
#include "kernel/mach_traps.h"
#include "kernel/mig/mig_types.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/thread_state.h"
#include "kernel/x86_64/user_copy.h"
#include "mm/vm_shortage.h"

#define STATE_WORDS_MAX 1024u

/* The task that a name of the caller's stands for: a new reference, or NULL. */
static struct task *task_named(mach_port_name_t name)
{
    struct port *port = space_copy_send(task_current()->space, name);
    struct task *task = convert_port_to_task(port);

    port_release_send(port);
    return task;
}

/*
 * The port that an argument names, which may be none: *port is a send right, or NULL. False: the name
 * stands for nothing.
 */
static bool argument_port(mach_port_name_t name, struct port **port)
{
    *port = MACH_PORT_NAME_VALID(name) ? space_copy_send(task_current()->space, name) : NULL;
    return *port || !MACH_PORT_NAME_VALID(name);
}

kern_return_t syscall_vm_map(mach_port_name_t name, uint64_t user_address, vm_size_t size,
                             vm_offset_t mask, boolean_t anywhere, mach_port_name_t object_name,
                             vm_offset_t offset, boolean_t copy, int protection,
                             int max_protection, int inheritance)
{
    struct task *task = task_named(name);
    struct port *memory_object;
    vm_offset_t address;
    kern_return_t result = KERN_INVALID_ARGUMENT;
    unsigned tries = 0;

    if (!task || !argument_port(object_name, &memory_object)) {
        task_release(task);
        return MACH_SEND_INTERRUPTED;
    }
    if (copyin(user_address, &address, sizeof address))
        do
            result = vm_map(task->map, &address, size, mask, anywhere, memory_object, offset,
                            copy, protection, max_protection, inheritance);
        while (vm_shortage_wait(result, &tries));
    /* The handler has consumed the memory object exactly if it succeeded. */
    if (result != KERN_SUCCESS)
        port_release_send(memory_object);
    else if (!copyout(&address, user_address, sizeof address))
        result = KERN_INVALID_ADDRESS;
    task_release(task);
    return result;
}

kern_return_t syscall_vm_allocate(mach_port_name_t name, uint64_t user_address, vm_size_t size,
                                  boolean_t anywhere)
{
    struct task *task = task_named(name);
    vm_offset_t address;
    kern_return_t result = KERN_INVALID_ARGUMENT;
    unsigned tries = 0;

    if (!task)
        return MACH_SEND_INTERRUPTED;
    if (copyin(user_address, &address, sizeof address))
        do
            result = vm_allocate(task->map, &address, size, anywhere);
        while (vm_shortage_wait(result, &tries));
    if (result == KERN_SUCCESS && !copyout(&address, user_address, sizeof address))
        result = KERN_INVALID_ADDRESS;
    task_release(task);
    return result;
}

kern_return_t syscall_vm_deallocate(mach_port_name_t name, vm_offset_t start, vm_size_t size)
{
    struct task *task = task_named(name);
    kern_return_t result;
    unsigned tries = 0;

    if (!task)
        return MACH_SEND_INTERRUPTED;
    do
        result = vm_deallocate(task->map, start, size);
    while (vm_shortage_wait(result, &tries));
    task_release(task);
    return result;
}

/* Gives the caller a send right for the task, and the name to where it said. */
static kern_return_t give_child(struct task *child, uint64_t user_name)
{
    struct space *space = task_current()->space;
    struct port *right = port_make_send(child->self);
    mach_port_name_t name;
    kern_return_t result = space_insert_send(space, right, &name);

    if (result != KERN_SUCCESS) {
        port_release_send(right);
        return result;
    }
    if (copyout(&name, user_name, sizeof name))
        return KERN_SUCCESS;
    mach_port_deallocate(space, name);
    return KERN_INVALID_ADDRESS;
}

kern_return_t syscall_task_create(mach_port_name_t name, boolean_t inherit_memory,
                                  uint64_t user_child)
{
    struct task *parent = task_named(name), *child;
    kern_return_t result;
    unsigned tries = 0;

    if (!parent)
        return MACH_SEND_INTERRUPTED;
    do
        result = task_create_from(parent, inherit_memory, &child);
    while (vm_shortage_wait(result, &tries));
    task_release(parent);
    if (result != KERN_SUCCESS)
        return result;
    result = give_child(child, user_child);
    if (result != KERN_SUCCESS)
        task_terminate_task(child);
    task_release(child);
    return result;
}

kern_return_t syscall_task_terminate(mach_port_name_t name)
{
    struct task *task = task_named(name);
    kern_return_t result = task ? task_terminate_task(task) : MACH_SEND_INTERRUPTED;

    task_release(task);
    return result;
}

kern_return_t syscall_task_suspend(mach_port_name_t name)
{
    struct task *task = task_named(name);
    kern_return_t result = task ? task_suspend_task(task) : MACH_SEND_INTERRUPTED;

    task_release(task);
    return result;
}

kern_return_t syscall_task_set_special_port(mach_port_name_t name, int which,
                                            mach_port_name_t port_name)
{
    struct task *task = task_named(name);
    struct port *port;
    kern_return_t result;

    if (!task || !argument_port(port_name, &port)) {
        task_release(task);
        return MACH_SEND_INTERRUPTED;
    }
    result = task_set_special_port(task, which, port);
    if (result != KERN_SUCCESS)
        port_release_send(port);
    task_release(task);
    return result;
}

kern_return_t syscall_mach_port_allocate(mach_port_name_t task_name, mach_port_right_t right,
                                         uint64_t user_name)
{
    struct task *task = task_named(task_name);
    mach_port_name_t name;
    kern_return_t result;

    if (!task)
        return MACH_SEND_INTERRUPTED;
    result = mach_port_allocate(task->space, right, &name);
    if (result == KERN_SUCCESS && !copyout(&name, user_name, sizeof name)) {
        mach_port_destroy(task->space, name);
        result = KERN_INVALID_ADDRESS;
    }
    task_release(task);
    return result;
}

kern_return_t syscall_mach_port_deallocate(mach_port_name_t task_name, mach_port_name_t name)
{
    struct task *task = task_named(task_name);
    kern_return_t result = task ? mach_port_deallocate(task->space, name) : MACH_SEND_INTERRUPTED;

    task_release(task);
    return result;
}

kern_return_t syscall_mach_port_insert_right(mach_port_name_t task_name, mach_port_name_t name,
                                             mach_port_name_t right, mach_msg_type_name_t type)
{
    struct task *task = task_named(task_name);
    mach_msg_type_name_t acquired;
    struct port *port;
    kern_return_t result;

    if (!task)
        return MACH_SEND_INTERRUPTED;
    result = mach_port_extract_right(task_current()->space, right, type, &port, &acquired);
    if (result == KERN_SUCCESS) {
        result = mach_port_insert_right(task->space, name, port, acquired);
        if (result != KERN_SUCCESS)
            port_release_right(port, acquired);
    }
    task_release(task);
    return result;
}

kern_return_t syscall_mach_port_allocate_name(mach_port_name_t task_name, mach_port_right_t right,
                                              mach_port_name_t name)
{
    struct task *task = task_named(task_name);
    kern_return_t result = task ? mach_port_allocate_name(task->space, right, name) : MACH_SEND_INTERRUPTED;

    task_release(task);
    return result;
}

/* Sets the caller's own registers; what they say takes effect when the trap returns. */
kern_return_t thread_set_self_state(int flavor, uint64_t user_state, mach_msg_type_number_t count)
{
    uint32_t state[STATE_WORDS_MAX];

    if (count > STATE_WORDS_MAX || !copyin(user_state, state, count * sizeof state[0]))
        return KERN_INVALID_ARGUMENT;
    return thread_machine_set_state(thread_current(), flavor, state, count);
}
