/* SPDX-License-Identifier: BSD-2-Clause */
/* The one processor set, and how its threads may be scheduled. */
#include <mach/host_info.h>
#include <mach/policy.h>
#include <mach/processor_info.h>
#include <mach/thread_info.h>
#include <mach/thread_switch.h>

#include "test.h"

#define SELF mach_task_self()
#define BEST 6 /* of users' threads */

static mach_port_t set_control(void)
{
    mach_port_t set, control;

    CHECK_OK(processor_set_default(test_host_port, &set));
    CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
    return control;
}

static struct processor_set_sched_info set_info(mach_port_t set)
{
    struct processor_set_sched_info info;
    mach_msg_type_number_t count = PROCESSOR_SET_SCHED_INFO_COUNT;
    mach_port_t host;

    CHECK_OK(processor_set_info(set, PROCESSOR_SET_SCHED_INFO, &host, (processor_set_info_t)&info,
                                &count));
    CHECK_EQ(count, PROCESSOR_SET_SCHED_INFO_COUNT);
    return info;
}

static struct thread_sched_info thread_sched(mach_port_t thread)
{
    struct thread_sched_info info;
    mach_msg_type_number_t count = THREAD_SCHED_INFO_COUNT;

    CHECK_OK(thread_info(thread, THREAD_SCHED_INFO, (thread_info_t)&info, &count));
    return info;
}

static mach_port_t new_thread(void)
{
    mach_port_t thread;

    CHECK_OK(thread_create(SELF, &thread));
    return thread;
}

TEST(0, there_is_no_second_set)
{
    mach_port_t control = set_control(), set, name, thread = new_thread(), *processors;
    mach_msg_type_number_t count;

    CHECK_RETURNS(processor_set_create(test_host_port, &set, &name), KERN_FAILURE);
    CHECK_RETURNS(processor_set_destroy(control), KERN_FAILURE);
    CHECK_OK(host_processors(test_host_port, &processors, &count));
    CHECK_RETURNS(processor_assign(processors[0], control, FALSE), KERN_FAILURE);
    CHECK_RETURNS(processor_assign(processors[0], SELF, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_assign(SELF, control, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_assign(thread, control), KERN_FAILURE);
    CHECK_RETURNS(thread_assign_default(thread), KERN_FAILURE);
    CHECK_RETURNS(task_assign(SELF, control, TRUE), KERN_FAILURE);
    CHECK_RETURNS(task_assign_default(SELF, FALSE), KERN_FAILURE);
    CHECK_RETURNS(processor_set_create(SELF, &set, &name), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_set_destroy(SELF), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_assign(SELF, control), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_assign(thread, thread), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_assign(thread, control, TRUE), KERN_INVALID_ARGUMENT);
}

TEST(0, the_sets_best_priority_holds_for_new_threads)
{
    mach_port_t control = set_control(), before = new_thread(), after;

    CHECK_EQ(set_info(control).max_priority, BEST);
    CHECK_OK(processor_set_max_priority(control, 30, FALSE));
    CHECK_EQ(set_info(control).max_priority, 30);
    after = new_thread();
    CHECK_EQ(thread_sched(before).max_priority, BEST);
    CHECK_EQ(thread_sched(after).max_priority, 30);
    CHECK_EQ(thread_sched(after).base_priority, 30);
    CHECK_RETURNS(thread_priority(after, 29, FALSE), KERN_FAILURE);
    CHECK_OK(thread_priority(before, 10, FALSE));
    CHECK_OK(processor_set_max_priority(control, 20, TRUE));
    CHECK_EQ(thread_sched(before).max_priority, 20);
    CHECK_EQ(thread_sched(before).base_priority, 20);
    CHECK_EQ(thread_sched(after).max_priority, 30); /* limits are not lifted so */
    CHECK_OK(thread_max_priority(after, control, BEST));
    CHECK_OK(thread_priority(after, BEST, FALSE));
    CHECK_RETURNS(processor_set_max_priority(control, 64, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_set_max_priority(control, -1, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_set_max_priority(SELF, 30, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_EQ(set_info(control).max_priority, 20);
}

TEST(0, a_policy_can_be_forbidden)
{
    mach_port_t control = set_control(), a = new_thread(), b = new_thread();

    CHECK_EQ(set_info(control).policies, POLICY_TIMESHARE | POLICY_FIXEDPRI);
    CHECK_OK(thread_policy(a, POLICY_FIXEDPRI, 20));
    CHECK_OK(processor_set_policy_disable(control, POLICY_FIXEDPRI, FALSE));
    CHECK_EQ(set_info(control).policies, POLICY_TIMESHARE);
    CHECK_RETURNS(thread_policy(b, POLICY_FIXEDPRI, 20), KERN_FAILURE);
    CHECK_EQ(thread_sched(b).policy, POLICY_TIMESHARE);
    CHECK_OK(thread_policy(a, POLICY_FIXEDPRI, 40)); /* who has it keeps it */
    CHECK_OK(processor_set_policy_disable(control, POLICY_FIXEDPRI, TRUE));
    CHECK_EQ(thread_sched(a).policy, POLICY_TIMESHARE);
    CHECK_OK(processor_set_policy_enable(control, POLICY_FIXEDPRI));
    CHECK_OK(thread_policy(b, POLICY_FIXEDPRI, 20));
    CHECK_OK(processor_set_policy_enable(control, POLICY_TIMESHARE));
    CHECK_RETURNS(processor_set_policy_enable(control, 4), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_set_policy_disable(control, 4, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_set_policy_disable(control, POLICY_TIMESHARE, FALSE),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_set_policy_enable(SELF, POLICY_FIXEDPRI), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_set_policy_disable(SELF, POLICY_FIXEDPRI, FALSE), KERN_INVALID_ARGUMENT);
}

TEST(0, fixed_priority_threads_have_slices_of_their_own)
{
    mach_port_t thread = new_thread();

    CHECK_EQ(thread_sched(thread).policy, POLICY_TIMESHARE);
    CHECK_EQ(thread_sched(thread).data, 0);
    CHECK_OK(thread_policy(thread, POLICY_FIXEDPRI, 50));
    CHECK_EQ(thread_sched(thread).policy, POLICY_FIXEDPRI);
    CHECK_EQ(thread_sched(thread).data, 50);
    CHECK_OK(thread_policy(thread, POLICY_FIXEDPRI, 11)); /* whole ticks */
    CHECK_EQ(thread_sched(thread).data, 20);
    CHECK_OK(thread_policy(thread, POLICY_FIXEDPRI, -5));
    CHECK_EQ(thread_sched(thread).data, 10);
    CHECK_OK(thread_policy(thread, POLICY_TIMESHARE, 50));
    CHECK_EQ(thread_sched(thread).data, 0);
    CHECK_RETURNS(thread_policy(thread, 3, 50), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_policy(SELF, POLICY_TIMESHARE, 0), KERN_INVALID_ARGUMENT);
}

static volatile boolean_t stop;

static void depress_itself(void *unused)
{
    (void)unused;
    thread_switch(MACH_PORT_NULL, SWITCH_OPTION_DEPRESS, 1000000);
    while (!stop)
        ;
}

/* With a processor to spare a depression ends at once: nobody is to be let by. So this thread never sleeps. */
/* boot: cpus=1 */
TEST(0, a_depression_can_be_ended)
{
    mach_port_t thread = thread_start(depress_itself, NULL, 0);
    int base = thread_sched(mach_thread_self()).base_priority;

    while (!thread_sched(thread).depressed)
        swtch();
    CHECK(thread_sched(thread).cur_priority > base);
    CHECK_EQ(thread_sched(thread).depress_priority, base);
    CHECK_OK(thread_priority(thread, base + 1, FALSE)); /* at its end */
    CHECK(thread_sched(thread).cur_priority > base + 1);
    CHECK_OK(thread_depress_abort(thread));
    CHECK(!thread_sched(thread).depressed);
    CHECK_EQ(thread_sched(thread).base_priority, base + 1);
    CHECK_OK(thread_depress_abort(thread)); /* nothing to end */
    CHECK_RETURNS(thread_depress_abort(SELF), KERN_INVALID_ARGUMENT);
    stop = TRUE;
}

TEST(0, priorities_of_a_task_are_those_of_its_new_threads)
{
    mach_port_t before = new_thread(), after;

    CHECK_OK(task_priority(SELF, 33, FALSE));
    after = new_thread();
    CHECK_EQ(thread_sched(after).base_priority, 33);
    CHECK(thread_sched(before).base_priority != 33);
    CHECK_OK(task_priority(SELF, 34, TRUE));
    CHECK_EQ(thread_sched(before).base_priority, 34);
    CHECK_EQ(thread_sched(after).base_priority, 34);
    CHECK_OK(thread_priority(after, 35, TRUE)); /* its best from now on */
    CHECK_RETURNS(task_priority(SELF, 34, TRUE), KERN_FAILURE);
    CHECK_EQ(thread_sched(after).base_priority, 35);
    CHECK_RETURNS(task_priority(SELF, -1, TRUE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_priority(SELF, 64, TRUE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_priority(after, 34, TRUE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_max_priority(after, SELF, 20), KERN_INVALID_ARGUMENT);
}

TEST(0, what_does_not_fit_is_not_told)
{
    integer_t room[64];
    mach_msg_type_number_t count;
    mach_port_t host, set = set_control();
    int flavors[] = {HOST_BASIC_INFO, HOST_SCHED_INFO, HOST_LOAD_INFO};

    for (unsigned i = 0; i < 3; i++) {
        count = 1;
        CHECK_RETURNS(host_info(mach_host_self(), flavors[i], room, &count), KERN_FAILURE);
        count = 64;
        CHECK_OK(host_info(mach_host_self(), flavors[i], room, &count));
    }
    count = 0;
    CHECK_RETURNS(host_info(mach_host_self(), HOST_PROCESSOR_SLOTS, room, &count),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(host_info(mach_host_self(), 99, room, &count), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(host_info(SELF, HOST_BASIC_INFO, room, &count), KERN_INVALID_ARGUMENT);
    count = 1;
    CHECK_RETURNS(processor_set_info(set, PROCESSOR_SET_BASIC_INFO, &host, room, &count),
                  KERN_FAILURE);
    CHECK_RETURNS(processor_set_info(set, PROCESSOR_SET_SCHED_INFO, &host, room, &count),
                  KERN_FAILURE);
    CHECK_RETURNS(processor_set_info(set, 99, &host, room, &count), KERN_INVALID_ARGUMENT);
}
