/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of objects whose manager says COPY_DELAY: made at once, without a question to the manager; before
 * a page of the original changes, the copy gets it (checklist 124, 125, 154; hazards H-14, H-34).
 */
#include <mach/porthole_memory_types.h>

#include "census.h"
#include "paging.h"
#include "test.h"

#define SELF mach_task_self()
#define PAGES 12 /* more than what is copied at once */
#define BYTES ((vm_size_t)PAGES * PAGE_SIZE)
#define SEED 1
#define COPIES 20 /* more than a chain of copies is long */

static vm_address_t start_resident(struct manager *manager)
{
    vm_address_t address = manager_start(manager, 0, BYTES);

    manager_fill(manager, address, 0, BYTES, SEED, FALSE);
    return address;
}

static vm_address_t copy_of(vm_address_t address)
{
    mach_msg_type_number_t count;
    vm_offset_t data;

    CHECK_OK(vm_read(SELF, address, BYTES, &data, &count));
    return data;
}

static void drop(vm_address_t copy)
{
    CHECK_OK(vm_deallocate(SELF, copy, BYTES));
}

TEST(124, a_copy_of_absent_pages_asks_nobody_and_keeps_what_the_original_held)
{
    struct manager manager;
    vm_address_t original = manager_start(&manager, 0, BYTES), copy = copy_of(original);
    struct client client;

    EXPECT_SILENCE(manager.object, 50);
    manager_fill(&manager, copy, 0, PAGE_SIZE, SEED, FALSE);
    pattern_check(original, PAGE_SIZE, SEED, 0);
    pattern_fill(original, PAGE_SIZE, 2, 0); /* resident, and seen by the copy */
    pattern_check(copy, PAGE_SIZE, SEED, 0);
    pattern_check(original, PAGE_SIZE, 2, 0);
    client_write(&client, original + PAGE_SIZE, 124); /* absent */
    EXPECT_REQUEST(&manager, PAGE_SIZE, PAGE_SIZE);
    manager_supply_plain(&manager, PAGE_SIZE, PAGE_SIZE, SEED);
    client_finish(&client);
    pattern_check(copy + PAGE_SIZE, PAGE_SIZE, SEED, PAGE_SIZE);
    CHECK_EQ(*(volatile uint64_t *)(original + PAGE_SIZE), 124);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(124, a_mapped_copy_and_a_child_keep_what_the_original_held)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copy = 0, part = 0;
    mach_msg_type_number_t count;
    vm_offset_t data;
    task_t child;

    CHECK_OK(vm_map(SELF, &copy, BYTES, 0, TRUE, manager.object, 0, TRUE, VM_PROT_DEFAULT,
                    VM_PROT_ALL, VM_INHERIT_COPY));
    CHECK_OK(vm_map(SELF, &part, BYTES - PAGE_SIZE, 0, TRUE, manager.object, PAGE_SIZE, TRUE,
                    VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY));
    CHECK_OK(task_create(SELF, TRUE, &child));
    pattern_fill(original, BYTES, 2, 0);
    pattern_check(copy, BYTES, SEED, 0);
    pattern_check(part, BYTES - PAGE_SIZE, SEED, PAGE_SIZE);
    CHECK_OK(vm_read(child, original, BYTES, &data, &count));
    pattern_check(data, BYTES, SEED, 0);
    CHECK_OK(task_terminate(child));
    pattern_check(original, BYTES, 2, 0);
}

TEST(125, a_write_to_a_lazy_copy_is_seen_by_nobody_else)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copy = copy_of(original), second;

    pattern_fill(copy, BYTES / 2, 3, 0);
    second = copy_of(original);
    pattern_check(original, BYTES, SEED, 0);
    pattern_fill(original, BYTES, 4, 0);
    pattern_check(copy, BYTES / 2, 3, 0);
    pattern_check(copy + BYTES / 2, BYTES / 2, SEED, BYTES / 2);
    pattern_check(second, BYTES, SEED, 0);
    drop(copy);
    pattern_check(second, BYTES, SEED, 0);
    pattern_check(original, BYTES, 4, 0);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(125, a_copy_that_its_only_owner_is_about_to_write_is_shown_to_nobody_else)
{
    struct manager manager;
    vm_address_t original = manager_start(&manager, 0, BYTES), copy = copy_of(original), second;
    struct client client;

    client_write(&client, copy, 125);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    second = copy_of(original);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    client_finish(&client);
    pattern_check(second, PAGE_SIZE, SEED, 0);
    CHECK_EQ(*(volatile uint64_t *)copy, 125);
}

/* Each copy holds its own time; they end in an order of their own. */
TEST(124, each_of_many_copies_keeps_its_own_time)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copies[COPIES];

    for (unsigned i = 0; i < COPIES; i++) {
        copies[i] = copy_of(original);
        pattern_fill(original, (i % PAGES + 1) * PAGE_SIZE, 100 + i, 0);
        if (i % 3 == 1)
            pattern_fill(copies[i], PAGE_SIZE, 1000 + i, 0);
    }
    for (unsigned n = 0; n < COPIES; n++) {
        unsigned i = n * 7 % COPIES;
        uint64_t first = i % 3 == 1 ? 1000 + i : i == 0 ? SEED : 100 + i - 1;

        pattern_check(copies[i], PAGE_SIZE, first, 0);
        /* The last page was written by every twelfth only. */
        pattern_check(copies[i] + BYTES - PAGE_SIZE, PAGE_SIZE, i <= 11 ? SEED : 111,
                      BYTES - PAGE_SIZE);
        drop(copies[i]);
    }
}

TEST(0, copies_that_come_and_go_leave_nothing_behind)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), old, copy = 0;
    struct census before, after;

    old = copy_of(original);
    pattern_fill(original, BYTES, 5, 0);
    census_take(&before);
    for (unsigned i = 0; i < 200; i++) {
        vm_address_t next = copy_of(original);

        if (copy)
            drop(copy); /* when the next one is there already */
        copy = next;
        pattern_fill(original, BYTES, 6 + i, 0);
    }
    drop(copy);
    census_take(&after);
    CHECK(census_in_use(&after, "vm-object") <= census_in_use(&before, "vm-object") + 10);
    CHECK(after.memory.free + 40 >= before.memory.free);
    pattern_check(old, BYTES, SEED, 0);
}

TEST(124, pages_without_data_stay_zero_in_the_copy)
{
    struct manager manager;
    vm_address_t original = manager_start(&manager, 0, BYTES), copy = copy_of(original);
    struct client client;

    for (unsigned i = 0; i < 2; i++) {
        client_write(&client, original + i * PAGE_SIZE, 7);
        EXPECT_REQUEST(&manager, i * PAGE_SIZE, PAGE_SIZE);
        CHECK_OK(memory_object_data_unavailable(manager.control, i * PAGE_SIZE, PAGE_SIZE));
        client_finish(&client);
        CHECK_EQ(*(volatile uint64_t *)(copy + i * PAGE_SIZE), 0);
        CHECK_EQ(*(volatile uint64_t *)(original + i * PAGE_SIZE), 7);
    }
    EXPECT_SILENCE(manager.object, 20);
}

TEST(124, a_locked_page_is_pushed_when_its_manager_has_unlocked_it)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copy = copy_of(original);
    struct kernel_message message;
    struct client client;

    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE,
                                        FALSE, VM_PROT_WRITE, MACH_PORT_NULL));
    client_write(&client, original, 9);
    EXPECT_MESSAGE(manager.object, ID_DATA_UNLOCK, &message);
    pattern_check(copy, PAGE_SIZE, SEED, 0);
    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE,
                                        FALSE, VM_PROT_NONE, MACH_PORT_NULL));
    client_finish(&client);
    pattern_check(copy, PAGE_SIZE, SEED, 0);
    CHECK_EQ(*(volatile uint64_t *)original, 9);
}

/* boot: memory=32 */
TEST(124, a_wired_original_is_copied_at_once)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copy;

    CHECK_OK(vm_wire(test_host_port, SELF, original, PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE));
    copy = copy_of(original);
    pattern_fill(original, BYTES, 2, 0);
    pattern_check(copy, BYTES, SEED, 0);
    CHECK_OK(vm_wire(test_host_port, SELF, original, PAGE_SIZE, VM_PROT_NONE));
    drop(copy);
    copy = copy_of(original);
    CHECK_OK(vm_wire(test_host_port, SELF, original, BYTES, VM_PROT_READ));
    pattern_fill(original, BYTES, 3, 0);
    pattern_check(copy, BYTES, 2, 0);
    CHECK_OK(vm_wire(test_host_port, SELF, original, BYTES, VM_PROT_NONE));
}

/* H-34: the manager breaks its promise; what was pushed stays, and nothing else is disturbed. */
TEST(124, a_manager_that_changes_data_alters_only_what_was_not_pushed)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copy = copy_of(original);
    struct kernel_message message;

    *(volatile uint64_t *)original = 1; /* pushed */
    CHECK_OK(memory_object_lock_request(manager.control, 0, BYTES, MEMORY_OBJECT_RETURN_NONE, TRUE,
                                        VM_PROT_NO_CHANGE, manager.object));
    EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
    pattern_check(copy, PAGE_SIZE, SEED, 0);
    manager_fill(&manager, original + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, 8, FALSE);
    pattern_check(copy + PAGE_SIZE, PAGE_SIZE, 8, PAGE_SIZE);
    pattern_fill(original + PAGE_SIZE, PAGE_SIZE, 9, PAGE_SIZE);
    pattern_check(copy + PAGE_SIZE, PAGE_SIZE, 8, PAGE_SIZE);
    manager_fill(&manager, original, 0, PAGE_SIZE, 8, FALSE); /* comes again: the copy has its own */
    pattern_fill(original, PAGE_SIZE, 9, 0);
    pattern_check(copy, PAGE_SIZE, SEED, 0);
}

TEST(124, an_object_ends_with_its_last_copy)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copy = copy_of(original);
    struct kernel_message message;

    *(volatile uint64_t *)original = 1;
    drop(original);
    EXPECT_SILENCE(manager.object, 50);
    pattern_check(copy, BYTES, SEED, 0);
    drop(copy);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, 0);
    CHECK_EQ(*(uint64_t *)message.data, 1);
    message_release_data(&message);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
}

TEST(124, a_copy_of_a_manager_that_died_has_what_is_in_memory)
{
    struct manager manager;
    vm_address_t original = manager_start(&manager, 0, BYTES), copy;
    struct client client;

    manager_fill(&manager, original, 0, PAGE_SIZE, SEED, FALSE);
    copy = copy_of(original);
    *(volatile uint64_t *)original = 3;
    CHECK_OK(mach_port_mod_refs(SELF, manager.object, MACH_PORT_RIGHT_RECEIVE, -1));
    pattern_check(copy, PAGE_SIZE, SEED, 0);
    client_read(&client, copy + PAGE_SIZE);
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, copy + PAGE_SIZE);
    client_end(&client);
    *(volatile uint64_t *)original = 4;
    pattern_check(copy, PAGE_SIZE, SEED, 0);
}

/* --- copies that the default pager has; the test is one --- */

static mach_port_t pager_begin(void)
{
    mach_port_t manager = port_make(FALSE), port = manager;

    CHECK_OK(host_default_memory_manager(test_host_port, &port, PAGE_SIZE));
    return manager;
}

/* Evicts a page of a copy for the first time: its object as the default pager knows it. */
static void page_out(mach_port_t pager, vm_address_t address, struct manager *object)
{
    struct kernel_message message;
    int outcome = -1;

    CHECK_OK(porthole_evict(test_host_port, SELF, address, &outcome));
    CHECK_EQ(outcome, PORTHOLE_EVICTION_SENT);
    EXPECT_MESSAGE(pager, ID_CREATE, &message);
    object->object = message.new_object;
    object->control = message.control;
    EXPECT_MESSAGE(object->object, ID_DATA_RETURN, &message);
    pattern_check(message.data, PAGE_SIZE, SEED, message.offset);
    message_release_data(&message);
}

TEST(154, a_page_pushed_into_a_copy_that_was_paged_out_goes_to_the_default_pager)
{
    mach_port_t pager = pager_begin();
    struct manager manager, swap;
    vm_address_t original = start_resident(&manager), copy = copy_of(original), data = 0;
    struct kernel_message message;
    struct client client;

    *(volatile uint64_t *)original = 1;
    page_out(pager, copy, &swap);
    pattern_fill(original + PAGE_SIZE, PAGE_SIZE, 2, PAGE_SIZE);
    EXPECT_MESSAGE(swap.object, ID_DATA_INITIALIZE, &message);
    CHECK_EQ(message.offset, PAGE_SIZE);
    pattern_check(message.data, PAGE_SIZE, SEED, PAGE_SIZE);
    data = message.data;
    pattern_fill(original, PAGE_SIZE, 2, 0); /* the copy has had this one */
    EXPECT_SILENCE(swap.object, 20);

    client_read(&client, copy + PAGE_SIZE);
    EXPECT_REQUEST(&swap, PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_supply(swap.control, PAGE_SIZE, data, PAGE_SIZE, TRUE, VM_PROT_NONE,
                                       FALSE, MACH_PORT_NULL));
    client_finish(&client);
    pattern_check(copy + PAGE_SIZE, PAGE_SIZE, SEED, PAGE_SIZE);
    client_read(&client, copy + 2 * PAGE_SIZE); /* what the pager has not is the original's */
    EXPECT_REQUEST(&swap, 2 * PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(swap.control, 2 * PAGE_SIZE, PAGE_SIZE));
    client_finish(&client);
    pattern_fill(original, BYTES, 3, 0); /* that slot of the copy is known to be empty: filled here */
    for (unsigned i = 3; i < PAGES; i++) {
        EXPECT_MESSAGE(swap.object, ID_DATA_INITIALIZE, &message);
        CHECK_EQ(message.offset, i * PAGE_SIZE);
        message_release_data(&message);
    }
    pattern_check(copy + 2 * PAGE_SIZE, PAGE_SIZE, SEED, 2 * PAGE_SIZE);
    EXPECT_SILENCE(swap.object, 20);
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(154, copies_of_a_managers_object_stay_right_when_they_are_paged_out_between_pushes)
{
    struct manager manager;
    vm_address_t original = start_resident(&manager), copies[4];

    pager_port();
    for (unsigned round = 0; round < 4; round++) {
        copies[round] = copy_of(original);
        pattern_fill(original, BYTES / 2, 10 + round, 0);
        pages_evict(copies[round], BYTES / 2);
        pattern_fill(original + BYTES / 2, BYTES / 2, 10 + round, BYTES / 2);
    }
    for (unsigned round = 0; round < 4; round++)
        pattern_check(copies[round], BYTES, round == 0 ? SEED : 9 + round, 0);
}
