/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * External managers that are killed, stopped, or answer nonsense while clients wait: everybody else
 * goes on, and what was resident stays. (The default pager's turn is in paging_space.c.)
 */
#include "test.h"

#define SEED 107
#define PAGES 8
#define SILENT 4 /* from this page on the manager does not answer */

/* How a manager in a task of its own answers. */
enum manner { PROPERLY, WITH_GARBAGE_FIRST, WITH_GARBAGE_ONLY };

/* The manager's side lives in the helper, the address in the test. */
struct service {
    struct manager manager;
    enum manner manner;
    struct helper helper;
    vm_address_t address;
};

/* Calls that must not harm: about other pages, impossible ranges and values, unknown requests. */
static void answer_nonsense(struct manager *manager, vm_offset_t offset)
{
    mach_port_t control = manager->control;
    vm_offset_t other = (offset + 5 * PAGE_SIZE) % (SILENT * PAGE_SIZE);

    manager_supply(manager, offset + 100 * PAGE_SIZE, PAGE_SIZE, SEED + 1, 0, FALSE, 0, 0);
    manager_supply(manager, offset + 8, PAGE_SIZE, SEED + 1, 0, FALSE, 0, 0);
    manager_supply(manager, offset, PAGE_SIZE, SEED + 1, 0x55, TRUE, 0, 0);
    manager_supply(manager, ~(vm_offset_t)0 - PAGE_SIZE + 1, 2 * PAGE_SIZE, SEED, 0, TRUE, 0, 0);
    memory_object_data_supply(control, offset, 0, 0, TRUE, VM_PROT_NONE, TRUE, MACH_PORT_NULL);
    memory_object_data_unavailable(control, offset + 1, PAGE_SIZE);
    memory_object_data_unavailable(control, ~(vm_offset_t)0, ~(vm_size_t)0);
    memory_object_data_error(control, offset + 8 * PAGE_SIZE, ~(vm_size_t)0, KERN_FAILURE);
    memory_object_lock_request(control, other, ~(vm_size_t)0, 99, TRUE, 99, MACH_PORT_NULL);
    memory_object_lock_request(control, 3, PAGE_SIZE, MEMORY_OBJECT_RETURN_ALL, TRUE,
                               VM_PROT_NO_CHANGE, MACH_PORT_NULL);
    memory_object_change_attributes(control, TRUE, 77, MACH_PORT_NULL);
    memory_object_ready(control, FALSE, -5);
    for (mach_msg_id_t id = 1990; id < 2130; id++)
        port_send_empty(control, MACH_MSG_TYPE_COPY_SEND, id, 10);
}

static void answer(struct service *service, const struct kernel_message *message)
{
    struct manager *manager = &service->manager;

    if (message->offset >= SILENT * PAGE_SIZE)
        return;
    if (service->manner != PROPERLY)
        answer_nonsense(manager, message->offset);
    if (service->manner != WITH_GARBAGE_ONLY)
        manager_supply_plain(manager, message->offset, message->length, SEED);
}

static void serve(void *argument)
{
    struct service *service = argument;
    struct kernel_message message;

    for (;;) {
        message_receive(service->manager.object, &message, 60000);
        if (message.id == ID_INIT) {
            service->manager.control = message.control;
            CHECK_OK(memory_object_ready(message.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
        } else if (message.id == ID_DATA_REQUEST) {
            answer(service, &message);
        }
        message_release_data(&message);
    }
}

/* A manager in a task of its own, and its object mapped here: for this task alone, since a copy for the
   next helper would ask for every page. */
static void service_start(struct service *service, enum manner manner)
{
    service->manner = manner;
    manager_create(&service->manager);
    helper_create(&service->helper, serve, service);
    helper_give(&service->helper, service->manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(&service->helper);
    service->address = manager_map(&service->manager, 0, PAGES * PAGE_SIZE);
    CHECK_OK(vm_inherit(mach_task_self(), service->address, PAGES * PAGE_SIZE, VM_INHERIT_NONE));
}

static void expect_served(struct service *service, unsigned page)
{
    struct client client;

    client_read(&client, service->address + page * PAGE_SIZE);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, page * PAGE_SIZE));
}

static void expect_memory_works(void)
{
    vm_address_t memory = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &memory, PAGES * PAGE_SIZE, TRUE));
    pattern_fill(memory, PAGES * PAGE_SIZE, SEED, 0);
    pattern_check(memory, PAGES * PAGE_SIZE, SEED, 0);
    CHECK_OK(vm_deallocate(mach_task_self(), memory, PAGES * PAGE_SIZE));
}

TEST(0, a_killed_manager_fails_its_clients_and_nobody_else)
{
    static struct service killed, other;
    struct client client;

    service_start(&killed, PROPERLY);
    service_start(&other, PROPERLY);
    expect_served(&killed, 0);
    *(volatile uint64_t *)(killed.address + 8) = 5;
    client_read(&client, killed.address + SILENT * PAGE_SIZE);
    client_expect_blocked(&client, 50);
    helper_end(&killed.helper);
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, killed.address + SILENT * PAGE_SIZE);
    client_end(&client);
    CHECK_EQ(*(volatile uint64_t *)killed.address, pattern_word(SEED, 0));
    CHECK_EQ(*(volatile uint64_t *)(killed.address + 8), 5);
    expect_served(&other, 1);
    expect_memory_works();
    CHECK_OK(vm_deallocate(mach_task_self(), killed.address, PAGES * PAGE_SIZE));
    expect_served(&other, 2);
}

TEST(0, a_suspended_manager_stops_its_clients_until_it_is_resumed)
{
    static struct service suspended, other;
    struct client waits, killed;

    service_start(&suspended, PROPERLY);
    service_start(&other, PROPERLY);
    expect_served(&suspended, 0);
    CHECK_OK(task_suspend(suspended.helper.task));
    client_read(&waits, suspended.address + PAGE_SIZE);
    client_read(&killed, suspended.address + 2 * PAGE_SIZE);
    client_expect_blocked(&waits, 100);
    client_expect_blocked(&killed, 0);
    expect_served(&other, 1);
    expect_memory_works();
    client_end(&killed);
    CHECK_OK(task_resume(suspended.helper.task));
    CHECK_EQ(client_finish(&waits), pattern_word(SEED, PAGE_SIZE));
    expect_served(&suspended, 2);
}

TEST(0, a_manager_that_talks_nonsense_before_it_answers_is_understood)
{
    static struct service service;

    service_start(&service, WITH_GARBAGE_FIRST);
    for (unsigned page = 0; page < SILENT; page++)
        expect_served(&service, page);
    for (unsigned page = 0; page < SILENT; page++)
        pattern_check(service.address + page * PAGE_SIZE, PAGE_SIZE, SEED, page * PAGE_SIZE);
    helper_end(&service.helper);
    expect_memory_works();
}

TEST(0, a_manager_that_talks_only_nonsense_holds_up_its_own_clients_alone)
{
    static struct service service, other;
    struct client client;

    service_start(&service, WITH_GARBAGE_ONLY);
    service_start(&other, PROPERLY);
    client_read(&client, service.address);
    client_expect_blocked(&client, 100);
    expect_served(&other, 0);
    expect_memory_works();
    client_end(&client);
    helper_end(&service.helper);
    CHECK_OK(vm_deallocate(mach_task_self(), service.address, PAGES * PAGE_SIZE));
    expect_served(&other, 1);
}
