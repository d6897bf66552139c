/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads and tasks that are ended while one of their threads waits, in each kind of wait that a memory
 * manager or a message can cause (checklist 213).
 */
#include <mach/porthole_debug_types.h>

#include "test.h"

#define SEED 103
#define ABSENT_MAX 50
#define PAGES (ABSENT_MAX + 1)

/* What the waiting thread works on; helpers have a copy, and the rights under the same names. */
static struct manager manager;
static vm_address_t address;
static mach_port_t port;

static uint64_t read_page(void *unused)
{
    (void)unused;
    return *(volatile uint64_t *)address;
}

static uint64_t write_page(void *unused)
{
    (void)unused;
    return *(volatile uint64_t *)address = 1;
}

static uint64_t read_last_page(void *unused)
{
    (void)unused;
    return *(volatile uint64_t *)(address + ABSENT_MAX * PAGE_SIZE);
}

static uint64_t read_by_kernel(void *unused)
{
    vm_offset_t data = 0;
    mach_msg_type_number_t count = 0;

    (void)unused;
    return (uint64_t)vm_read(mach_task_self(), address, PAGE_SIZE, &data, &count);
}

static uint64_t map_object(void *unused)
{
    vm_address_t where = 0;

    (void)unused;
    return (uint64_t)vm_map(mach_task_self(), &where, PAGE_SIZE, 0, TRUE, manager.object, 0, FALSE,
                            VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE);
}

static uint64_t send_message(void *unused)
{
    mach_msg_header_t message = {0};

    (void)unused;
    message.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.msgh_remote_port = port;
    return (uint64_t)mach_msg(&message, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0,
                              MACH_PORT_NULL);
}

static uint64_t receive_message(void *unused)
{
    mach_port_t mine = MACH_PORT_NULL;
    mach_msg_header_t message;

    (void)unused;
    mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &mine);
    return (uint64_t)mach_msg(&message, MACH_RCV_MSG, 0, sizeof message, mine, 0, MACH_PORT_NULL);
}

/* --- the ends --- */

/* Threads that the kernel shows as waiting for this. */
static unsigned waiting_threads(const char *reason)
{
    porthole_thread_array_t threads = NULL;
    mach_msg_type_number_t count = 0;
    unsigned found = 0;

    CHECK_OK(porthole_threads(test_host_port, &threads, &count));
    for (unsigned i = 0; i < count; i++)
        found += strcmp(threads[i].reason, reason) == 0;
    vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof *threads);
    return found;
}

struct expected {
    const char *reason;
    unsigned count;
};

static boolean_t do_wait(void *argument)
{
    const struct expected *expected = argument;

    return waiting_threads(expected->reason) == expected->count;
}

static void expect_waiting(const char *reason, unsigned count)
{
    struct expected expected = {reason, count};

    if (!wait_until(do_wait, &expected, CLIENT_WAIT))
        FAIL("%u threads wait for %s, expected %u", waiting_threads(reason), reason, count);
}

static boolean_t is_dead(void *name)
{
    return port_type(*(mach_port_t *)name) == MACH_PORT_TYPE_DEAD_NAME;
}

static void end_waiting_thread(uint64_t (*wait)(void *), const char *reason)
{
    struct client client;
    unsigned before = waiting_threads(reason);

    client_call(&client, wait, NULL);
    expect_waiting(reason, before + 1);
    client_expect_blocked(&client, 20);
    CHECK_OK(thread_terminate(client.thread));
    CHECK(wait_until(is_dead, &client.thread, CLIENT_WAIT));
    expect_waiting(reason, before);
}

static void helper_wait(void *wait)
{
    ((uint64_t (*)(void *))wait)(NULL);
    FAIL("the wait of the helper ended");
}

static void end_waiting_task(uint64_t (*wait)(void *), const char *reason)
{
    struct helper helper;
    unsigned before = waiting_threads(reason);

    if (address != 0)
        CHECK_OK(vm_inherit(mach_task_self(), address, PAGES * PAGE_SIZE, VM_INHERIT_SHARE));
    helper_create(&helper, helper_wait, (void *)wait);
    if (manager.object != MACH_PORT_NULL)
        helper_give(&helper, manager.object, MACH_MSG_TYPE_COPY_SEND);
    if (port != MACH_PORT_NULL)
        helper_give(&helper, port, MACH_MSG_TYPE_COPY_SEND);
    helper_run(&helper);
    expect_waiting(reason, before + 1);
    CHECK_OK(task_terminate(helper.task));
    CHECK(wait_until(is_dead, &helper.task, CLIENT_WAIT));
    CHECK_EQ(port_type(helper.thread), MACH_PORT_TYPE_DEAD_NAME);
    expect_waiting(reason, before);
}

static void end_both(uint64_t (*wait)(void *), const char *reason)
{
    end_waiting_thread(wait, reason);
    end_waiting_task(wait, reason);
    end_waiting_thread(wait, reason);
}

/* --- the waits --- */

static void start(void)
{
    address = manager_start(&manager, 0, PAGES * PAGE_SIZE);
}

/* The page has been asked for, or is now. */
static void supply_and_check(boolean_t is_asked)
{
    struct client client;

    client_read(&client, address);
    if (!is_asked)
        EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

TEST(213, who_waits_for_a_supply_can_be_ended)
{
    start();
    end_both(read_page, "page from");
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE); /* once: the answer is still owed */
    EXPECT_SILENCE(manager.object, 50);
    supply_and_check(TRUE);
}

TEST(213, who_waits_for_a_page_inside_a_kernel_call_can_be_ended)
{
    start();
    end_both(read_by_kernel, "page from");
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    supply_and_check(TRUE);
}

TEST(213, who_faults_on_an_object_that_is_not_ready_can_be_ended)
{
    struct kernel_message init;

    manager_create(&manager);
    address = manager_map(&manager, 0, PAGES * PAGE_SIZE);
    end_both(read_page, "memory object to become ready");
    EXPECT_MESSAGE(manager.object, ID_INIT, &init);
    manager.control = init.control;
    CHECK_OK(memory_object_ready(manager.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
    supply_and_check(FALSE);
}

TEST(213, a_task_that_waits_in_vm_map_can_be_ended)
{
    struct kernel_message message;

    manager_create(&manager);
    end_waiting_task(map_object, "memory object to become ready");
    EXPECT_MESSAGE(manager.object, ID_INIT, &message);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(213, who_waits_for_an_unlock_can_be_ended)
{
    struct client client;
    struct kernel_message message;

    start();
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_WRITE, FALSE, MACH_PORT_NULL, 0));
    client_finish(&client);
    end_both(write_page, "access to a page from");
    EXPECT_MESSAGE(manager.object, ID_DATA_UNLOCK, &message);
    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE,
                                        FALSE, VM_PROT_NONE, MACH_PORT_NULL));
    write_page(NULL);
    pattern_check(address + 8, PAGE_SIZE - 8, SEED, 0);
}

TEST(213, who_waits_because_too_many_requests_are_out_can_be_ended)
{
    static struct client clients[ABSENT_MAX];

    start();
    for (unsigned i = 0; i < ABSENT_MAX; i++)
        client_read(&clients[i], address + i * PAGE_SIZE);
    expect_waiting("page from", ABSENT_MAX);
    end_both(read_last_page, "an answer to any of many requests from");
    CHECK_OK(memory_object_data_unavailable(manager.control, 0, ABSENT_MAX * PAGE_SIZE));
    for (unsigned i = 0; i < ABSENT_MAX; i++)
        CHECK_EQ(client_finish(&clients[i]), 0);
}

TEST(213, who_waits_for_room_in_a_queue_can_be_ended)
{
    struct kernel_message message;
    unsigned received = 0;

    port = port_make(TRUE);
    CHECK_OK(mach_port_set_qlimit(mach_task_self(), port, 1));
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 0x213, 100));
    end_both(send_message, "room in a full queue");
    do {
        message_receive(port, &message, 50);
        received += message.id != 0;
    } while (message.id != 0);
    CHECK_EQ(received, 1); /* nobody's message came after his end */
}

TEST(213, who_waits_for_a_message_can_be_ended)
{
    end_both(receive_message, "a message");
}
