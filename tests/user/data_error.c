/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors from managers: who sees them, once, and what comes after (checklist 60 to 67, D-14, D-15).
 */
#include "test.h"

#define SEED 23
#define THREADS 8
#define ABSENT_MAX 50
#define A_REASON ((kern_return_t)((5 << 26) | 7))   /* of a system that is not the kernel's */

static void reader(struct manager *manager, struct client *client, vm_address_t *address)
{
    *address = manager_start(manager, 0, PAGE_SIZE);
    client_read(client, *address);
    EXPECT_REQUEST(manager, 0, PAGE_SIZE);
}

TEST(60, a_kernel_code_as_reason_arrives_as_memory_error)
{
    struct manager manager;
    struct client client;
    vm_address_t address;

    reader(&manager, &client, &address);
    CHECK_OK(memory_object_data_error(manager.control, 0, PAGE_SIZE, KERN_FAILURE));
    client_expect_bad_access(&client, KERN_MEMORY_ERROR, address);
}

TEST(61, a_reason_of_another_system_arrives_as_it_is)
{
    struct manager manager;
    struct client client;
    vm_address_t address;

    reader(&manager, &client, &address);
    CHECK_OK(memory_object_data_error(manager.control, 0, PAGE_SIZE, A_REASON));
    client_expect_bad_access(&client, A_REASON, address);
}

static void fail_all(struct manager *manager, struct client *clients, vm_address_t address)
{
    for (int i = 0; i < THREADS; i++)
        client_read(&clients[i], address);
    EXPECT_REQUEST(manager, 0, PAGE_SIZE);
    for (int i = 0; i < THREADS; i++)
        client_expect_blocked(&clients[i], 10);
    CHECK_OK(memory_object_data_error(manager->control, 0, PAGE_SIZE, KERN_FAILURE));
    for (int i = 0; i < THREADS; i++)
        client_expect_bad_access(&clients[i], KERN_MEMORY_ERROR, address);
}

TEST(62, one_error_is_an_exception_for_each_of_eight_waiters)
{
    struct manager manager;
    struct client clients[THREADS];
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    fail_all(&manager, clients, address);
    EXPECT_SILENCE(manager.object, 100);
}

TEST(63, a_handler_that_says_retry_makes_a_new_request)
{
    struct manager manager;
    struct client clients[THREADS];
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    fail_all(&manager, clients, address);
    client_retry(&clients[0]);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&clients[0]), pattern_word(SEED, 0));
    for (int i = 1; i < THREADS; i++) {
        client_retry(&clients[i]);
        CHECK_EQ(client_finish(&clients[i]), pattern_word(SEED, 0));
    }
    EXPECT_SILENCE(manager.object, 50);
}

TEST(64, an_error_for_a_waiter_that_is_gone_hits_nobody_later)
{
    struct manager manager;
    struct client gone, next;
    vm_address_t address;

    reader(&manager, &gone, &address);
    client_end(&gone);
    CHECK_OK(memory_object_data_error(manager.control, 0, PAGE_SIZE, KERN_FAILURE));
    client_read(&next, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&next), pattern_word(SEED, 0));
}

TEST(65, a_supply_for_a_waiter_that_is_gone_is_accepted)
{
    struct manager manager;
    struct kernel_message message;
    struct client gone;
    vm_address_t address;
    mach_port_t reply = port_make(FALSE);

    reader(&manager, &gone, &address);
    client_end(&gone);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.result, KERN_SUCCESS);
    CHECK_EQ(message.length, PAGE_SIZE);
    pattern_check(address, PAGE_SIZE, SEED, 0);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(66, an_error_for_a_resident_page_is_ignored)
{
    struct manager manager;
    struct client client;
    vm_address_t address;

    reader(&manager, &client, &address);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    client_finish(&client);
    CHECK_OK(memory_object_data_error(manager.control, 0, PAGE_SIZE, KERN_FAILURE));
    pattern_check(address, PAGE_SIZE, SEED, 0);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(67, the_fifty_first_page_waits_for_an_answer_before_it_is_asked_for)
{
    static struct client clients[ABSENT_MAX + 1];
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, (ABSENT_MAX + 1) * PAGE_SIZE);

    for (int i = 0; i < ABSENT_MAX; i++) {
        client_read(&clients[i], address + (vm_offset_t)i * PAGE_SIZE);
        EXPECT_REQUEST(&manager, (vm_offset_t)i * PAGE_SIZE, PAGE_SIZE);
    }
    client_read(&clients[ABSENT_MAX], address + ABSENT_MAX * PAGE_SIZE);
    EXPECT_SILENCE(manager.object, 100);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK_EQ(message.offset, ABSENT_MAX * PAGE_SIZE);
    CHECK_EQ(client_finish(&clients[0]), pattern_word(SEED, 0));
}
