/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of attributes and their completions; copies of objects whose manager says COPY_DELAY (checklist
 * 122 to 125); the counters of vm_statistics (211). What an object is made ready with stands in
 * lifecycle.c.
 */
#include "test.h"

#define SEED 113
#define PAGES 16 /* copied by reference, not by hand */

static void make_resident(struct manager *manager, vm_address_t address, vm_offset_t offset)
{
    struct client client;

    client_read(&client, address + offset);
    EXPECT_REQUEST(manager, offset, PAGE_SIZE);
    manager_supply_plain(manager, offset, PAGE_SIZE, SEED);
    client_finish(&client);
}

TEST(122, a_completion_of_the_classic_form_tells_caching_and_strategy)
{
    struct manager manager;
    struct kernel_message message;
    mach_port_t reply = port_make(FALSE);

    manager_start(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_change_attributes_poly(manager.control, TRUE, MEMORY_OBJECT_COPY_DELAY,
                                                  reply, MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, ID_CHANGE_COMPLETED, &message);
    CHECK_EQ(message.may_cache, TRUE);
    CHECK_EQ(message.copy_strategy, MEMORY_OBJECT_COPY_DELAY);
    CHECK_EQ(message.local_type, MACH_MSG_TYPE_PORT_SEND_ONCE);
    EXPECT_SILENCE(reply, 20);
}

TEST(122, a_completion_by_flavor_tells_flavor_and_control)
{
    static const memory_object_flavor_t flavors[] = {OLD_MEMORY_OBJECT_BEHAVIOR_INFO,
                                                     OLD_MEMORY_OBJECT_ATTRIBUTE_INFO,
                                                     MEMORY_OBJECT_BEHAVIOR_INFO};
    static const mach_msg_type_number_t counts[] = {OLD_MEMORY_OBJECT_BEHAVE_INFO_COUNT,
                                                    OLD_MEMORY_OBJECT_ATTR_INFO_COUNT,
                                                    MEMORY_OBJECT_BEHAVE_INFO_COUNT};
    struct manager manager;
    struct kernel_message message;
    memory_object_info_data_t info = {0};

    manager_start(&manager, 0, PAGE_SIZE);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(memory_object_change_attributes_flavor_poly(manager.control, flavors[i], info,
                                                             counts[i], manager.object,
                                                             MACH_MSG_TYPE_MAKE_SEND));
        EXPECT_MESSAGE(manager.object, ID_CHANGE_COMPLETED_FLAVOR, &message);
        CHECK_EQ(message.flavor, flavors[i]);
        CHECK_EQ(message.control, manager.control);
    }
}

TEST(122, a_completion_after_the_end_names_no_control_port)
{
    struct memory_object_perf_info info = {.cluster_size = PAGE_SIZE, .may_cache = FALSE};
    struct manager manager;
    struct kernel_message message;

    manager_create(&manager);
    vm_address_t address = manager_map(&manager, 0, PAGE_SIZE);
    manager_accept(&manager, TRUE, MEMORY_OBJECT_COPY_DELAY);
    make_resident(&manager, address, 0);
    CHECK_OK(vm_deallocate(mach_task_self(), address, PAGE_SIZE));
    CHECK_OK(memory_object_change_attributes_flavor(manager.control, MEMORY_OBJECT_PERFORMANCE_INFO,
                                                    (memory_object_info_t)&info,
                                                    MEMORY_OBJECT_PERF_INFO_COUNT, manager.object));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    EXPECT_MESSAGE(manager.object, ID_CHANGE_COMPLETED_FLAVOR, &message);
    CHECK_EQ(message.control, MACH_PORT_NULL);
    CHECK_EQ(message.flavor, MEMORY_OBJECT_PERFORMANCE_INFO);
}

TEST(123, a_second_different_strategy_is_ignored_and_the_rest_is_not)
{
    struct manager manager;
    struct kernel_message message;
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    manager_start(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_change_attributes(manager.control, TRUE, MEMORY_OBJECT_COPY_NONE,
                                             manager.object));
    EXPECT_MESSAGE(manager.object, ID_CHANGE_COMPLETED, &message);
    CHECK_OK(memory_object_get_attributes(manager.control, &ready, &may_cache, &strategy));
    CHECK_EQ(may_cache, TRUE);
    CHECK_EQ(strategy, MEMORY_OBJECT_COPY_DELAY);
}

/* A private copy of a page of a COPY_DELAY object that is resident. */
static vm_address_t private_copy(struct manager *manager, vm_address_t *original)
{
    vm_address_t copy = 0;

    *original = manager_start(manager, 0, PAGE_SIZE);
    make_resident(manager, *original, 0);
    CHECK_OK(vm_allocate(mach_task_self(), &copy, PAGE_SIZE, TRUE));
    CHECK_OK(vm_copy(mach_task_self(), *original, PAGE_SIZE, copy));
    return copy;
}

TEST(124, a_private_copy_keeps_what_the_original_held)
{
    struct manager manager;
    vm_address_t original, copy = private_copy(&manager, &original);

    *(volatile uint64_t *)original = 124;
    pattern_check(copy, PAGE_SIZE, SEED, 0);
    CHECK_EQ(*(volatile uint64_t *)original, 124);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(125, a_write_to_a_private_copy_is_seen_by_nobody_else)
{
    struct manager manager;
    vm_address_t original, copy = private_copy(&manager, &original);

    *(volatile uint64_t *)copy = 125;
    pattern_check(original, PAGE_SIZE, SEED, 0);
    CHECK_OK(vm_deallocate(mach_task_self(), copy, PAGE_SIZE));
    pattern_check(original, PAGE_SIZE, SEED, 0);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(211, the_counters_move_by_one_for_one_of_each)
{
    struct manager manager;
    struct vm_statistics before, after;
    struct client client;
    vm_address_t mapped = manager_start(&manager, 0, PAGE_SIZE), page = 0, copy = 0;
    mach_msg_type_number_t bytes = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &page, PAGES * PAGE_SIZE, TRUE));
    memory_statistics(&before);
    *(volatile uint64_t *)page = 1;
    memory_statistics(&after);
    CHECK_EQ(after.zero_fill_count, before.zero_fill_count + 1);
    CHECK_EQ(after.faults, before.faults + 1);

    CHECK_OK(vm_read(mach_task_self(), page, PAGES * PAGE_SIZE, &copy, &bytes));
    memory_statistics(&before);
    *(volatile uint64_t *)copy = 2;
    memory_statistics(&after);
    CHECK_EQ(after.cow_faults, before.cow_faults + 1);
    CHECK_EQ(after.zero_fill_count, before.zero_fill_count);

    memory_statistics(&before);
    client_write(&client, mapped, 3);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    client_finish(&client);
    memory_statistics(&after);
    CHECK_EQ(after.pageins, before.pageins + 1);
    CHECK_OK(vm_deallocate(mach_task_self(), mapped, PAGE_SIZE));
    memory_statistics(&after);
    CHECK_EQ(after.pageouts, before.pageouts + 1);
}
