/* SPDX-License-Identifier: BSD-2-Clause */
/* The test support's own test. */
#include "test.h"

TEST(0, a_test_reports_and_powers_off)
{
    CHECK(test_host_port != MACH_PORT_NULL);
    CHECK_EQ(port_refs(mach_task_self(), MACH_PORT_RIGHT_SEND), 1);
}

static uint64_t twice(void *argument)
{
    return 2 * *(uint64_t *)argument;
}

TEST(0, a_client_thread_gives_its_value)
{
    struct client client;
    uint64_t number = 21;

    client_call(&client, twice, &number);
    CHECK_EQ(client_finish(&client), 42);
}

TEST(0, a_client_thread_gives_its_exception)
{
    struct client client;

    client_read(&client, 0x10);
    client_expect_bad_access(&client, KERN_INVALID_ADDRESS, 0x10);
    client_end(&client);
}

static vm_address_t shared_page;

static void write_shared(void *argument)
{
    *(volatile uint64_t *)shared_page = *(uint64_t *)argument;
}

static boolean_t shared_written(void *argument)
{
    return *(volatile uint64_t *)shared_page == *(uint64_t *)argument;
}

TEST(0, a_helper_task_runs_a_function_of_this_program)
{
    struct helper helper;
    uint64_t number = 77;

    shared_page = shared_memory(PAGE_SIZE);
    helper_create(&helper, write_shared, &number);
    helper_run(&helper);
    CHECK(wait_until(shared_written, &number, 2000));
    helper_end(&helper);
}

TEST(0, a_manager_answers_a_fault_of_a_client)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    client_read(&client, address + PAGE_SIZE);
    EXPECT_REQUEST(&manager, PAGE_SIZE, PAGE_SIZE);
    client_expect_blocked(&client, 50);
    manager_supply_plain(&manager, PAGE_SIZE, PAGE_SIZE, 3);
    CHECK_EQ(client_finish(&client), pattern_word(3, PAGE_SIZE));
    EXPECT_SILENCE(manager.object, 50);
}

static struct manager far_manager;

/* In the helper: the manager whose port was given to it. */
static void serve_one_page(void *argument)
{
    (void)argument;
    manager_accept(&far_manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    EXPECT_REQUEST(&far_manager, 0, PAGE_SIZE);
    manager_supply_plain(&far_manager, 0, PAGE_SIZE, 9);
    thread_sleep(10000);
}

TEST(0, a_helper_task_manages_memory_of_this_one)
{
    struct helper helper;

    manager_create(&far_manager);
    helper_create(&helper, serve_one_page, NULL);
    helper_give(&helper, far_manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(&helper);
    vm_address_t address = manager_map(&far_manager, 0, PAGE_SIZE);
    pattern_check(address, PAGE_SIZE, 9, 0);
    helper_end(&helper);
}

/* The task that made the pressure may be buried a little later. */
static boolean_t has_free_again(void *before)
{
    struct vm_statistics after;

    memory_statistics(&after);
    return after.free_count > ((struct vm_statistics *)before)->free_count - 100;
}

TEST(0, pressure_takes_the_free_pages_and_gives_them_back)
{
    struct vm_statistics before, during;
    struct pressure pressure;

    memory_statistics(&before);
    unsigned touched = pressure_make(&pressure, (unsigned)before.free_count - 1000, 4000);
    memory_statistics(&during);
    CHECK(touched >= 900 && touched < 1100);
    CHECK(during.free_count < before.free_count - 900);
    pressure_end(&pressure);
    CHECK(wait_until(has_free_again, &before, 20000));
}
