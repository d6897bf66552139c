/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks as their ports control them, and the host's calls. */
#include <mach/task_info.h>
#include <mach/task_special_ports.h>

#include "test.h"

static vm_address_t shared;

static volatile uint64_t *shared_counter(void)
{
    return (volatile uint64_t *)shared;
}

static void count_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        ++*shared_counter();
}

static boolean_t counts(void)
{
    uint64_t before = *shared_counter();

    thread_sleep(60);
    return *shared_counter() != before;
}

TEST(0, a_suspended_task_stands_still)
{
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, count_for_ever, NULL);
    helper_run(&helper);
    CHECK(counts());
    CHECK_OK(task_suspend(helper.task));
    CHECK_OK(task_suspend(helper.task));
    CHECK(!counts());
    CHECK_OK(task_resume(helper.task));
    CHECK(!counts());
    CHECK_OK(task_resume(helper.task));
    CHECK(counts());
    CHECK_RETURNS(task_resume(helper.task), KERN_FAILURE);
    helper_end(&helper);
}

TEST(0, both_suspensions_hold_a_thread)
{
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, count_for_ever, NULL);
    CHECK_OK(task_suspend(helper.task));
    helper_run(&helper);
    CHECK(!counts());
    CHECK_OK(task_resume(helper.task));
    CHECK(counts());
    CHECK_OK(thread_suspend(helper.thread));
    CHECK_OK(task_suspend(helper.task));
    CHECK_OK(thread_resume(helper.thread));
    CHECK(!counts());
    CHECK_OK(task_resume(helper.task));
    CHECK(counts());
    helper_end(&helper);
}

TEST(0, a_terminated_task_is_a_dead_name)
{
    struct helper helper;
    mach_port_t task;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, count_for_ever, NULL);
    helper_run(&helper);
    CHECK(counts());
    task = helper.task;
    CHECK_OK(task_terminate(task));
    CHECK(!counts());
    CHECK_EQ(port_type(task), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(port_type(helper.thread), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_RETURNS(task_suspend(task), MACH_SEND_INVALID_DEST);
}

static void end_my_task(void *unused)
{
    (void)unused;
    *shared_counter() = 1;
    task_terminate(mach_task_self());
    *shared_counter() = 2;
}

static boolean_t is_dead(void *name)
{
    return port_type(*(mach_port_t *)name) == MACH_PORT_TYPE_DEAD_NAME;
}

TEST(0, a_task_ends_itself)
{
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, end_my_task, NULL);
    helper_run(&helper);
    CHECK(wait_until(is_dead, &helper.task, 1000));
    CHECK_EQ(*shared_counter(), 1);
}

static volatile vm_address_t bad_address = 8;

static void fault(void *unused)
{
    (void)unused;
    *shared_counter() = 1;
    *(volatile int *)bad_address = 1;
    *shared_counter() = 2;
}

TEST(0, an_exception_that_nobody_handles_ends_the_task)
{
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, fault, NULL);
    CHECK_OK(task_set_special_port(helper.task, TASK_EXCEPTION_PORT, MACH_PORT_NULL));
    helper_run(&helper);
    CHECK(wait_until(is_dead, &helper.task, 1000));
    CHECK_EQ(*shared_counter(), 1);
}

TEST(0, an_exception_goes_to_the_thread_then_to_the_task)
{
    mach_port_t of_thread = port_make(TRUE), of_task = port_make(TRUE);
    struct exception message;
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, fault, NULL);
    CHECK_OK(thread_set_special_port(helper.thread, THREAD_EXCEPTION_PORT, of_thread));
    CHECK_OK(task_set_special_port(helper.task, TASK_EXCEPTION_PORT, of_task));
    helper_run(&helper);
    exception_expect(of_thread, &message);
    CHECK_EQ(message.thread, helper.thread);
    CHECK_EQ(message.task, helper.task);
    CHECK_EQ(message.exception, EXC_BAD_ACCESS);
    CHECK_EQ(message.code, KERN_INVALID_ADDRESS);
    CHECK_EQ(message.subcode, 8);
    exception_answer(&message, KERN_FAILURE);
    exception_expect(of_task, &message);
    exception_answer(&message, KERN_FAILURE);
    CHECK(wait_until(is_dead, &helper.task, 1000));
}

TEST(0, a_handled_exception_is_tried_again)
{
    mach_port_t of_task = port_make(TRUE);
    struct exception message;
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, fault, NULL);
    CHECK_OK(task_set_special_port(helper.task, TASK_EXCEPTION_PORT, of_task));
    helper_run(&helper);
    for (unsigned i = 0; i < 3; i++) {
        exception_expect(of_task, &message);
        exception_answer(&message, KERN_SUCCESS);
    }
    exception_expect(of_task, &message);
    helper_end(&helper);
}

TEST(0, a_dead_handler_counts_as_none)
{
    mach_port_t of_task = port_make(TRUE);
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, fault, NULL);
    CHECK_OK(task_set_special_port(helper.task, TASK_EXCEPTION_PORT, of_task));
    helper_run(&helper);
    thread_sleep(30);
    /* The request is in the queue; it dies with the port. */
    CHECK_OK(mach_port_mod_refs(mach_task_self(), of_task, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK(wait_until(is_dead, &helper.task, 1000));
}

TEST(213, a_thread_that_waits_for_its_handler_can_be_ended)
{
    mach_port_t of_task = port_make(TRUE);
    struct exception message;
    struct helper helper;

    shared = shared_memory(PAGE_SIZE);
    helper_create(&helper, fault, NULL);
    CHECK_OK(task_set_special_port(helper.task, TASK_EXCEPTION_PORT, of_task));
    helper_run(&helper);
    exception_expect(of_task, &message);
    CHECK_OK(thread_terminate(helper.thread));
    thread_sleep(30);
    /* The reply right is dead: nobody waits for the answer. */
    CHECK_EQ(port_type(message.reply), MACH_PORT_TYPE_DEAD_NAME);
    helper_end(&helper);
}

TEST(0, many_tasks_come_and_go_without_a_trace)
{
    struct vm_statistics before, after;
    mach_port_t task;

    for (unsigned i = 0; i < 250; i++) {
        if (i == 50)
            memory_statistics(&before);
        CHECK_OK(task_create(mach_task_self(), i & 1, &task));
        CHECK_OK(task_terminate(task));
        CHECK_OK(mach_port_deallocate(mach_task_self(), task));
    }
    memory_statistics(&after);
    CHECK(after.free_count + 50 > before.free_count);
}

TEST(0, tasks_are_limited_and_refused_kindly)
{
    static mach_port_t tasks[2048];
    kern_return_t result = KERN_SUCCESS;
    unsigned made = 0;

    while (made < 2048 &&
           (result = task_create(mach_task_self(), FALSE, &tasks[made])) == KERN_SUCCESS)
        made++;
    CHECK_EQ(result, KERN_RESOURCE_SHORTAGE);
    CHECK(made > 50);
    for (unsigned i = 0; i < made; i++)
        CHECK_OK(task_terminate(tasks[i]));
    CHECK_OK(task_create(mach_task_self(), FALSE, &tasks[0]));
}

TEST(0, registered_ports_are_kept_and_inherited)
{
    mach_port_t ports[2] = {port_make(TRUE), MACH_PORT_NULL}, task;
    mach_port_array_t got;
    mach_msg_type_number_t count;

    CHECK_OK(mach_ports_register(mach_task_self(), ports, 2));
    CHECK_OK(task_create(mach_task_self(), FALSE, &task));
    CHECK_OK(mach_ports_lookup(task, &got, &count));
    CHECK_EQ(count, 4);
    CHECK_EQ(got[0], ports[0]);
    CHECK_EQ(got[1], MACH_PORT_NULL);
    CHECK_OK(task_terminate(task));
    CHECK_OK(mach_ports_register(mach_task_self(), NULL, 0));
    mach_port_mod_refs(mach_task_self(), ports[0], MACH_PORT_RIGHT_SEND, -2);
    CHECK_EQ(port_status(ports[0]).mps_srights, 0);
}

TEST(0, task_info_answers_each_flavor)
{
    struct task_basic_info basic;
    struct task_events_info events;
    struct task_thread_times_info times;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

    CHECK_OK(task_info(mach_task_self(), TASK_BASIC_INFO, (task_info_t)&basic, &count));
    CHECK_EQ(basic.suspend_count, 0);
    CHECK(basic.virtual_size >= basic.resident_size && basic.resident_size >= PAGE_SIZE);
    CHECK(basic.creation_time64.seconds > 1600000000);
    count = TASK_EVENTS_INFO_COUNT;
    CHECK_OK(task_info(mach_task_self(), TASK_EVENTS_INFO, (task_info_t)&events, &count));
    CHECK(events.faults > 0);
    count = TASK_THREAD_TIMES_INFO_COUNT;
    CHECK_OK(task_info(mach_task_self(), TASK_THREAD_TIMES_INFO, (task_info_t)&times, &count));
    CHECK_EQ(count, TASK_THREAD_TIMES_INFO_COUNT);
    count = 2;
    CHECK_RETURNS(task_info(mach_task_self(), TASK_BASIC_INFO, (task_info_t)&basic, &count),
                  KERN_INVALID_ARGUMENT);
    count = TASK_BASIC_INFO_COUNT;
    CHECK_RETURNS(task_info(mach_task_self(), 9, (task_info_t)&basic, &count),
                  KERN_INVALID_ARGUMENT);
}

TEST(0, the_host_tells_about_itself)
{
    struct host_basic_info basic;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;
    kernel_version_t version;
    processor_array_t processors;
    mach_port_t name;

    CHECK_OK(host_info(mach_host_self(), HOST_BASIC_INFO, (host_info_t)&basic, &count));
    CHECK(basic.avail_cpus == 1 || basic.avail_cpus == 4);
    CHECK(basic.memory_size > 16u << 20);
    CHECK_OK(host_get_kernel_version(mach_host_self(), version));
    CHECK(strstr(version, "Porthole") != NULL);
    CHECK_OK(host_processors(test_host_port, &processors, &count));
    CHECK_EQ(count, basic.max_cpus);
    CHECK_OK(processor_set_default(mach_host_self(), &name));
    CHECK(name != MACH_PORT_NULL);
    CHECK_RETURNS(host_processors(mach_host_self(), &processors, &count), KERN_INVALID_ARGUMENT);
}

TEST(0, the_time_of_day_goes_on_and_is_set_by_the_privileged)
{
    time_value64_t first, second, day = {1000000000, 5};

    CHECK_OK(host_get_time64(mach_host_self(), &first));
    CHECK(first.seconds > 1600000000);
    thread_sleep(20);
    CHECK_OK(host_get_time64(mach_host_self(), &second));
    CHECK(second.seconds > first.seconds || second.nanoseconds >= first.nanoseconds + 20000000);
    CHECK_RETURNS(host_set_time64(mach_host_self(), day), KERN_INVALID_HOST);
    CHECK_OK(host_set_time64(test_host_port, day));
    CHECK_OK(host_get_time64(mach_host_self(), &second));
    CHECK_EQ(second.seconds, 1000000000);
    CHECK_RETURNS(host_set_time64(test_host_port, (time_value64_t){INT64_MAX, 0}),
                  KERN_INVALID_ARGUMENT);
}

TEST(0, only_the_privileged_see_all_and_stop_the_machine)
{
    porthole_task_array_t tasks;
    porthole_thread_array_t threads;
    porthole_object_array_t objects;
    mach_msg_type_number_t count;

    CHECK_RETURNS(host_reboot(mach_host_self(), 0), KERN_INVALID_HOST);
    CHECK_RETURNS(porthole_tasks(mach_host_self(), &tasks, &count), KERN_INVALID_HOST);
    CHECK_OK(porthole_tasks(test_host_port, &tasks, &count));
    CHECK(count >= 2 && strcmp(tasks[0].name, "kernel") == 0);
    CHECK_OK(porthole_threads(test_host_port, &threads, &count));
    CHECK(count >= 3);
    CHECK_OK(porthole_objects(test_host_port, &objects, &count));
    CHECK(count >= 1);
}
