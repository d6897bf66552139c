/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel asks for, and how plain answers arrive (checklist B).
 */
#include "test.h"

#define SEED 17
#define THREADS 8

/* Reads through a client, with the manager answering: the word that the client saw. */
static uint64_t read_with_supply(struct manager *manager, vm_address_t address, vm_offset_t offset,
                                 uint64_t seed)
{
    struct client client;

    client_read(&client, address);
    EXPECT_REQUEST(manager, offset, PAGE_SIZE);
    manager_supply_plain(manager, offset, PAGE_SIZE, seed);
    return client_finish(&client);
}

TEST(31, a_read_of_an_absent_page_requests_its_page_for_reading)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 4 * PAGE_SIZE);

    client_read(&client, address + 2 * PAGE_SIZE + 8);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK_EQ(message.offset, 2 * PAGE_SIZE);
    CHECK_EQ(message.length, PAGE_SIZE);
    CHECK_EQ(message.access, VM_PROT_READ);
    client_end(&client);
}

TEST(32, a_write_to_an_absent_page_asks_for_write_access)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_write(&client, address, 1);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK(message.access & VM_PROT_WRITE);
    client_end(&client);
}

TEST(33, eight_threads_at_one_page_make_one_request)
{
    struct manager manager;
    struct client clients[THREADS];
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    for (int i = 0; i < THREADS; i++)
        client_read(&clients[i], address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    EXPECT_SILENCE(manager.object, 100);
    for (int i = 0; i < THREADS; i++)
        client_expect_blocked(&clients[i], 0);
}

TEST(34, one_supply_lets_all_eight_go_on_with_the_data)
{
    struct manager manager;
    struct client clients[THREADS];
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    for (int i = 0; i < THREADS; i++)
        client_read(&clients[i], address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(client_finish(&clients[i]), pattern_word(SEED, 0));
    EXPECT_SILENCE(manager.object, 50);
}

static boolean_t mapped(vm_address_t address)
{
    vm_address_t start = address;
    vm_size_t size;
    vm_prot_t protection, max;
    vm_inherit_t inheritance;
    boolean_t shared;
    mach_port_t name = MACH_PORT_NULL;
    vm_offset_t offset;
    kern_return_t result = vm_region(mach_task_self(), &start, &size, &protection, &max,
                                     &inheritance, &shared, &name, &offset);

    if (result == KERN_SUCCESS && name != MACH_PORT_NULL)
        mach_port_deallocate(mach_task_self(), name);
    return result == KERN_SUCCESS && start <= address && address < start + size;
}

static vm_address_t pattern_pages(vm_size_t size, uint64_t seed)
{
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, size, TRUE));
    pattern_fill(data, size, seed, 0);
    return data;
}

TEST(35, deallocate_takes_the_buffer_and_its_absence_leaves_it_unchanged)
{
    struct manager manager;
    struct client first, second;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    vm_address_t given = pattern_pages(PAGE_SIZE, SEED), kept = pattern_pages(PAGE_SIZE, SEED);

    client_read(&first, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_supply(manager.control, 0, given, PAGE_SIZE, TRUE, VM_PROT_NONE,
                                       FALSE, MACH_PORT_NULL));
    CHECK(!mapped(given));
    CHECK_EQ(client_finish(&first), pattern_word(SEED, 0));

    client_read(&second, address + PAGE_SIZE);
    EXPECT_REQUEST(&manager, PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_supply(manager.control, PAGE_SIZE, kept, PAGE_SIZE, FALSE,
                                       VM_PROT_NONE, FALSE, MACH_PORT_NULL));
    CHECK_EQ(client_finish(&second), pattern_word(SEED, 0));
    pattern_check(kept, PAGE_SIZE, SEED, 0);
}

TEST(36, the_client_sees_the_data_as_it_was_when_supplied)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    vm_address_t data = pattern_pages(PAGE_SIZE, SEED);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_supply(manager.control, 0, data, PAGE_SIZE, FALSE, VM_PROT_NONE,
                                       FALSE, MACH_PORT_NULL));
    pattern_fill(data, PAGE_SIZE, SEED + 1, 0);
    client_finish(&client);
    pattern_check(address, PAGE_SIZE, SEED, 0);
}

TEST(37, a_cluster_request_covers_the_faulting_page_and_ends_with_the_object)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 6 * PAGE_SIZE);

    manager_set_cluster(&manager, 4 * PAGE_SIZE);
    client_read(&client, address + 5 * PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK(message.length <= 4 * PAGE_SIZE && message.length % PAGE_SIZE == 0);
    CHECK(message.offset <= 5 * PAGE_SIZE);
    CHECK_EQ(message.offset + message.length, 6 * PAGE_SIZE);
    client_end(&client);
}

TEST(38, a_cluster_supplied_in_one_call_is_accepted_whole)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 4 * PAGE_SIZE);
    mach_port_t reply = port_make(FALSE);

    manager_set_cluster(&manager, 4 * PAGE_SIZE);
    client_read(&client, address + PAGE_SIZE);
    EXPECT_REQUEST(&manager, 0, 4 * PAGE_SIZE);
    CHECK_OK(manager_supply(&manager, 0, 4 * PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.length, 4 * PAGE_SIZE);
    CHECK_EQ(message.result, KERN_SUCCESS);
    client_finish(&client);
    pattern_check(address, 4 * PAGE_SIZE, SEED, 0);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(39, each_page_of_a_cluster_may_be_answered_in_its_own_way)
{
    struct manager manager;
    struct client client, unavailable, failing;
    vm_address_t address = manager_start(&manager, 0, 4 * PAGE_SIZE);

    manager_set_cluster(&manager, 4 * PAGE_SIZE);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, 4 * PAGE_SIZE);
    client_read(&unavailable, address + 2 * PAGE_SIZE);
    client_read(&failing, address + 3 * PAGE_SIZE);
    client_expect_blocked(&failing, 50);
    manager_supply_plain(&manager, 0, 2 * PAGE_SIZE, SEED);
    CHECK_OK(memory_object_data_unavailable(manager.control, 2 * PAGE_SIZE, PAGE_SIZE));
    CHECK_OK(memory_object_data_error(manager.control, 3 * PAGE_SIZE, PAGE_SIZE, KERN_FAILURE));
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
    CHECK_EQ(client_finish(&unavailable), 0);
    client_expect_bad_access(&failing, KERN_MEMORY_ERROR, address + 3 * PAGE_SIZE);
    pattern_check(address + PAGE_SIZE, PAGE_SIZE, SEED, PAGE_SIZE);
}

TEST(50, data_that_does_not_start_on_a_page_arrives_exactly)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    vm_address_t data = pattern_pages(2 * PAGE_SIZE, SEED);

    memset((void *)data, 0xee, 100);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        ((char *)data)[100 + i] = (char)i;
    memset((char *)data + 100 + PAGE_SIZE, 0xee, PAGE_SIZE - 100);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_supply(manager.control, 0, data + 100, PAGE_SIZE, FALSE,
                                       VM_PROT_NONE, FALSE, MACH_PORT_NULL));
    client_finish(&client);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        CHECK_EQ(((char *)address)[i], (char)i);
}

TEST(51, a_source_that_is_partly_unmapped_changes_nothing)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    vm_address_t data = pattern_pages(2 * PAGE_SIZE, SEED);

    CHECK_OK(vm_deallocate(mach_task_self(), data + PAGE_SIZE, PAGE_SIZE));
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_RETURNS(memory_object_data_supply(manager.control, 0, data, 2 * PAGE_SIZE, FALSE,
                                            VM_PROT_NONE, FALSE, MACH_PORT_NULL),
                  MACH_SEND_INVALID_MEMORY);
    client_expect_blocked(&client, 50);
    pattern_check(data, PAGE_SIZE, SEED, 0);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

TEST(53, without_a_reply_port_there_is_no_completion_and_the_page_is_usable)
{
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    CHECK_EQ(read_with_supply(&manager, address, 0, SEED), pattern_word(SEED, 0));
    pattern_check(address, PAGE_SIZE, SEED, 0);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(57, an_unavailable_page_reads_as_zeros)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(manager.control, 0, PAGE_SIZE));
    CHECK_EQ(client_finish(&client), 0);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        CHECK_EQ(((char *)address)[i], 0);
    EXPECT_SILENCE(manager.object, 50);
    /* Not dirty: giving it up returns nothing. */
    CHECK_OK(vm_deallocate(mach_task_self(), address, PAGE_SIZE));
    struct kernel_message message;
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
}

TEST(59, unavailable_for_a_huge_range_wakes_every_waiter)
{
    struct manager manager;
    struct client clients[3];
    vm_address_t address = manager_start(&manager, 0, 64 * PAGE_SIZE);

    for (int i = 0; i < 3; i++)
        client_read(&clients[i], address + (vm_offset_t)i * 20 * PAGE_SIZE);
    for (int i = 0; i < 3; i++) {
        struct kernel_message message;
        EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    }
    CHECK_OK(memory_object_data_unavailable(manager.control, 0, (vm_size_t)1 << 40));
    for (int i = 0; i < 3; i++)
        CHECK_EQ(client_finish(&clients[i]), 0);
}
