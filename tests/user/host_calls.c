/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits, names, time, and writing back: calls of GNU Mach's own. */
#include "test.h"

#define SELF mach_task_self()
#define MIB  (1ul << 20)

static vm_size_t mapped_bytes(void)
{
    struct task_basic_info info;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

    CHECK_OK(task_info(SELF, TASK_BASIC_INFO, (task_info_t)&info, &count));
    return info.virtual_size;
}

TEST(0, what_a_task_maps_can_be_limited)
{
    vm_size_t limit = mapped_bytes() + 8 * MIB, current, max;
    vm_address_t address = 0;
    mach_port_t child;

    CHECK_OK(vm_set_size_limit(mach_host_self(), SELF, limit, limit + 8 * MIB));
    CHECK_OK(vm_get_size_limit(SELF, &current, &max));
    CHECK_EQ(current, limit);
    CHECK_EQ(max, limit + 8 * MIB);
    CHECK_RETURNS(vm_allocate(SELF, &address, 16 * MIB, TRUE), KERN_NO_SPACE);
    CHECK_OK(vm_allocate(SELF, &address, 4 * MIB, TRUE));
    CHECK_OK(task_create(SELF, TRUE, &child));
    CHECK_OK(vm_get_size_limit(child, &current, &max));
    CHECK_EQ(current, limit); /* passed on */
    CHECK_EQ(max, limit + 8 * MIB);
    CHECK_OK(vm_set_size_limit(mach_host_self(), SELF, max, max)); /* up to the maximum */
    CHECK_RETURNS(vm_set_size_limit(mach_host_self(), SELF, limit, max + 1), KERN_NO_ACCESS);
    CHECK_RETURNS(vm_set_size_limit(test_host_port, SELF, max + 1, max), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_set_size_limit(SELF, SELF, limit, limit), KERN_INVALID_HOST);
    CHECK_RETURNS(vm_set_size_limit(MACH_PORT_NULL, SELF, limit, limit), MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(vm_set_size_limit(test_host_port, mach_host_self(), limit, limit),
                  KERN_INVALID_TASK);
    CHECK_RETURNS(vm_get_size_limit(mach_host_self(), &current, &max), KERN_INVALID_TASK);
    CHECK_OK(vm_get_size_limit(SELF, &current, &max));
    CHECK_EQ(current, limit + 8 * MIB); /* as it was */
    CHECK_OK(vm_set_size_limit(test_host_port, SELF, 1ul << 40, 1ul << 40));
    CHECK_OK(vm_allocate(SELF, &address, 16 * MIB, TRUE));
}

/* The name port of what an address shows. */
static mach_port_t object_name(vm_address_t address)
{
    vm_size_t size;
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;

    CHECK_OK(vm_region(SELF, &address, &size, &protection, &max_protection, &inheritance, &shared,
                       &name, &offset));
    CHECK(MACH_PORT_VALID(name));
    return name;
}

TEST(0, an_object_is_written_back_by_its_name)
{
    static struct manager manager;
    static struct client client;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    mach_port_t name = object_name(address);

    client_write(&client, address, 42);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 1);
    client_finish(&client);
    CHECK_OK(vm_object_sync(name, 100, 8, FALSE, TRUE, TRUE)); /* the page that has those bytes */
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, 0);
    CHECK_EQ(message.data_bytes, PAGE_SIZE);
    CHECK(message.dirty && message.kernel_copy);
    CHECK_EQ(*(uint64_t *)message.data, 42);
    message_release_data(&message);
    *(volatile uint64_t *)address = 43;
    CHECK_OK(vm_object_sync(name, 0, PAGE_SIZE, TRUE, FALSE, TRUE)); /* a name may not destroy */
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK(!message.kernel_copy); /* flushed */
    message_release_data(&message);
    CHECK_OK(vm_object_sync(name, 0, 1ul << 62, FALSE, TRUE, FALSE));
    EXPECT_SILENCE(manager.object, 20); /* nothing is there */
    CHECK_RETURNS(vm_object_sync(name, PAGE_SIZE, ~(vm_size_t)0, FALSE, TRUE, TRUE),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_object_sync(manager.control, 0, PAGE_SIZE, FALSE, TRUE, TRUE),
                  KERN_INVALID_ARGUMENT);
}

TEST(0, threads_without_a_name_go_by_their_tasks)
{
    mach_port_t thread;
    kernel_debug_name_t name;

    CHECK_OK(task_set_name(SELF, "a task with a name"));
    CHECK_OK(thread_create(SELF, &thread));
    CHECK_OK(thread_get_name(thread, name));
    CHECK_EQ(strcmp(name, "a task with a name"), 0);
    CHECK_OK(thread_set_name(thread, "a thread"));
    while (strcmp(name, "a thread") != 0) /* one-way: it may take its time */
        CHECK_OK(thread_get_name(thread, name));
    CHECK_RETURNS(thread_get_name(SELF, name), KERN_INVALID_ARGUMENT);
}

static int64_t milliseconds(time_value64_t time)
{
    return time.seconds * 1000 + time.nanoseconds / 1000000;
}

TEST(0, the_time_of_day_can_be_set_and_adjusted)
{
    time_value64_t now, then = {.seconds = 1000000000, .nanoseconds = 500000000}, old;
    time_value64_t wrong[] = {{.seconds = 1, .nanoseconds = 1000000001}, {.seconds = -5},
                              {.seconds = INT64_MAX}};
    time_value_t time = {.seconds = 2000000000, .microseconds = 250000}, adjustment;

    CHECK_OK(host_set_time64(test_host_port, then));
    CHECK_OK(host_get_time64(mach_host_self(), &now));
    CHECK(milliseconds(now) >= milliseconds(then));
    CHECK(now.seconds < then.seconds + 3600);
    CHECK_OK(host_set_time(test_host_port, time));
    CHECK_OK(host_get_time64(mach_host_self(), &now));
    CHECK(now.seconds >= 2000000000 && now.seconds < 2000003600);
    for (unsigned i = 0; i < 3; i++)
        CHECK_RETURNS(host_set_time64(test_host_port, wrong[i]), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(host_set_time64(mach_host_self(), then), KERN_INVALID_HOST);
    CHECK_RETURNS(host_set_time(mach_host_self(), time), KERN_INVALID_HOST);

    then = (time_value64_t){.seconds = 100};
    CHECK_OK(host_adjust_time64(test_host_port, then, &old));
    CHECK_EQ(milliseconds(old), 0);
    then.seconds = -100;
    CHECK_OK(host_adjust_time64(test_host_port, then, &old));
    CHECK(milliseconds(old) <= 100000 && milliseconds(old) > 90000); /* what was left of it */
    time = (time_value_t){0, 0};
    CHECK_OK(host_adjust_time(test_host_port, time, &adjustment));
    CHECK(adjustment.seconds <= -90 && adjustment.seconds >= -100);
    CHECK_RETURNS(host_adjust_time64(mach_host_self(), then, &old), KERN_INVALID_HOST);
    CHECK_RETURNS(host_adjust_time(mach_host_self(), time, &adjustment), KERN_INVALID_HOST);
}
