/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of objects whose manager says COPY_CALL: it is told, and makes the copy itself (checklist 127 to 129).
 */
#include <mach/porthole_memory_types.h>

#include "census.h"
#include "test.h"

#define SELF mach_task_self()
#define PAGES 4
#define BYTES ((vm_size_t)PAGES * PAGE_SIZE)
#define SEED 1
#define BACKLOG 64 /* messages a manager may have not received */

static vm_address_t start(struct manager *manager)
{
    manager_create(manager);
    vm_address_t address = manager_map(manager, 0, BYTES);

    manager_accept(manager, FALSE, MEMORY_OBJECT_COPY_CALL);
    manager_fill(manager, address, 0, 2 * PAGE_SIZE, SEED, FALSE);
    return address;
}

static vm_address_t copy_of(vm_address_t address, vm_size_t size)
{
    mach_msg_type_number_t count;
    vm_offset_t data;

    CHECK_OK(vm_read(SELF, address, size, &data, &count));
    return data;
}

/* What the manager is told of a copy; the new object, before its init. */
static void expect_copy(struct manager *manager, struct manager *copy, vm_offset_t offset,
                        vm_size_t length)
{
    struct kernel_message message;

    EXPECT_MESSAGE(manager->object, ID_COPY, &message);
    CHECK_EQ(message.control, manager->control);
    CHECK_EQ(message.offset, offset);
    CHECK_EQ(message.length, length);
    CHECK_EQ(port_type(message.new_object), MACH_PORT_TYPE_RECEIVE);
    memset(copy, 0, sizeof *copy);
    copy->object = message.new_object;
}

static void unlock(struct manager *manager, vm_offset_t offset)
{
    CHECK_OK(memory_object_lock_request(manager->control, offset, PAGE_SIZE,
                                        MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE,
                                        MACH_PORT_NULL));
}

TEST(127, a_copy_gives_the_manager_a_new_object_and_then_its_init)
{
    struct manager manager, copy;
    vm_address_t original = start(&manager), data = copy_of(original + PAGE_SIZE, 2 * PAGE_SIZE);
    memory_object_copy_strategy_t strategy;
    struct kernel_message message;
    boolean_t ready, may_cache;

    CHECK_OK(memory_object_get_attributes(manager.control, &ready, &may_cache, &strategy));
    CHECK_EQ(strategy, MEMORY_OBJECT_COPY_CALL);
    expect_copy(&manager, &copy, PAGE_SIZE, 2 * PAGE_SIZE);
    manager_accept(&copy, FALSE, MEMORY_OBJECT_COPY_DELAY);
    CHECK(copy.control != manager.control);
    manager_fill(&copy, data, 0, PAGE_SIZE, 2, FALSE); /* the manager's word counts, not what is resident */
    pattern_check(data, PAGE_SIZE, 2, 0);
    pattern_check(original + PAGE_SIZE, PAGE_SIZE, SEED, PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, data, 2 * PAGE_SIZE));
    EXPECT_MESSAGE(copy.object, ID_TERMINATE, &message);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(128, a_page_that_the_new_object_lacks_is_what_the_old_one_held)
{
    struct manager manager, copy;
    vm_address_t original = start(&manager), data = copy_of(original, BYTES);
    struct kernel_message message;
    struct client client, writer;

    expect_copy(&manager, &copy, 0, BYTES);
    client_write(&writer, original, 128); /* what is resident is locked until the manager says otherwise */
    EXPECT_MESSAGE(manager.object, ID_DATA_UNLOCK, &message);
    CHECK_EQ(message.offset, 0);
    client_expect_blocked(&writer, 20);
    manager_accept(&copy, FALSE, MEMORY_OBJECT_COPY_DELAY);
    client_read(&client, data);
    EXPECT_REQUEST(&copy, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(copy.control, 0, PAGE_SIZE));
    client_finish(&client);
    pattern_check(data, PAGE_SIZE, SEED, 0);
    /* A write to the copy stays with who made it. */
    client_write(&client, data + PAGE_SIZE, 7);
    EXPECT_REQUEST(&copy, PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(copy.control, PAGE_SIZE, PAGE_SIZE));
    client_finish(&client);
    CHECK_EQ(*(volatile uint64_t *)(data + PAGE_SIZE), 7);
    pattern_check(original + PAGE_SIZE, PAGE_SIZE, SEED, PAGE_SIZE);
    /* What is absent in both is asked for in both. */
    client_read(&client, data + 2 * PAGE_SIZE);
    EXPECT_REQUEST(&copy, 2 * PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(copy.control, 2 * PAGE_SIZE, PAGE_SIZE));
    EXPECT_REQUEST(&manager, 2 * PAGE_SIZE, PAGE_SIZE);
    manager_supply_plain(&manager, 2 * PAGE_SIZE, PAGE_SIZE, SEED);
    client_finish(&client);
    unlock(&manager, 0);
    client_finish(&writer);
    CHECK_OK(vm_deallocate(SELF, data, BYTES));
    EXPECT_MESSAGE(copy.object, ID_TERMINATE, &message);
    CHECK_EQ(*(volatile uint64_t *)original, 128);
}

TEST(129, a_new_object_that_its_manager_closes_at_once_fails_and_hangs_nobody)
{
    struct manager manager, copy;
    vm_address_t original = start(&manager), data = copy_of(original, BYTES);
    struct client early, late;

    client_read(&early, data); /* waits until the object is ready */
    client_expect_blocked(&early, 20);
    expect_copy(&manager, &copy, 0, BYTES);
    CHECK_OK(mach_port_mod_refs(SELF, copy.object, MACH_PORT_RIGHT_RECEIVE, -1));
    client_expect_bad_access(&early, KERN_MEMORY_FAILURE, data);
    client_end(&early);
    client_read(&late, data + 3 * PAGE_SIZE);
    client_expect_bad_access(&late, KERN_MEMORY_FAILURE, data + 3 * PAGE_SIZE);
    client_end(&late);
    pattern_check(original, 2 * PAGE_SIZE, SEED, 0);
    CHECK_OK(vm_deallocate(SELF, data, BYTES));
}

TEST(129, a_manager_that_dies_with_both_objects_leaves_copies_that_fail)
{
    struct manager manager;
    vm_address_t original = start(&manager), data = copy_of(original, BYTES), again;
    struct client client;

    CHECK_OK(mach_port_mod_refs(SELF, manager.object, MACH_PORT_RIGHT_RECEIVE, -1));
    client_read(&client, data);
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, data);
    client_end(&client);
    again = copy_of(original, BYTES); /* copied at once, nobody is told */
    pattern_check(again, 2 * PAGE_SIZE, SEED, 0);
    *(volatile uint64_t *)original = 5; /* nobody is left who could unlock */
    pattern_check(again, 2 * PAGE_SIZE, SEED, 0);
}

TEST(127, a_child_and_a_mapped_copy_are_copies_that_the_manager_makes)
{
    struct manager manager, copy;
    vm_address_t original = start(&manager), mapped = 0;
    struct kernel_message message;
    task_t child;

    CHECK_OK(task_create(SELF, TRUE, &child));
    expect_copy(&manager, &copy, 0, BYTES);
    manager_accept(&copy, FALSE, MEMORY_OBJECT_COPY_NONE);
    CHECK_OK(task_terminate(child));
    EXPECT_MESSAGE(copy.object, ID_TERMINATE, &message);
    CHECK_OK(vm_map(SELF, &mapped, 2 * PAGE_SIZE, 0, TRUE, manager.object, PAGE_SIZE, TRUE,
                    VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY));
    expect_copy(&manager, &copy, PAGE_SIZE, 2 * PAGE_SIZE);
    manager_accept(&copy, FALSE, MEMORY_OBJECT_COPY_NONE);
    CHECK_OK(vm_deallocate(SELF, mapped, 2 * PAGE_SIZE));
    EXPECT_MESSAGE(copy.object, ID_TERMINATE, &message);
    CHECK_OK(vm_deallocate(SELF, original, BYTES));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
}

/* H-17: a manager that receives nothing is told of so many copies, and those after it are made at once. */
TEST(127, copies_of_a_silent_managers_object_do_not_fill_the_kernel)
{
    struct manager manager;
    vm_address_t original = start(&manager);
    struct census before, after;

    for (unsigned i = 0; i < BACKLOG; i++)
        CHECK_OK(vm_deallocate(SELF, copy_of(original, 2 * PAGE_SIZE), 2 * PAGE_SIZE));
    census_take(&before);
    for (unsigned i = 0; i < BACKLOG; i++) {
        vm_address_t copy = copy_of(original, 2 * PAGE_SIZE);

        pattern_check(copy, 2 * PAGE_SIZE, SEED, 0);
        CHECK_OK(vm_deallocate(SELF, copy, 2 * PAGE_SIZE));
    }
    census_take(&after);
    CHECK(census_in_use(&after, "port") <= census_in_use(&before, "port") + 4);
    CHECK(after.memory.free + 8 >= before.memory.free);
}
