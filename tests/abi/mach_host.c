/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_host: the host, its time, its processors and their sets, priorities, wired memory. */
#include "module.h"

#include "mach.h"
#include "mach_host.h"
#include "mach_port.h"

static mach_port_t host; /* the one without privilege */

static void information(void)
{
    struct host_basic_info basic;
    struct host_sched_info sched;
    struct host_load_info load;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;
    kernel_version_t version;

    check_ok(host_info(host, HOST_BASIC_INFO, (host_info_t)&basic, &count), "host_info");
    check(count == HOST_BASIC_INFO_COUNT && basic.max_cpus >= 1 && basic.avail_cpus >= 1 &&
          basic.memory_size > 16 << 20 && basic.memory_size < (uint64_t)1 << 40 &&
          basic.cpu_type == CPU_TYPE_X86_64, "processors, bytes of memory, their type");
    count = HOST_SCHED_INFO_COUNT;
    check_ok(host_info(host, HOST_SCHED_INFO, (host_info_t)&sched, &count), "its scheduling");
    check(count == HOST_SCHED_INFO_COUNT && sched.min_quantum > 0, "with a quantum");
    count = HOST_LOAD_INFO_COUNT;
    check_ok(host_info(host, HOST_LOAD_INFO, (host_info_t)&load, &count), "its load");
    count = 1;
    check_code(host_info(host, HOST_BASIC_INFO, (host_info_t)&basic, &count), KERN_FAILURE,
               "too little room");
    count = HOST_BASIC_INFO_COUNT;
    check_code(host_info(host, 99, (host_info_t)&basic, &count), KERN_INVALID_ARGUMENT,
               "no such information");
    check_code(host_info(self, HOST_BASIC_INFO, (host_info_t)&basic, &count),
               KERN_INVALID_ARGUMENT, "a task is no host");
    check_ok(host_get_kernel_version(host, version), "host_get_kernel_version");
    check(version[0] != '\0' && strlen(version) < sizeof version, "a string that ends");
}

static void times(void)
{
    time_value_t now, none = { 0, 0 }, old;
    time_value64_t now64, up, later, none64 = { 0, 0 }, old64;

    check_ok(host_get_time(host, &now), "host_get_time");
    check_ok(host_get_time64(host, &now64), "host_get_time64");
    check(now.microseconds < 1000000 && now64.nanoseconds < 1000000000 &&
          now64.seconds - now.seconds <= 60, "agree");
    check_ok(host_get_uptime64(host, &up), "host_get_uptime64");
    do
        check_code(host_get_uptime64(host, &later), KERN_SUCCESS, "once more");
    while (up.seconds == later.seconds && up.nanoseconds == later.nanoseconds);
    check(later.seconds > up.seconds || later.nanoseconds > up.nanoseconds, "it only grows");
    check_code(host_set_time(host, now), KERN_INVALID_HOST, "setting it takes the privileged port");
    check_ok(host_set_time(host_port, (time_value_t){ 1000000000, 5 }), "host_set_time");
    check_ok(host_get_time(host, &now), "the time again");
    check(now.seconds >= 1000000000 && now.seconds < 1000000600, "was set");
    check_ok(host_set_time64(host_port, (time_value64_t){ 1100000000, 7 }), "host_set_time64");
    check_ok(host_get_time64(host, &now64), "the time again");
    check(now64.seconds >= 1100000000 && now64.seconds < 1100000600, "was set");
    check_ok(host_adjust_time(host_port, none, &old), "host_adjust_time");
    check_ok(host_adjust_time64(host_port, none64, &old64), "host_adjust_time64");
}

static void processors(void)
{
    processor_array_t list;
    mach_msg_type_number_t count = 0, words = PROCESSOR_BASIC_INFO_COUNT;
    struct processor_basic_info info;
    mach_port_t of = MACH_PORT_NULL, set = MACH_PORT_NULL;

    check_ok(host_processors(host_port, &list, &count), "host_processors");
    check(count >= 1, "one at least, as rights out of line");
    check_ok(processor_info(list[0], PROCESSOR_BASIC_INFO, &of, (processor_info_t)&info, &words),
             "processor_info");
    check(words == PROCESSOR_BASIC_INFO_COUNT && info.running && info.is_master &&
          info.slot_num == 0 && info.cpu_type == CPU_TYPE_X86_64, "the first is the master");
    check(of == host, "it belongs to the host");
    check_ok(mach_port_deallocate(self, of), "the host's reference goes");
    check_code(processor_info(list[0], 99, &of, (processor_info_t)&info, &words),
               KERN_FAILURE, "no such information");
    check_ok(processor_get_assignment(list[0], &set), "processor_get_assignment");
    check_ok(mach_port_deallocate(self, set), "the set's name goes");
    check_code(host_processors(host, &list, &count), KERN_INVALID_ARGUMENT, "not with this port");
}

static void sets(void)
{
    mach_port_t set = MACH_PORT_NULL, name = MACH_PORT_NULL, of, assigned = MACH_PORT_NULL;
    struct processor_set_basic_info info;
    struct processor_set_sched_info sched;
    mach_msg_type_number_t count = PROCESSOR_SET_BASIC_INFO_COUNT, tasks = 0, threads = 0, sets = 0;
    task_array_t task_list;
    thread_array_t thread_list;
    processor_set_name_array_t names;

    check_ok(processor_set_default(host, &name), "processor_set_default");
    check_ok(host_processor_set_priv(host_port, name, &set), "host_processor_set_priv");
    check(set != name, "is another port");
    check_ok(processor_set_info(name, PROCESSOR_SET_BASIC_INFO, &of, (processor_set_info_t)&info,
                                &count), "processor_set_info");
    check(count == PROCESSOR_SET_BASIC_INFO_COUNT && info.processor_count >= 1 &&
          info.task_count >= 2 && info.thread_count >= 2, "counts processors, tasks and threads");
    check_ok(mach_port_deallocate(self, of), "the host's reference goes");
    count = PROCESSOR_SET_SCHED_INFO_COUNT;
    check_ok(processor_set_info(name, PROCESSOR_SET_SCHED_INFO, &of, (processor_set_info_t)&sched,
                                &count), "its scheduling");
    check(sched.policies & POLICY_TIMESHARE, "allows time shares");
    check_ok(mach_port_deallocate(self, of), "the host's reference goes");
    check_ok(processor_set_tasks(set, &task_list, &tasks), "processor_set_tasks");
    check(tasks >= 1, "as rights out of line");
    check_ok(vm_deallocate(self, (vm_address_t)task_list, PAGE), "they go");
    check_ok(processor_set_threads(set, &thread_list, &threads), "processor_set_threads");
    check(threads >= 1, "as rights out of line");
    check_code(processor_set_tasks(name, &task_list, &tasks), KERN_INVALID_ARGUMENT,
               "not with the set's name");
    check_ok(host_processor_sets(host, &names, &sets), "host_processor_sets");
    check(sets == 1 && names[0] == name, "there is one");
    check_ok(thread_get_assignment(mach_thread_self(), &assigned), "thread_get_assignment");
    check(assigned == name, "the default set");
    check_ok(task_get_assignment(self, &assigned), "task_get_assignment");
    check(assigned == name, "the default set");
}

static void priorities(void)
{
    mach_port_t thread = mach_thread_self();

    check_ok(thread_priority(thread, 20, FALSE), "thread_priority");
    check_code(thread_priority(thread, 1000, FALSE), KERN_INVALID_ARGUMENT, "no such priority");
    check_ok(task_priority(self, 25, TRUE), "task_priority");
    check_code(thread_policy(thread, 99, 0), KERN_INVALID_ARGUMENT, "no such policy");
    check_ok(thread_policy(thread, POLICY_TIMESHARE, 0), "thread_policy");
    check_code(thread_depress_abort(thread), KERN_SUCCESS, "thread_depress_abort");
    check_code(thread_depress_abort(self), KERN_INVALID_ARGUMENT, "a task is no thread");
}

static void wiring(void)
{
    vm_address_t at = 0;

    check_ok(vm_allocate(self, &at, 2 * PAGE, TRUE), "two pages");
    check_ok(vm_wire(host_port, self, at, 2 * PAGE, VM_PROT_DEFAULT), "vm_wire");
    check_ok(vm_wire(host_port, self, at, 2 * PAGE, VM_PROT_NONE), "and unwire");
    check_code(vm_wire(self, self, at, PAGE, VM_PROT_READ), KERN_INVALID_HOST,
               "it takes the host port");
    check_code(vm_wire(host_port, self, at, PAGE, 0x100), KERN_INVALID_ARGUMENT,
               "no such access");
    check_ok(vm_deallocate(self, at, 2 * PAGE), "they go");
    check_ok(thread_wire(host_port, mach_thread_self(), TRUE), "thread_wire");
    check_ok(thread_wire(host_port, mach_thread_self(), FALSE), "and back");
    check_code(host_reboot(host, 0), KERN_INVALID_HOST, "rebooting takes the privileged port");
}

void module(void)
{
    host = mach_host_self();
    check(host != host_port, "the host and the privileged host are two ports");
    information();
    times();
    processors();
    sets();
    priorities();
    wiring();
}
