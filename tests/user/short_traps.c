/* SPDX-License-Identifier: BSD-2-Clause */
/* The traps that do what a request would: each with success and its errors; nothing stays behind. */
#include <mach/mach_traps.h>
#include <mach/task_special_ports.h>

#include "test.h"

#define SELF     mach_task_self()
#define NO_NAME  0x9999u /* stands for nothing */
#define UNMAPPED 0x10ul
#define KERNEL   0xffff800000000000ul

/* Names that stand for no task: the caller is to send a request, which says what is wrong. */
static const mach_port_name_t no_tasks[] = {MACH_PORT_NULL, MACH_PORT_DEAD, NO_NAME};
#define EACH_NO_TASK(name) \
    for (const mach_port_name_t *name = no_tasks; name < no_tasks + 3; name++)

static unsigned task_total(void)
{
    porthole_memory_t memory;

    CHECK_OK(porthole_memory(test_host_port, &memory));
    return memory.tasks;
}

static unsigned references(mach_port_t port)
{
    return port_refs(port, MACH_PORT_RIGHT_SEND);
}

TEST(0, memory_is_allocated_and_freed_without_a_message)
{
    vm_address_t address = 0, fixed;

    CHECK_OK(syscall_vm_allocate(SELF, &address, 2 * PAGE_SIZE, TRUE));
    *(volatile char *)(address + PAGE_SIZE) = 1;
    fixed = address;
    CHECK_RETURNS(syscall_vm_allocate(SELF, &fixed, PAGE_SIZE, FALSE), KERN_NO_SPACE);
    fixed = KERNEL;
    CHECK_RETURNS(syscall_vm_allocate(SELF, &fixed, PAGE_SIZE, FALSE), KERN_INVALID_ADDRESS);
    CHECK(syscall_vm_allocate(SELF, &fixed, ~(vm_size_t)0, TRUE) != KERN_SUCCESS);
    CHECK_RETURNS(syscall_vm_allocate(SELF, (vm_offset_t *)UNMAPPED, PAGE_SIZE, TRUE),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(syscall_vm_allocate(SELF, (vm_offset_t *)KERNEL, PAGE_SIZE, TRUE),
                  KERN_INVALID_ARGUMENT);
    CHECK_OK(syscall_vm_deallocate(SELF, address, 2 * PAGE_SIZE));
    CHECK_RETURNS(syscall_vm_deallocate(SELF, KERNEL, PAGE_SIZE), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(syscall_vm_deallocate(SELF, PAGE_SIZE, ~(vm_size_t)0), KERN_INVALID_ADDRESS);
    EACH_NO_TASK(name) {
        CHECK_RETURNS(syscall_vm_allocate(*name, &address, PAGE_SIZE, TRUE), MACH_SEND_INTERRUPTED);
        CHECK_RETURNS(syscall_vm_deallocate(*name, address, PAGE_SIZE), MACH_SEND_INTERRUPTED);
    }
}

static kern_return_t map(mach_port_name_t task, vm_offset_t *address, mach_port_name_t object,
                         vm_offset_t offset, vm_prot_t protection)
{
    return syscall_vm_map(task, address, PAGE_SIZE, 0, TRUE, object, offset, FALSE, protection,
                          VM_PROT_ALL, VM_INHERIT_COPY);
}

TEST(0, memory_is_mapped_without_a_message)
{
    static struct manager manager;
    vm_address_t first = manager_start(&manager, 0, PAGE_SIZE), address = 0;
    unsigned before = references(manager.object);

    CHECK_OK(map(SELF, &address, manager.object, 0, VM_PROT_READ));
    CHECK(address != first);
    CHECK_EQ(references(manager.object), before);
    CHECK_OK(map(SELF, &address, MACH_PORT_NULL, 0, VM_PROT_ALL));
    *(volatile char *)address = 1;
    CHECK_RETURNS(map(SELF, &address, manager.object, 1, VM_PROT_READ), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(map(SELF, &address, manager.object, 0, 0x100), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(map(SELF, &address, SELF, 0, VM_PROT_READ), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(map(SELF, (vm_offset_t *)UNMAPPED, MACH_PORT_NULL, 0, VM_PROT_READ),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(map(SELF, &address, NO_NAME, 0, VM_PROT_READ), MACH_SEND_INTERRUPTED);
    EACH_NO_TASK(name)
        CHECK_RETURNS(map(*name, &address, manager.object, 0, VM_PROT_READ), MACH_SEND_INTERRUPTED);
    CHECK_EQ(references(manager.object), before);
}

TEST(0, tasks_are_made_and_ended_without_a_message)
{
    unsigned tasks = task_total(), names = port_name_count();
    mach_port_name_t child;

    CHECK_OK(syscall_task_create(SELF, FALSE, &child));
    CHECK_EQ(task_total(), tasks + 1);
    CHECK_OK(syscall_task_suspend(child));
    CHECK_OK(task_resume(child));
    CHECK_OK(syscall_task_terminate(child));
    CHECK_EQ(port_type(child), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_RETURNS(syscall_task_suspend(child), MACH_SEND_INTERRUPTED);
    CHECK_RETURNS(syscall_task_terminate(child), MACH_SEND_INTERRUPTED);
    CHECK_OK(mach_port_deallocate(SELF, child));
    CHECK_RETURNS(syscall_task_create(SELF, FALSE, (mach_port_name_t *)UNMAPPED),
                  KERN_INVALID_ADDRESS);
    CHECK_RETURNS(syscall_task_create(SELF, TRUE, (mach_port_name_t *)KERNEL), KERN_INVALID_ADDRESS);
    EACH_NO_TASK(name) {
        CHECK_RETURNS(syscall_task_create(*name, FALSE, &child), MACH_SEND_INTERRUPTED);
        CHECK_RETURNS(syscall_task_suspend(*name), MACH_SEND_INTERRUPTED);
        CHECK_RETURNS(syscall_task_terminate(*name), MACH_SEND_INTERRUPTED);
    }
    CHECK_EQ(task_total(), tasks);
    CHECK_EQ(port_name_count(), names);
}

TEST(0, special_ports_are_set_without_a_message)
{
    mach_port_t port = port_make(TRUE), found;

    CHECK_OK(syscall_task_set_special_port(SELF, TASK_BOOTSTRAP_PORT, port));
    CHECK_OK(task_get_special_port(SELF, TASK_BOOTSTRAP_PORT, &found));
    CHECK_EQ(found, port);
    CHECK_OK(mach_port_deallocate(SELF, found));
    CHECK_RETURNS(syscall_task_set_special_port(SELF, 99, port), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(syscall_task_set_special_port(SELF, TASK_BOOTSTRAP_PORT, NO_NAME),
                  MACH_SEND_INTERRUPTED);
    EACH_NO_TASK(name)
        CHECK_RETURNS(syscall_task_set_special_port(*name, TASK_BOOTSTRAP_PORT, port),
                      MACH_SEND_INTERRUPTED);
    CHECK_EQ(references(port), 1);
    CHECK_OK(syscall_task_set_special_port(SELF, TASK_BOOTSTRAP_PORT, MACH_PORT_NULL));
    CHECK_OK(task_get_special_port(SELF, TASK_BOOTSTRAP_PORT, &found));
    CHECK_EQ(found, MACH_PORT_NULL);
}

TEST(0, rights_are_handled_without_a_message)
{
    unsigned names = port_name_count();
    mach_port_name_t port, set;

    CHECK_OK(syscall_mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &port));
    CHECK_OK(syscall_mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_OK(syscall_mach_port_allocate_name(SELF, MACH_PORT_RIGHT_PORT_SET, 0x123400));
    CHECK_EQ(port_type(0x123400), MACH_PORT_TYPE_PORT_SET);
    CHECK_OK(mach_port_destroy(SELF, 0x123400));

    CHECK_RETURNS(syscall_mach_port_allocate(SELF, 99, &set), KERN_INVALID_VALUE);
    CHECK_RETURNS(syscall_mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET,
                                             (mach_port_name_t *)UNMAPPED), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(syscall_mach_port_allocate_name(SELF, 99, 0x123500), KERN_INVALID_VALUE);
    CHECK_RETURNS(syscall_mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, MACH_PORT_DEAD),
                  KERN_INVALID_VALUE);
    CHECK_RETURNS(syscall_mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, port),
                  KERN_NAME_EXISTS);
    CHECK_RETURNS(syscall_mach_port_insert_right(SELF, port, NO_NAME, MACH_MSG_TYPE_COPY_SEND),
                  KERN_INVALID_NAME);
    CHECK_RETURNS(syscall_mach_port_insert_right(SELF, port, port, 99), KERN_INVALID_VALUE);
    CHECK_RETURNS(syscall_mach_port_insert_right(SELF, port, SELF, MACH_MSG_TYPE_MAKE_SEND),
                  KERN_INVALID_RIGHT);
    CHECK_RETURNS(syscall_mach_port_insert_right(SELF, 0x123600, port, MACH_MSG_TYPE_COPY_SEND),
                  KERN_RIGHT_EXISTS);
    CHECK_RETURNS(syscall_mach_port_insert_right(SELF, mach_host_self(), port,
                                                 MACH_MSG_TYPE_COPY_SEND), KERN_RIGHT_EXISTS);
    CHECK_RETURNS(syscall_mach_port_deallocate(SELF, NO_NAME), KERN_INVALID_NAME);
    EACH_NO_TASK(name) {
        CHECK_RETURNS(syscall_mach_port_allocate(*name, MACH_PORT_RIGHT_RECEIVE, &set),
                      MACH_SEND_INTERRUPTED);
        CHECK_RETURNS(syscall_mach_port_allocate_name(*name, MACH_PORT_RIGHT_RECEIVE, 0x123700),
                      MACH_SEND_INTERRUPTED);
        CHECK_RETURNS(syscall_mach_port_insert_right(*name, port, port, MACH_MSG_TYPE_COPY_SEND),
                      MACH_SEND_INTERRUPTED);
        CHECK_RETURNS(syscall_mach_port_deallocate(*name, port), MACH_SEND_INTERRUPTED);
    }
    CHECK_EQ(references(port), 1);
    CHECK_OK(syscall_mach_port_deallocate(SELF, port));
    CHECK_RETURNS(syscall_mach_port_deallocate(SELF, port), KERN_INVALID_RIGHT);
    CHECK_OK(mach_port_destroy(SELF, port));
    CHECK_EQ(port_name_count(), names + 1); /* the host's */
}

TEST(0, threads_are_named_without_a_message)
{
    CHECK_OK(syscall_thread_depress_abort(mach_thread_self()));
    CHECK_RETURNS(syscall_thread_depress_abort(SELF), MACH_SEND_INTERRUPTED);
    EACH_NO_TASK(name)
        CHECK_RETURNS(syscall_thread_depress_abort(*name), MACH_SEND_INTERRUPTED);
    CHECK_RETURNS(thread_switch(NO_NAME, 7, 0), KERN_INVALID_ARGUMENT);
    CHECK_OK(thread_switch(NO_NAME, 0, 0)); /* nobody in particular */
    CHECK_OK(thread_switch(SELF, 0, 0));
    CHECK_RETURNS(thread_set_self_state(0x7777, (thread_state_t)UNMAPPED, 1), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_self_state(0x7777, (thread_state_t)no_tasks, 1), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_self_state(1, (thread_state_t)no_tasks, 1u << 30),
                  KERN_INVALID_ARGUMENT);
}

TEST(0, what_this_kernel_does_not_emulate)
{
    vm_offset_t *vector = (vm_offset_t *)1;
    mach_msg_type_number_t count = 7;
    int start = 7;

    CHECK_OK(task_get_emulation_vector(SELF, &start, (emulation_vector_t *)&vector, &count));
    CHECK_EQ(count, 0);
    CHECK_EQ(start, 0);
    CHECK_RETURNS(task_set_emulation(SELF, 0x1000, 5), KERN_FAILURE);
    CHECK_RETURNS(task_set_emulation_vector(SELF, 3, (emulation_vector_t)no_tasks, 1), KERN_FAILURE);
    CHECK_RETURNS(task_set_emulation_vector(mach_host_self(), 3, (emulation_vector_t)no_tasks, 1),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_ras_control(SELF, 0x1000, 0x1010, 0), KERN_FAILURE);
    CHECK_RETURNS(task_get_emulation_vector(mach_host_self(), &start, (emulation_vector_t *)&vector,
                                            &count), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_set_emulation(mach_host_self(), 0x1000, 5), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_ras_control(mach_host_self(), 0x1000, 0x1010, 0), KERN_INVALID_ARGUMENT);
}
