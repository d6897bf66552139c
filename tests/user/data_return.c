/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_data_return: what comes back, how it is cut, in which order (checklist 91 to 96).
 */
#include "test.h"

#define SEED 61
#define RETURN_PAGES_MAX 32

static void make_resident(struct manager *manager, vm_address_t address, vm_size_t size,
                          boolean_t precious)
{
    for (vm_offset_t offset = 0; offset < size; offset += PAGE_SIZE) {
        struct client client;

        client_read(&client, address + offset);
        EXPECT_REQUEST(manager, offset, PAGE_SIZE);
        CHECK_OK(manager_supply(manager, offset, PAGE_SIZE, SEED, VM_PROT_NONE, precious,
                                MACH_PORT_NULL, 0));
        client_finish(&client);
    }
}

static void dirty(vm_address_t address, unsigned page)
{
    *(volatile uint64_t *)(address + page * PAGE_SIZE) = page + 1;
}

static void clean(struct manager *manager, vm_size_t size, memory_object_return_t what,
                  boolean_t flush)
{
    CHECK_OK(memory_object_lock_request(manager->control, 0, size, what, flush, VM_PROT_NO_CHANGE,
                                        manager->object));
}

/* boot: memory=32 */
TEST(92, an_evicted_dirty_page_is_returned_and_then_asked_for)
{
    struct manager manager;
    struct kernel_message back, request;
    struct pressure pressure;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    make_resident(&manager, address, PAGE_SIZE, FALSE);
    dirty(address, 0);
    pressure_make(&pressure, 200, 8000);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &back);
    CHECK_EQ(back.dirty, TRUE);
    CHECK_EQ(back.kernel_copy, FALSE);
    CHECK_EQ(*(uint64_t *)back.data, 1);
    pressure_end(&pressure);
    client_read(&client, address);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &request);
    CHECK(request.seqno > back.seqno);
    client_end(&client);
}

TEST(93, what_the_manager_supplies_later_is_what_the_client_sees)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    make_resident(&manager, address, PAGE_SIZE, FALSE);
    dirty(address, 0);
    clean(&manager, PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY, TRUE);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

TEST(94, a_clean_page_between_dirty_ones_divides_the_return)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, 3 * PAGE_SIZE);

    make_resident(&manager, address, 3 * PAGE_SIZE, FALSE);
    dirty(address, 0);
    dirty(address, 2);
    clean(&manager, 3 * PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY, FALSE);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, 0);
    CHECK_EQ(message.data_bytes, PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, 2 * PAGE_SIZE);
    CHECK_EQ(message.data_bytes, PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
}

TEST(95, a_hundred_dirty_pages_come_in_messages_of_at_most_32_each_once)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, 100 * PAGE_SIZE);
    vm_offset_t expected = 0;

    make_resident(&manager, address, 100 * PAGE_SIZE, FALSE);
    for (unsigned page = 0; page < 100; page++)
        dirty(address, page);
    clean(&manager, 100 * PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY, TRUE);
    while (expected < 100 * PAGE_SIZE) {
        EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
        CHECK_EQ(message.offset, expected);
        CHECK(message.data_bytes <= RETURN_PAGES_MAX * PAGE_SIZE);
        for (vm_offset_t at = 0; at < message.data_bytes; at += PAGE_SIZE)
            CHECK_EQ(*(uint64_t *)(message.data + at), (expected + at) / PAGE_SIZE + 1);
        expected += message.data_bytes;
        message_release_data(&message);
    }
    EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
}

TEST(96, dirty_and_clean_precious_pages_come_in_messages_of_their_own)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    make_resident(&manager, address, 2 * PAGE_SIZE, TRUE);
    dirty(address, 0);
    clean(&manager, 2 * PAGE_SIZE, MEMORY_OBJECT_RETURN_ALL, TRUE);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, 0);
    CHECK_EQ(message.dirty, TRUE);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, PAGE_SIZE);
    CHECK_EQ(message.dirty, FALSE);
    EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
}
