/* SPDX-License-Identifier: BSD-2-Clause */
/* mach: tasks, threads and virtual memory; and the traps that are shortcuts to some of its calls. */
#include "module.h"

#include <mach/thread_status.h>

#include "mach.h"
#include "mach_port.h"

#define NOWHERE 0x600000000000 /* an address where nothing is */

/* The shortcuts by traps. */
extern kern_return_t syscall_vm_map(mach_port_t task, vm_offset_t *address, vm_size_t size,
                                    vm_offset_t mask, boolean_t anywhere, mach_port_t object,
                                    vm_offset_t offset, boolean_t copy, vm_prot_t protection,
                                    vm_prot_t max_protection, vm_inherit_t inheritance);
extern kern_return_t syscall_vm_allocate(mach_port_t task, vm_offset_t *address, vm_size_t size,
                                         boolean_t anywhere);
extern kern_return_t syscall_vm_deallocate(mach_port_t task, vm_offset_t address, vm_size_t size);
extern kern_return_t syscall_task_create(mach_port_t parent, boolean_t inherit, mach_port_t *child);
extern kern_return_t syscall_task_terminate(mach_port_t task);
extern kern_return_t syscall_task_suspend(mach_port_t task);
extern kern_return_t syscall_mach_port_allocate(mach_port_t task, mach_port_right_t right,
                                                mach_port_t *name);
extern kern_return_t syscall_mach_port_deallocate(mach_port_t task, mach_port_t name);

static void regions(void)
{
    vm_address_t at = 0, hole = 0x7000;
    vm_size_t size;
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;

    check_ok(vm_allocate(self, &at, 3 * PAGE, TRUE), "vm_allocate");
    check(at % PAGE == 0 && ((char *)at)[3 * PAGE - 1] == 0, "pages of zeros");
    check_ok(vm_protect(self, at, PAGE, FALSE, VM_PROT_READ), "vm_protect");
    check_ok(vm_protect(self, at, PAGE, TRUE, VM_PROT_READ), "vm_protect of the maximum");
    check_code(vm_protect(self, at, PAGE, FALSE, VM_PROT_DEFAULT), KERN_PROTECTION_FAILURE,
               "not beyond the maximum");
    check_ok(vm_inherit(self, at, PAGE, VM_INHERIT_NONE), "vm_inherit");
    check_code(vm_inherit(self, at, PAGE, 7), KERN_INVALID_ARGUMENT, "no such inheritance");
    name = 99;
    check_ok(vm_region(self, &at, &size, &protection, &max_protection, &inheritance, &shared, &name,
                       &offset), "vm_region");
    check(size == PAGE && protection == VM_PROT_READ && max_protection == VM_PROT_READ &&
          inheritance == VM_INHERIT_NONE && !shared, "tells each of these");
    if (name != MACH_PORT_NULL)
        check_ok(mach_port_deallocate(self, name), "its name port goes");
    check_code(vm_allocate(self, &at, PAGE, FALSE), KERN_NO_SPACE, "the place is taken");
    check_code(vm_allocate(self, &hole, PAGE, FALSE), KERN_SUCCESS, "a free place can be chosen");
    check_ok(vm_deallocate(self, hole, PAGE), "and given up");
    check_ok(vm_deallocate(self, at, 3 * PAGE), "vm_deallocate");
    at = ~(vm_address_t)0xfff;
    check(vm_region(self, &at, &size, &protection, &max_protection, &inheritance, &shared, &name,
                    &offset) != KERN_SUCCESS, "nothing lies behind the last region");
}

static void contents(void)
{
    vm_address_t at = 0;
    vm_offset_t data = 0;
    mach_msg_type_number_t bytes = 0;
    vm_machine_attribute_val_t value = MATTR_VAL_CACHE_FLUSH;

    check_ok(vm_allocate(self, &at, 4 * PAGE, TRUE), "four pages");
    memset((void *)at, 'a', PAGE);
    check_ok(vm_read(self, at, PAGE + 100, &data, &bytes), "vm_read of an odd size");
    check(bytes == PAGE + 100 && *(char *)data == 'a' && ((char *)data)[PAGE] == 0,
          "is a copy out of line");
    check_ok(vm_write(self, at + PAGE, data, 2 * PAGE), "vm_write");
    check(((char *)at)[PAGE] == 'a', "writes it");
    check_ok(vm_copy(self, at, PAGE, at + 3 * PAGE), "vm_copy");
    check(((char *)at)[4 * PAGE - 1] == 'a', "copies a page");
    check_code(vm_read(self, NOWHERE, PAGE, &data, &bytes), KERN_INVALID_ADDRESS, "nothing there");
    check_code(vm_copy(self, at, PAGE, NOWHERE), KERN_INVALID_ADDRESS, "nowhere to copy to");
    check_ok(vm_deallocate(self, data, 2 * PAGE), "the copy goes");
    check_ok(vm_machine_attribute(self, at, PAGE, MATTR_CACHE, &value), "flushing caches is allowed");
    check_code(vm_machine_attribute(self, at, PAGE, MATTR_MIGRATE, &value), KERN_INVALID_ARGUMENT,
               "moving memory between nodes is not");
    check_ok(vm_deallocate(self, at, 4 * PAGE), "the pages go");
}

static void tasks(void)
{
    task_t child = MACH_PORT_NULL;
    struct task_basic_info info;
    struct task_events_info events;
    struct task_thread_times_info times;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;
    vm_address_t at = 0;
    thread_array_t threads;

    check_ok(vm_allocate(self, &at, PAGE, TRUE), "a page");
    *(char *)at = 42;
    check_ok(task_create(self, TRUE, &child), "task_create with memory");
    check_ok(task_info(child, TASK_BASIC_INFO, (task_info_t)&info, &count), "task_info");
    check(count == TASK_BASIC_INFO_COUNT && info.suspend_count == 0 && info.virtual_size >= PAGE &&
          info.user_time.seconds == 0 && info.creation_time64.nanoseconds < 1000000000,
          "as large as its reference type, with its fields");
    count = TASK_EVENTS_INFO_COUNT;
    check_ok(task_info(child, TASK_EVENTS_INFO, (task_info_t)&events, &count), "its events");
    count = TASK_THREAD_TIMES_INFO_COUNT;
    check_ok(task_info(child, TASK_THREAD_TIMES_INFO, (task_info_t)&times, &count), "its times");
    count = TASK_BASIC_INFO_COUNT;
    check_code(task_info(child, 99, (task_info_t)&info, &count), KERN_INVALID_ARGUMENT,
               "no such information");
    check_ok(task_suspend(child), "task_suspend");
    check_ok(task_resume(child), "task_resume");
    check_code(task_resume(child), KERN_FAILURE, "once too often");
    check_ok(task_threads(child, &threads, &count), "task_threads");
    check(count == 0, "it has none");
    check_ok(vm_deallocate(child, at, PAGE), "its memory can go");
    check(*(char *)at == 42, "and ours stays");
    check_ok(task_terminate(child), "task_terminate");
    check_code(task_suspend(child), MACH_SEND_INVALID_DEST, "its port is dead");
    check_code(task_suspend(host_port), KERN_INVALID_ARGUMENT, "a host is no task");
    check_ok(mach_port_deallocate(self, child), "the name goes");
    check_ok(vm_deallocate(self, at, PAGE), "the page goes");
}

static void special_ports(void)
{
    mach_port_t port = port_make(1), got = MACH_PORT_NULL;
    mach_port_t set[2] = { port, port };
    mach_port_array_t registered;
    mach_msg_type_number_t count = 0;

    check_ok(task_set_special_port(self, TASK_BOOTSTRAP_PORT, port), "task_set_special_port");
    check_ok(task_get_special_port(self, TASK_BOOTSTRAP_PORT, &got), "task_get_special_port");
    check(got == port, "the same port");
    check_ok(mach_port_deallocate(self, got), "its reference goes");
    check_code(task_get_special_port(self, 77, &got), KERN_INVALID_ARGUMENT, "no such port");
    check_ok(task_set_special_port(self, TASK_BOOTSTRAP_PORT, MACH_PORT_NULL), "it can go");
    check_ok(mach_ports_register(self, set, 2), "mach_ports_register of an array");
    check_ok(mach_ports_lookup(self, &registered, &count), "mach_ports_lookup");
    check(count == 4 && registered[0] == port && registered[1] == port &&
          registered[2] == MACH_PORT_NULL, "returns four, the rest null");
    check(port_refs(port, MACH_PORT_RIGHT_SEND) == 3, "with a reference each");
    check_ok(vm_deallocate(self, (vm_address_t)registered, PAGE), "the array goes");
    check_ok(mach_ports_register(self, NULL, 0), "none is registered");
    check_ok(mach_port_destroy(self, port), "the port goes");
}

static volatile long counted;

static void count_up(void *argument)
{
    (void)argument;
    for (;;)
        counted++;
}

static void threads(void)
{
    thread_t thread = thread_begin(count_up, NULL);
    struct i386_thread_state state;
    struct thread_basic_info info;
    struct thread_sched_info sched;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    while (counted == 0)
        swtch_pri(0);
    check_ok(thread_suspend(thread), "thread_suspend");
    check_ok(thread_get_state(thread, i386_THREAD_STATE, (thread_state_t)&state, &count),
             "thread_get_state");
    check(count == i386_THREAD_STATE_COUNT && state.rip >= (uint64_t)count_up &&
          state.rip < (uint64_t)count_up + 64, "the program counter is where it was seen");
    count = 1;
    check_code(thread_get_state(thread, i386_THREAD_STATE, (thread_state_t)&state, &count),
               KERN_INVALID_ARGUMENT, "too little room");
    check_code(thread_set_state(thread, 99, (thread_state_t)&state, i386_THREAD_STATE_COUNT),
               KERN_INVALID_ARGUMENT, "no such state");
    do {
        swtch_pri(0);
        count = THREAD_BASIC_INFO_COUNT;
        check_ok(thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count), "thread_info");
    } while (info.run_state == TH_STATE_RUNNING);
    check(count == THREAD_BASIC_INFO_COUNT && info.suspend_count == 1, "counts the suspension");
    check_code(info.run_state, TH_STATE_STOPPED, "says that it is stopped");
    count = THREAD_SCHED_INFO_COUNT;
    check_ok(thread_info(thread, THREAD_SCHED_INFO, (thread_info_t)&sched, &count),
             "its scheduling");
    check(sched.policy == POLICY_TIMESHARE && !sched.depressed, "by time shares");
    check_ok(thread_resume(thread), "thread_resume");
    check_code(thread_resume(thread), KERN_FAILURE, "once too often");
    check_ok(thread_abort(thread), "thread_abort");
    check_ok(thread_terminate(thread), "thread_terminate");
    check_ok(mach_port_deallocate(self, thread), "its name goes");
    check_code(thread_suspend(self), KERN_INVALID_ARGUMENT, "a task is no thread");
}

/* What the reference lists and no kernel of its kind does any more. */
static void unsupported(void)
{
    emulation_vector_t vector;
    mach_msg_type_number_t count = 0;
    int start;

    check(task_get_emulation_vector(self, &start, &vector, &count) == KERN_SUCCESS && count == 0,
          "no emulation vectors");
    check(task_set_emulation(self, 0, 1) != KERN_SUCCESS, "no emulation");
    check(task_ras_control(self, 0, 0, 0) != KERN_SUCCESS, "no restartable sequences");
}

static void traps(void)
{
    vm_offset_t at = 0;
    mach_port_t task = MACH_PORT_NULL, port = MACH_PORT_NULL;

    check_ok(syscall_vm_allocate(self, &at, PAGE, TRUE), "vm_allocate by trap");
    check_ok(syscall_vm_deallocate(self, at, PAGE), "vm_deallocate by trap");
    at = 0x55000;
    check_ok(syscall_vm_map(self, &at, PAGE, 0, FALSE, MACH_PORT_NULL, 0, FALSE, VM_PROT_READ,
                            VM_PROT_READ, VM_INHERIT_NONE), "vm_map by trap: eleven arguments");
    check(at == 0x55000 && *(char *)at == 0, "each at its place");
    check_ok(syscall_vm_deallocate(self, at, PAGE), "it goes");
    check_ok(syscall_task_create(self, FALSE, &task), "task_create by trap");
    check_ok(syscall_task_suspend(task), "task_suspend by trap");
    check_ok(syscall_task_terminate(task), "task_terminate by trap");
    check_ok(syscall_mach_port_deallocate(self, task), "mach_port_deallocate by trap");
    check_ok(syscall_mach_port_allocate(self, MACH_PORT_RIGHT_DEAD_NAME, &port),
             "mach_port_allocate by trap");
    check_code(syscall_mach_port_allocate(self, MACH_PORT_RIGHT_RECEIVE, (mach_port_t *)16),
               KERN_INVALID_ADDRESS, "nowhere to put the name");
    check_ok(syscall_mach_port_deallocate(self, port), "it goes");
    check_code(syscall_vm_allocate(host_port, &at, PAGE, TRUE), MACH_SEND_INTERRUPTED,
               "no task: the trap asks for the message");
    check(port_refs(mach_host_self(), MACH_PORT_RIGHT_SEND) >= 1, "mach_host_self");
    check(port_refs(mach_thread_self(), MACH_PORT_RIGHT_SEND) >= 1, "mach_thread_self");
    check(!swtch(), "nobody else wants to run");
    check_ok(thread_switch(MACH_PORT_NULL, 0, 0), "thread_switch");
}

/* Who computes all the time must not keep one away that gives way with swtch_pri. */
static void giving_way(void)
{
    thread_t thread = thread_begin(count_up, NULL);

    for (unsigned turn = 0; turn < 20; turn++)
        swtch_pri(0);
    check_ok(thread_terminate(thread), "swtch_pri gives way for a time only");
}

void module(void)
{
    unsigned before = port_names();

    regions();
    contents();
    tasks();
    special_ports();
    threads();
    unsupported();
    check(port_names() == before, "as many names as before");
    traps();
    giving_way();
}
