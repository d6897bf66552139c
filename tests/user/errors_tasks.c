/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of tasks and threads: one success of those that no other test makes, and every error that a
 * description names. Ports that are no task and no thread are in routine_forms.c.
 */
#include "audit.h"
#include "test.h"

#define SELF      mach_task_self()
#define COPY_SEND MACH_MSG_TYPE_COPY_SEND
#define FLAVOR_NONE 99

/* Work is done on these. */
static mach_port_t task, thread;

static void make_victims(void)
{
    CHECK_OK(task_create(SELF, FALSE, &task));
    CHECK_OK(thread_create(task, &thread));
    audit_begin();
}

TEST(0, information_of_unknown_flavors_is_refused)
{
    integer_t data[1024];
    mach_msg_type_number_t count = 1024;

    make_victims();
    memset(data, 0, sizeof data);
    audit_begin();
    REFUSED(task_info(task, FLAVOR_NONE, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_info(thread, FLAVOR_NONE, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_get_state(thread, FLAVOR_NONE, (natural_t *)data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_set_state(thread, FLAVOR_NONE, (natural_t *)data, 10), KERN_INVALID_ARGUMENT);
    count = 1;
    REFUSED(task_info(task, TASK_BASIC_INFO, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(task_info(task, TASK_EVENTS_INFO, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(task_info(task, TASK_THREAD_TIMES_INFO, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_info(thread, THREAD_BASIC_INFO, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_info(thread, THREAD_SCHED_INFO, data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_get_state(thread, i386_THREAD_STATE, (natural_t *)data, &count),
            KERN_INVALID_ARGUMENT);
    REFUSED(thread_set_state(thread, i386_THREAD_STATE, (natural_t *)data, 1), KERN_INVALID_ARGUMENT);
}

TEST(0, a_thread_does_not_look_at_or_abort_itself)
{
    natural_t state[i386_THREAD_STATE_COUNT];
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    mach_port_t self = mach_thread_self();

    memset(state, 0, sizeof state);
    audit_begin();
    REFUSED(thread_get_state(self, i386_THREAD_STATE, state, &count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_set_state(self, i386_THREAD_STATE, state, count), KERN_INVALID_ARGUMENT);
    REFUSED(thread_abort(self), KERN_INVALID_ARGUMENT);
}

TEST(0, special_ports_of_unknown_kinds_are_refused)
{
    mach_port_t port, own = port_make(TRUE), ports[TASK_PORT_REGISTER_MAX + 1];

    make_victims();
    REFUSED(task_get_special_port(task, FLAVOR_NONE, &port), KERN_INVALID_ARGUMENT);
    REFUSED(task_set_special_port(task, FLAVOR_NONE, own), KERN_INVALID_ARGUMENT);
    REFUSED(thread_get_special_port(thread, FLAVOR_NONE, &port), KERN_INVALID_ARGUMENT);
    REFUSED(thread_set_special_port(thread, FLAVOR_NONE, own), KERN_INVALID_ARGUMENT);
    for (unsigned i = 0; i <= TASK_PORT_REGISTER_MAX; i++)
        ports[i] = own;
    REFUSED(mach_ports_register(task, ports, TASK_PORT_REGISTER_MAX + 1), KERN_INVALID_ARGUMENT);
    CHECK_OK(task_set_special_port(task, TASK_BOOTSTRAP_PORT, own));
    CHECK_OK(task_get_special_port(task, TASK_BOOTSTRAP_PORT, &port));
    CHECK_EQ(port, own);
    CHECK_EQ(port_refs(own, MACH_PORT_RIGHT_SEND), 2);
}

TEST(0, what_does_not_rest_is_not_resumed)
{
    mach_port_t other;

    make_victims();
    REFUSED(task_resume(task), KERN_FAILURE);
    CHECK_OK(task_suspend(task));
    CHECK_OK(thread_resume(thread));
    audit_begin();
    REFUSED(thread_resume(thread), KERN_FAILURE);
    CHECK_OK(thread_terminate(thread));
    CHECK_OK(thread_create(task, &other));
    CHECK_OK(thread_suspend(other));
    CHECK_OK(thread_resume(other));
    CHECK_OK(thread_resume(other));
    audit_begin();
    REFUSED(thread_resume(other), KERN_FAILURE);
    CHECK_OK(task_terminate(task));
}

TEST(0, priorities_have_bounds)
{
    mach_port_t set, control;
    struct thread_sched_info info;
    mach_msg_type_number_t count = THREAD_SCHED_INFO_COUNT;

    CHECK_OK(processor_set_default(test_host_port, &set));
    CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
    make_victims();
    REFUSED(thread_priority(thread, -1, FALSE), KERN_INVALID_ARGUMENT);
    REFUSED(thread_priority(thread, 1000, FALSE), KERN_INVALID_ARGUMENT);
    REFUSED(thread_max_priority(thread, control, -1), KERN_INVALID_ARGUMENT);
    REFUSED(thread_max_priority(thread, control, 1000), KERN_INVALID_ARGUMENT);
    REFUSED(task_priority(task, -1, TRUE), KERN_INVALID_ARGUMENT);
    REFUSED(task_priority(task, 1000, TRUE), KERN_INVALID_ARGUMENT);
    REFUSED(thread_policy(thread, FLAVOR_NONE, 0), KERN_INVALID_ARGUMENT);
    CHECK_OK(thread_priority(thread, 40, TRUE));
    audit_begin();
    REFUSED(thread_priority(thread, 39, FALSE), KERN_FAILURE);
    REFUSED(task_priority(task, 39, TRUE), KERN_FAILURE);
    CHECK_OK(thread_max_priority(thread, control, 20));
    CHECK_OK(task_priority(task, 30, TRUE));
    CHECK_OK(thread_policy(thread, POLICY_TIMESHARE, 0));
    CHECK_OK(thread_info(thread, THREAD_SCHED_INFO, (thread_info_t)&info, &count));
    CHECK_EQ(info.base_priority, 30);
    CHECK_EQ(info.max_priority, 20);
    CHECK_EQ(info.policy, POLICY_TIMESHARE);
    CHECK_OK(thread_depress_abort(thread));
}

/* A thread can be asked for after its end by who has its port still: the name is dead. */
TEST(0, calls_to_what_has_ended_find_nobody)
{
    mach_port_t child;
    natural_t state[4];
    mach_msg_type_number_t count = 4;

    make_victims();
    CHECK_OK(task_terminate(task));
    CHECK_EQ(port_type(task) & MACH_PORT_TYPE_DEAD_NAME, MACH_PORT_TYPE_DEAD_NAME);
    (void)task_suspend(task); /* the stub's reply port is made anew once */
    (void)task_suspend(task);
    audit_begin();
    REFUSED(task_suspend(task), MACH_SEND_INVALID_DEST);
    REFUSED(task_terminate(task), MACH_SEND_INVALID_DEST);
    REFUSED(task_create(task, FALSE, &child), MACH_SEND_INVALID_DEST);
    REFUSED(thread_create(task, &child), MACH_SEND_INVALID_DEST);
    REFUSED(thread_terminate(thread), MACH_SEND_INVALID_DEST);
    REFUSED(thread_get_state(thread, i386_THREAD_STATE, state, &count), MACH_SEND_INVALID_DEST);
}

TEST(0, names_of_tasks_and_threads_are_kept)
{
    kernel_debug_name_t name = "a name", found;

    make_victims();
    CHECK_OK(task_set_name(task, name));
    CHECK_OK(thread_set_name(thread, name));
    CHECK_OK(thread_get_name(thread, found));
    CHECK(strcmp(found, name) == 0);
    CHECK_OK(task_set_essential(task, TRUE));
    CHECK_OK(task_set_essential(task, FALSE));
}

static vm_address_t stack;

/* The last thing that a thread of a library does: it gives up its stack, its name and itself. */
static uint64_t leave(void *argument)
{
    mach_port_t self = mach_thread_self();

    (void)argument;
    thread_terminate_release(self, SELF, self, MACH_PORT_NULL, stack, PAGE_SIZE);
    return 1;
}

TEST(0, a_thread_takes_its_stack_along)
{
    struct client client;
    vm_size_t size;
    vm_prot_t protection, max;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;
    vm_address_t at;

    CHECK_OK(vm_allocate(SELF, &stack, PAGE_SIZE, TRUE));
    at = stack;
    client_call(&client, leave, NULL);
    for (unsigned tries = 0; tries < 500; tries++) {
        at = stack;
        CHECK_OK(vm_region(SELF, &at, &size, &protection, &max, &inherit, &shared, &name, &offset));
        if (at > stack)
            break;
        thread_sleep(10);
    }
    CHECK(at > stack);
}
