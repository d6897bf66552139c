/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of the host, its clock, its processors and their set: one success of those that no other test
 * makes, and every error that a description names.
 */
#include "audit.h"
#include "test.h"

#define SELF        mach_task_self()
#define FLAVOR_NONE 99

TEST(0, information_of_unknown_flavors_or_for_too_little_room_is_refused)
{
    integer_t data[1024];
    mach_msg_type_number_t count = 1024;
    mach_port_t host = mach_host_self(), found;
    mach_port_t *processors = NULL, set;

    memset(data, 0, sizeof data);
    CHECK_OK(host_processors(test_host_port, &processors, &count));
    CHECK_OK(processor_set_default(host, &set));
    audit_begin();
    count = 1024;
    REFUSED(host_info(host, FLAVOR_NONE, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(processor_info(processors[0], FLAVOR_NONE, &found, data, &count), KERN_FAILURE);
    REFUSED(processor_set_info(set, FLAVOR_NONE, &found, data, &count), KERN_INVALID_ARGUMENT);
    count = 1;
    REFUSED(host_info(host, HOST_BASIC_INFO, data, &count), KERN_FAILURE);
    REFUSED(host_info(host, HOST_SCHED_INFO, data, &count), KERN_FAILURE);
    REFUSED(host_info(host, HOST_LOAD_INFO, data, &count), KERN_FAILURE);
    REFUSED(processor_info(processors[0], PROCESSOR_BASIC_INFO, &found, data, &count), KERN_FAILURE);
    REFUSED(processor_set_info(set, PROCESSOR_SET_BASIC_INFO, &found, data, &count), KERN_FAILURE);
    count = 0;
    REFUSED(host_info(host, HOST_PROCESSOR_SLOTS, data, &count), KERN_INVALID_ARGUMENT);
    count = 1024;
    CHECK_OK(processor_info(processors[0], PROCESSOR_BASIC_INFO, &found, data, &count));
    CHECK_EQ(count, PROCESSOR_BASIC_INFO_COUNT);
    count = 1024;
    CHECK_OK(processor_set_info(set, PROCESSOR_SET_BASIC_INFO, &found, data, &count));
    CHECK_EQ(count, PROCESSOR_SET_BASIC_INFO_COUNT);
}

TEST(0, the_clock_is_set_by_who_may)
{
    time_value64_t now, old64, wrong64 = {.seconds = 1, .nanoseconds = -5000000000};
    time_value_t now32, old;
    mach_port_t host = mach_host_self();

    audit_begin();
    CHECK_OK(host_get_time(host, &now32));
    CHECK_OK(host_get_time64(host, &now));
    REFUSED(host_set_time(host, now32), KERN_INVALID_HOST);
    REFUSED(host_set_time64(host, now), KERN_INVALID_HOST);
    REFUSED(host_set_time64(test_host_port, wrong64), KERN_INVALID_ARGUMENT);
    REFUSED(host_adjust_time(host, now32, &old), KERN_INVALID_HOST);
    REFUSED(host_adjust_time64(host, now, &old64), KERN_INVALID_HOST);
    REFUSED(host_adjust_time64(test_host_port, wrong64, &old64), KERN_INVALID_ARGUMENT);
    now32.seconds += 1000;
    CHECK_OK(host_set_time(test_host_port, now32));
    CHECK_OK(host_get_time64(host, &now));
    CHECK(now.seconds >= now32.seconds && now.seconds < now32.seconds + 600);
    CHECK_OK(host_adjust_time(test_host_port, (time_value_t){.seconds = 5}, &old));
    CHECK_EQ(old.seconds, 0);
    CHECK_OK(host_adjust_time64(test_host_port, (time_value64_t){.seconds = 0}, &old64));
    CHECK(old64.seconds == 5 || old64.seconds == 4);
}

TEST(0, the_machine_is_not_stopped_by_who_may_not)
{
    mach_port_t host = mach_host_self();

    audit_begin();
    REFUSED(host_reboot(host, HOST_REBOOT_HALT), KERN_INVALID_HOST);
    REFUSED(host_reboot(test_host_port, HOST_REBOOT_DEBUGGER), KERN_FAILURE);
}

static void drop(mach_port_t *ports, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        CHECK_OK(mach_port_deallocate(SELF, ports[i]));
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)ports, count * sizeof *ports));
}

static boolean_t among(mach_port_t port, mach_port_t *ports, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (ports[i] == port)
            return TRUE;
    return FALSE;
}

TEST(0, the_set_of_all_processors_has_all_tasks_and_threads)
{
    mach_port_t set, control, found, *list = NULL;
    mach_msg_type_number_t count = 0;

    CHECK_OK(processor_set_default(mach_host_self(), &set));
    CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
    CHECK_OK(host_processor_sets(mach_host_self(), &list, &count));
    CHECK(among(set, list, count));
    drop(list, count);
    CHECK_OK(processor_set_tasks(control, &list, &count));
    CHECK(among(SELF, list, count));
    drop(list, count);
    CHECK_OK(processor_set_threads(control, &list, &count));
    CHECK(among(mach_thread_self(), list, count));
    drop(list, count);
    CHECK_OK(task_get_assignment(SELF, &found));
    CHECK_EQ(found, set);
    CHECK_OK(thread_get_assignment(mach_thread_self(), &found));
    CHECK_EQ(found, set);
    CHECK_OK(host_processors(test_host_port, &list, &count));
    CHECK_OK(processor_get_assignment(list[0], &found));
    CHECK_EQ(found, set);
}

TEST(0, a_thread_is_wired_by_who_may)
{
    mach_port_t thread = mach_thread_self(), host = mach_host_self();

    audit_begin();
    REFUSED(thread_wire(host, thread, TRUE), KERN_INVALID_ARGUMENT);
    REFUSED(thread_wire(test_host_port, SELF, TRUE), KERN_INVALID_ARGUMENT);
    CHECK_OK(thread_wire(test_host_port, thread, TRUE));
    CHECK_OK(thread_wire(test_host_port, thread, FALSE));
}
