/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads as their ports control them. */
#include <mach/thread_info.h>
#include <mach/thread_special_ports.h>

#include "test.h"

#define REBOOT_HALT 0x8

static volatile uint64_t counter;

static void count_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        counter++;
}

static void receive_for_ever(void *port)
{
    mach_msg_header_t message;

    mach_msg_trap(&message, MACH_RCV_MSG, 0, sizeof message, *(mach_port_t *)port, 0,
                  MACH_PORT_NULL);
    counter = 1;
    for (;;)
        thread_sleep(1000);
}

/* True if the counter moves within a while. */
static boolean_t counts(void)
{
    uint64_t before = counter;

    thread_sleep(60);
    return counter != before;
}

static struct thread_basic_info basic_info(mach_port_t thread)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    CHECK_OK(thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count));
    CHECK_EQ(count, THREAD_BASIC_INFO_COUNT);
    return info;
}

TEST(0, a_thread_starts_suspended_and_counts_suspensions)
{
    mach_port_t thread;

    CHECK_OK(thread_create(mach_task_self(), &thread));
    CHECK_EQ(basic_info(thread).suspend_count, 1);
    CHECK_OK(thread_suspend(thread));
    CHECK_EQ(basic_info(thread).suspend_count, 2);
    CHECK_EQ(basic_info(thread).run_state, TH_STATE_STOPPED);
    CHECK_OK(thread_terminate(thread));
    CHECK_EQ(port_type(thread), MACH_PORT_TYPE_DEAD_NAME);
}

TEST(0, a_suspended_thread_stands_still_until_resumed)
{
    mach_port_t thread = thread_start(count_for_ever, NULL, 0);

    CHECK(counts());
    CHECK_OK(thread_suspend(thread));
    CHECK_OK(thread_suspend(thread));
    CHECK(!counts());
    CHECK_OK(thread_resume(thread));
    CHECK(!counts());
    CHECK_OK(thread_resume(thread));
    CHECK(counts());
    CHECK_RETURNS(thread_resume(thread), KERN_FAILURE);
}

TEST(0, threads_of_one_priority_share_the_processor)
{
    mach_port_t a = thread_start(count_for_ever, NULL, 0);
    mach_port_t b = thread_start(count_for_ever, NULL, 0);

    thread_sleep(400);
    struct thread_basic_info of_a = basic_info(a), of_b = basic_info(b);
    CHECK(of_a.user_time64.nanoseconds > 60000000);
    CHECK(of_b.user_time64.nanoseconds > 60000000);
    CHECK(of_a.cpu_usage > 200 && of_b.cpu_usage > 200);
}

/* boot: cpus=1 */
TEST(0, a_better_priority_runs_first)
{
    mach_port_t thread = thread_start(count_for_ever, NULL, 0);

    CHECK_OK(thread_priority(thread, 40, FALSE));
    thread_sleep(20);
    uint64_t before = counter;
    for (volatile unsigned i = 0; i < 10000000; i++)
        ;
    CHECK_EQ(counter, before); /* this thread did not give the processor away */
    CHECK_RETURNS(thread_priority(thread, 64, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_priority(thread, 0, FALSE), KERN_INVALID_ARGUMENT);
}

TEST(0, a_thread_may_not_be_better_than_its_maximum)
{
    mach_port_t thread = thread_start(count_for_ever, NULL, 0), set, control;

    CHECK_OK(processor_set_default(test_host_port, &set));
    CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
    CHECK_OK(thread_max_priority(thread, control, 30));
    CHECK_EQ(basic_info(thread).base_priority, 30);
    CHECK_RETURNS(thread_priority(thread, 29, FALSE), KERN_FAILURE);
    CHECK_OK(thread_priority(thread, 35, FALSE));
}

TEST(0, thread_abort_ends_a_receive)
{
    mach_port_t port = port_make(FALSE);
    mach_port_t thread = thread_start(receive_for_ever, &port, 0);

    thread_sleep(30);
    CHECK_EQ(basic_info(thread).run_state, TH_STATE_WAITING);
    CHECK_EQ(counter, 0);
    CHECK_OK(thread_abort(thread));
    thread_sleep(30);
    CHECK_EQ(counter, 1);
}

static mach_msg_return_t sleep_result;

static void sleep_long(void *port)
{
    mach_msg_header_t message;

    sleep_result = mach_msg_trap(&message, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message,
                                 *(mach_port_t *)port, 10000, MACH_PORT_NULL);
    counter = 2;
    for (;;)
        thread_sleep(1000);
}

TEST(0, an_aborted_receive_tells_that_it_was_interrupted)
{
    mach_port_t port = port_make(FALSE);
    mach_port_t thread = thread_start(sleep_long, &port, 0);

    thread_sleep(30);
    CHECK_OK(thread_abort(thread));
    thread_sleep(30);
    CHECK_EQ(counter, 2);
    CHECK_EQ(sleep_result, MACH_RCV_INTERRUPTED);
}

/* boot: icount=1 */
TEST(177, a_receive_times_out_not_too_early)
{
    mach_port_t port = port_make(FALSE);
    mach_msg_header_t message;
    time_value64_t before, after;

    CHECK_OK(host_get_uptime64(test_host_port, &before));
    CHECK_RETURNS(mach_msg(&message, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 50,
                           MACH_PORT_NULL),
                  MACH_RCV_TIMED_OUT);
    CHECK_OK(host_get_uptime64(test_host_port, &after));
    int64_t waited = (after.seconds - before.seconds) * 1000000000 + after.nanoseconds -
                     before.nanoseconds;
    CHECK(waited >= 50000000);
    CHECK(waited < 150000000);
}

static void end_myself(void *unused)
{
    (void)unused;
    thread_terminate(thread_self());
    counter = 3; /* never */
}

TEST(0, a_thread_ends_itself)
{
    mach_port_t thread = thread_start(end_myself, NULL, 0);

    thread_sleep(30);
    CHECK_EQ(counter, 0);
    CHECK_EQ(port_type(thread), MACH_PORT_TYPE_DEAD_NAME);
}

TEST(0, a_terminated_thread_tells_by_a_dead_name)
{
    mach_port_t port = port_make(FALSE);
    mach_port_t thread = thread_start(receive_for_ever, &port, 0);
    mach_port_t watch = port_watch(thread, MACH_NOTIFY_DEAD_NAME, 0);
    mach_dead_name_notification_t message;

    thread_sleep(30);
    CHECK_OK(thread_terminate(thread));
    CHECK_OK(mach_msg(&message.not_header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message,
                      watch, 1000, MACH_PORT_NULL));
    CHECK_EQ(message.not_header.msgh_id, MACH_NOTIFY_DEAD_NAME);
}

TEST(0, many_threads_come_and_go_without_a_trace)
{
    struct vm_statistics before, after;
    thread_array_t threads;
    mach_msg_type_number_t count;

    for (unsigned round = 0; round < 2; round++) {
        memory_statistics(round == 0 ? &before : &after);
        for (unsigned i = 0; i < 300; i++) {
            mach_port_t thread;

            CHECK_OK(thread_create(mach_task_self(), &thread));
            CHECK_OK(thread_terminate(thread));
            CHECK_OK(mach_port_deallocate(mach_task_self(), thread));
        }
        thread_sleep(50);
    }
    memory_statistics(&after);
    CHECK(after.free_count + 100 > before.free_count);
    CHECK_OK(task_threads(mach_task_self(), &threads, &count));
    CHECK_EQ(count, 1);
}

TEST(0, threads_are_limited_and_refused_kindly)
{
    static mach_port_t threads[4096];
    kern_return_t result = KERN_SUCCESS;
    unsigned made = 0;

    while (made < 4096 && result == KERN_SUCCESS) {
        result = thread_create(mach_task_self(), &threads[made]);
        made += result == KERN_SUCCESS;
    }
    CHECK_EQ(result, KERN_RESOURCE_SHORTAGE);
    CHECK(made > 100);
    for (unsigned i = 0; i < made; i++)
        CHECK_OK(thread_terminate(threads[i]));
    thread_sleep(50);
    CHECK_OK(thread_create(mach_task_self(), &threads[0]));
}

TEST(0, depression_gives_way_and_ends)
{
    mach_port_t thread = thread_start(count_for_ever, NULL, 0);
    struct thread_sched_info info;
    mach_msg_type_number_t count = THREAD_SCHED_INFO_COUNT;

    CHECK_OK(thread_priority(thread, 40, FALSE));
    uint64_t before = counter;
    for (unsigned i = 0; i < 100 && counter == before; i++) /* its processor may not run just now */
        CHECK_OK(thread_switch(MACH_PORT_NULL, SWITCH_OPTION_DEPRESS, 50));
    CHECK(counter != before);
    CHECK_OK(thread_info(thread_self(), THREAD_SCHED_INFO, (thread_info_t)&info, &count));
    CHECK(!info.depressed);
    CHECK(info.cur_priority <= info.base_priority + 3); /* a little worse when it has run a while */
    before = counter;
    for (unsigned i = 0; i < 100 && counter == before; i++)
        CHECK_OK(thread_switch(MACH_PORT_NULL, SWITCH_OPTION_WAIT, 30));
    CHECK(counter != before);
    CHECK_RETURNS(thread_switch(MACH_PORT_NULL, 3, 0), KERN_INVALID_ARGUMENT);
}

TEST(0, special_ports_of_a_thread_are_kept)
{
    mach_port_t port = port_make(TRUE), got, thread;

    CHECK_OK(thread_create(mach_task_self(), &thread));
    CHECK_OK(thread_get_special_port(thread, THREAD_EXCEPTION_PORT, &got));
    CHECK_EQ(got, MACH_PORT_NULL);
    CHECK_OK(thread_set_special_port(thread, THREAD_EXCEPTION_PORT, port));
    CHECK_OK(thread_get_special_port(thread, THREAD_EXCEPTION_PORT, &got));
    CHECK_EQ(got, port);
    CHECK_OK(thread_get_special_port(thread, THREAD_KERNEL_PORT, &got));
    CHECK_EQ(got, thread);
    CHECK_RETURNS(thread_get_special_port(thread, 2, &got), KERN_INVALID_ARGUMENT);
    CHECK_OK(thread_terminate(thread));
    thread_sleep(20);
    mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, -2);
    CHECK_EQ(port_status(port).mps_srights, 0); /* the dead thread holds none */
}

TEST(0, thread_names_are_kept)
{
    kernel_debug_name_t name;

    CHECK_OK(thread_set_name(thread_self(), "a thread with a name"));
    CHECK_OK(thread_get_name(thread_self(), name));
    CHECK_EQ(strcmp(name, "a thread with a name"), 0);
}
