/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that the kernel gives up by itself, and managers that are slow, deaf or dead when they come
 * (checklist 58, 78, 89, 90, 98 to 101).
 */
#include <mach/porthole_memory_types.h>

#include "paging.h"
#include "test.h"

#define SEED 83
#define PAGES 64          /* of a deaf or dying manager's object */
#define ROUNDS 200        /* test 90 */

static int evict(vm_address_t address)
{
    int outcome = -1;

    CHECK_OK(porthole_evict(test_host_port, mach_task_self(), address, &outcome));
    return outcome;
}

static void make_resident(struct manager *manager, vm_address_t address, vm_offset_t offset,
                          boolean_t precious)
{
    struct client client;

    client_read(&client, address + offset);
    EXPECT_REQUEST(manager, offset, PAGE_SIZE);
    CHECK_OK(manager_supply(manager, offset, PAGE_SIZE, SEED, VM_PROT_NONE, precious,
                            MACH_PORT_NULL, 0));
    client_finish(&client);
}

TEST(58, data_unavailable_leaves_a_dirty_page_as_it_is)
{
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    make_resident(&manager, address, 0, FALSE);
    *(volatile uint64_t *)address = 58;
    CHECK_OK(memory_object_data_unavailable(manager.control, 0, PAGE_SIZE));
    CHECK_EQ(*(volatile uint64_t *)address, 58);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(57, an_unavailable_page_that_was_only_read_is_asked_for_again_after_eviction)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(manager.control, 0, PAGE_SIZE));
    CHECK_EQ(client_finish(&client), 0);
    CHECK_EQ(evict(address), PORTHOLE_EVICTION_FREED);
    EXPECT_SILENCE(manager.object, 20);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

TEST(78, a_clean_page_goes_without_a_word)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    make_resident(&manager, address, 0, FALSE);
    CHECK_EQ(evict(address), PORTHOLE_EVICTION_FREED);
    EXPECT_SILENCE(manager.object, 20);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    client_end(&client);
}

TEST(89, a_page_of_a_supply_under_way_is_not_evicted_before_its_completion)
{
    struct manager manager;
    struct kernel_message first, second;
    struct client clients[2];
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    for (unsigned i = 0; i < 2; i++) {
        client_read(&clients[i], address + i * PAGE_SIZE);
        EXPECT_REQUEST(&manager, i * PAGE_SIZE, PAGE_SIZE);
    }
    CHECK_OK(porthole_evict_during_supply(test_host_port, TRUE));
    CHECK_OK(manager_supply(&manager, 0, 2 * PAGE_SIZE, SEED, VM_PROT_NONE, TRUE, manager.object,
                            MACH_MSG_TYPE_MAKE_SEND));
    CHECK_OK(porthole_evict_during_supply(test_host_port, FALSE));
    EXPECT_MESSAGE(manager.object, ID_SUPPLY_COMPLETED, &first);
    CHECK_EQ(first.length, 2 * PAGE_SIZE);
    CHECK_EQ(first.result, KERN_SUCCESS);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &second);
    CHECK_EQ(second.offset, 0);
    CHECK_EQ(second.dirty, FALSE);
    CHECK_EQ(second.kernel_copy, FALSE);
    pattern_check(second.data, PAGE_SIZE, SEED, 0);
    /* The first client's page is gone again: it is asked for once more. */
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_EQ(client_finish(&clients[1]), pattern_word(SEED, PAGE_SIZE));
    client_end(&clients[0]);
}

static uint64_t unmap_page(void *argument)
{
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)argument, PAGE_SIZE));
    return 0;
}

/* The object has one mapping, which goes while the supply is made, in one order or the other. */
TEST(90, a_completion_comes_before_the_terminate_of_the_same_association)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct manager manager;
        struct kernel_message message;
        struct client reader, unmapper;
        vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
        boolean_t completed = FALSE;

        client_read(&reader, address);
        EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
        client_end(&reader);
        client_call(&unmapper, unmap_page, (void *)address);
        if (round % 2 == 0) {
            swtch_pri(0);
        }
        CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, manager.object,
                                MACH_MSG_TYPE_MAKE_SEND));
        client_finish(&unmapper);
        do {
            message_receive(manager.object, &message, MANAGER_WAIT);
            CHECK(message.id == ID_SUPPLY_COMPLETED || message.id == ID_TERMINATE);
            CHECK(message.id != ID_SUPPLY_COMPLETED || !completed);
            completed |= message.id == ID_SUPPLY_COMPLETED;
        } while (message.id != ID_TERMINATE);
        EXPECT_SILENCE(manager.object, 1);
        CHECK_OK(mach_port_destroy(mach_task_self(), message.control));
        CHECK_OK(mach_port_destroy(mach_task_self(), message.name));
        CHECK_OK(mach_port_destroy(mach_task_self(), manager.object));
    }
}

/* --- managers that do not do their part --- */

static struct manager far_manager;

/* In the helper: supplies all pages, then hears nothing any more. */
static void serve_then_turn_deaf(void *argument)
{
    (void)argument;
    manager_accept(&far_manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    for (unsigned i = 0; i < PAGES; i++) {
        struct kernel_message message;

        EXPECT_MESSAGE(far_manager.object, ID_DATA_REQUEST, &message);
        manager_supply_plain(&far_manager, message.offset, message.length, SEED);
    }
    thread_sleep(1000000);
}

/* All pages of an object whose manager is another task, resident and dirty. */
static vm_address_t dirty_far_pages(struct helper *helper)
{
    manager_create(&far_manager);
    helper_create(helper, serve_then_turn_deaf, NULL);
    helper_give(helper, far_manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(helper);
    vm_address_t address = manager_map(&far_manager, 0, PAGES * PAGE_SIZE);
    for (vm_offset_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE) {
        CHECK_EQ(*(volatile uint64_t *)(address + at), pattern_word(SEED, at));
        *(volatile uint64_t *)(address + at) = at + 1;
    }
    return address;
}

static void give_memory(vm_address_t address, vm_size_t size)
{
    CHECK_OK(vm_deallocate(mach_task_self(), address, size));
}

/* Anonymous memory of once and a half what is free, written and read back. */
static void use_much_memory(void)
{
    struct vm_statistics statistics;
    vm_address_t address = 0;

    memory_statistics(&statistics);
    vm_size_t size = (vm_size_t)statistics.free_count * 3 / 2 * PAGE_SIZE;
    CHECK_OK(vm_allocate(mach_task_self(), &address, size, TRUE));
    for (vm_offset_t at = 0; at < size; at += PAGE_SIZE) {
        *(volatile uint64_t *)(address + at) = pattern_word(SEED + 1, at);
    }
    for (vm_offset_t at = 0; at < size; at += PAGE_SIZE) {
        CHECK_EQ(*(volatile uint64_t *)(address + at), pattern_word(SEED + 1, at));
    }
    give_memory(address, size);
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(99, data_that_a_manager_keeps_for_itself_is_paged_like_any_other)
{
    struct manager manager;
    struct kernel_message back[PAGES / 32];
    vm_address_t address = manager_start(&manager, 0, PAGES * PAGE_SIZE);

    pager_port();
    for (unsigned i = 0; i < PAGES; i++) {
        make_resident(&manager, address, i * PAGE_SIZE, FALSE);
        *(volatile uint64_t *)(address + i * PAGE_SIZE) = i + 1;
    }
    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGES * PAGE_SIZE,
                                        MEMORY_OBJECT_RETURN_DIRTY, TRUE, VM_PROT_NO_CHANGE,
                                        MACH_PORT_NULL));
    use_much_memory(); /* the data is in messages */
    for (unsigned i = 0; i < PAGES / 32; i++) {
        EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &back[i]);
    }
    use_much_memory(); /* the data is the manager's */
    for (unsigned i = 0; i < PAGES; i++) {
        struct kernel_message *message = &back[i / 32];
        vm_address_t data = message->data + i % 32 * PAGE_SIZE;

        CHECK_EQ(*(volatile uint64_t *)data, i + 1);
        CHECK_EQ(*(volatile uint64_t *)(data + 8), pattern_word(SEED, i * PAGE_SIZE));
    }
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(98, a_manager_that_stops_receiving_costs_paging_space_and_nothing_else)
{
    struct helper helper;

    pager_port();
    dirty_far_pages(&helper);
    use_much_memory();
    helper_end(&helper);
    use_much_memory();
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(100, dirty_pages_of_a_dead_manager_keep_their_data_under_pressure)
{
    struct helper helper;
    pager_statistics_t before, after;

    pager_port();
    vm_address_t address = dirty_far_pages(&helper);
    helper_end(&helper);
    pager_counts(&before);
    for (vm_offset_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE) {
        page_evict(address + at);
    }
    use_much_memory();
    pager_counts(&after);
    CHECK(after.returned >= before.returned + PAGES);
    for (vm_offset_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE) {
        CHECK_EQ(*(volatile uint64_t *)(address + at), at + 1);
    }
}

static boolean_t laundry_is_empty(void *unused)
{
    porthole_memory_t memory;

    (void)unused;
    CHECK_OK(porthole_memory(test_host_port, &memory));
    return memory.laundry == 0 && memory.external_laundry == 0;
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(101, nothing_counts_as_on_its_way_when_all_is_quiet)
{
    struct helper helper;

    pager_port();
    vm_address_t address = dirty_far_pages(&helper);
    use_much_memory();
    give_memory(address, PAGES * PAGE_SIZE);
    helper_end(&helper);
    CHECK(wait_until(laundry_is_empty, NULL, 5000));
}
