/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of memory that managers own, while they are slow, silent or dead. */
#include "test.h"

#define SELF mach_task_self()

static vm_address_t the_address;
static vm_size_t the_size;
static mach_port_t the_port;

static uint64_t read_it(void *argument)
{
    mach_msg_type_number_t count;
    vm_offset_t data;
    kern_return_t result = vm_read(SELF, the_address, the_size, &data, &count);

    (void)argument;
    if (result == KERN_SUCCESS)
        pattern_check(data, the_size, 1, 0);
    return (uint64_t)result;
}

/* Sends the memory out of line. */
static uint64_t send_it(void *argument)
{
    struct {
        mach_msg_header_t header;
        mach_msg_type_t type;
        vm_address_t data;
    } message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = the_port},
        .type = {.msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8,
                 .msgt_number = (natural_t)the_size},
        .data = the_address,
    };

    (void)argument;
    return (uint64_t)mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0,
                              MACH_PORT_NULL);
}

static uint64_t fork_it(void *argument)
{
    return (uint64_t)task_create(SELF, TRUE, (task_t *)argument);
}

/* What a child reads at the shared address; the code if it cannot. */
static kern_return_t child_read(task_t child, vm_address_t address, uint64_t *word)
{
    mach_msg_type_number_t count;
    vm_offset_t data;
    kern_return_t result = vm_read(child, address, sizeof *word, &data, &count);

    if (result == KERN_SUCCESS) {
        *word = *(uint64_t *)data;
        CHECK_OK(vm_deallocate(SELF, data, count));
    }
    return result;
}

/* Maps an object whose manager, this task, stays silent; the kernel does not wait for itself. */
static vm_address_t map_silent(struct manager *manager, vm_size_t size)
{
    vm_address_t address = 0;

    manager_create(manager);
    CHECK_OK(vm_map(SELF, &address, size, 0, TRUE, manager->object, 0, FALSE, VM_PROT_ALL,
                    VM_PROT_ALL, VM_INHERIT_COPY));
    return address;
}

TEST(24, a_port_of_the_kernel_is_no_memory_object)
{
    vm_address_t address = 0;

    CHECK_RETURNS(vm_map(SELF, &address, PAGE_SIZE, 0, TRUE, SELF, 0, FALSE, VM_PROT_READ,
                         VM_PROT_ALL, VM_INHERIT_COPY),
                  KERN_INVALID_ARGUMENT);
}

TEST(25, a_dead_memory_object_is_refused)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = 0;
    kern_return_t result;

    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    result = vm_map(SELF, &address, PAGE_SIZE, 0, TRUE, port, 0, FALSE, VM_PROT_READ, VM_PROT_ALL,
                    VM_INHERIT_COPY);
    CHECK(result == KERN_INVALID_ARGUMENT || result == KERN_INVALID_OBJECT);
}

TEST(68, a_read_that_waits_for_a_silent_manager_can_be_aborted)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;

    the_address = manager_start(&manager, 0, 4 * PAGE_SIZE);
    the_size = 4 * PAGE_SIZE;
    client_call(&client, read_it, NULL);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    client_expect_blocked(&client, 50);
    CHECK_OK(thread_abort(client.thread));
    CHECK(client_finish(&client) != KERN_SUCCESS);
}

TEST(69, an_out_of_line_send_of_absent_pages_waits_for_their_supply)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;

    the_address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    the_size = 2 * PAGE_SIZE;
    the_port = port_make(TRUE);
    client_call(&client, send_it, NULL);
    for (vm_offset_t offset = 0; offset < the_size; offset += PAGE_SIZE) {
        EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
        CHECK_EQ(message.offset, offset);
        client_expect_blocked(&client, 10);
        manager_supply_plain(&manager, offset, PAGE_SIZE, 1);
    }
    CHECK_EQ(client_finish(&client), MACH_MSG_SUCCESS);
}

TEST(70, an_error_while_the_data_of_a_message_is_read_is_one_failure)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;

    the_address = manager_start(&manager, 0, PAGE_SIZE);
    the_size = PAGE_SIZE;
    the_port = port_make(TRUE);
    client_call(&client, send_it, NULL);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK_OK(memory_object_data_error(manager.control, 0, PAGE_SIZE, KERN_FAILURE));
    CHECK_EQ(client_finish(&client), MACH_SEND_INVALID_MEMORY);
    EXPECT_SILENCE(the_port, 20);
}

TEST(126, a_copy_of_an_object_asks_for_each_absent_page)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;

    the_address = manager_start(&manager, 0, 3 * PAGE_SIZE);
    the_size = 3 * PAGE_SIZE;
    client_read(&client, the_address + PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    manager_supply_plain(&manager, PAGE_SIZE, PAGE_SIZE, 1);
    client_finish(&client);
    client_call(&client, read_it, NULL);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK_EQ(message.offset, 0);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 1);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK_EQ(message.offset, 2 * PAGE_SIZE);
    manager_supply_plain(&manager, 2 * PAGE_SIZE, PAGE_SIZE, 1);
    CHECK_EQ(client_finish(&client), KERN_SUCCESS);
}

TEST(0, a_mapped_copy_of_an_object_keeps_its_data_from_the_object)
{
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE), copy = 0;
    struct client client;
    struct kernel_message message;

    for (vm_offset_t offset = 0; offset < 2 * PAGE_SIZE; offset += PAGE_SIZE) {
        client_read(&client, address + offset);
        EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
        manager_supply_plain(&manager, offset, PAGE_SIZE, 1);
        client_finish(&client);
    }
    CHECK_OK(vm_map(SELF, &copy, 2 * PAGE_SIZE, 0, TRUE, manager.object, 0, TRUE, VM_PROT_DEFAULT,
                    VM_PROT_ALL, VM_INHERIT_COPY));
    pattern_fill(copy, 2 * PAGE_SIZE, 2, 0);
    pattern_check(address, 2 * PAGE_SIZE, 1, 0);
    pattern_fill(address, 2 * PAGE_SIZE, 3, 0);
    pattern_check(copy, 2 * PAGE_SIZE, 2, 0);
}

TEST(227, a_child_of_an_object_that_is_not_ready_can_be_given_up_and_made_later)
{
    struct manager manager;
    vm_address_t address = map_silent(&manager, PAGE_SIZE);
    struct kernel_message message;
    struct client client;
    task_t child = MACH_PORT_NULL, other;
    uint64_t word;

    client_call(&client, fork_it, &child);
    client_expect_blocked(&client, 100);
    CHECK_OK(task_create(SELF, FALSE, &other)); /* others are not disturbed */
    CHECK_OK(task_terminate(other));
    CHECK_OK(thread_abort(client.thread));
    CHECK(client_finish(&client) != KERN_SUCCESS);

    client_call(&client, fork_it, &child);
    client_expect_blocked(&client, 50);
    manager_accept(&manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 1);
    CHECK_EQ(client_finish(&client), KERN_SUCCESS);
    CHECK_OK(child_read(child, address, &word));
    CHECK_EQ(word, pattern_word(1, 0));
    CHECK_OK(task_terminate(child));
}

TEST(228, a_child_of_an_object_whose_manager_died_is_made_and_its_touch_fails)
{
    struct manager manager;
    vm_address_t address = map_silent(&manager, 2 * PAGE_SIZE);
    struct client client;
    task_t child = MACH_PORT_NULL;
    mach_msg_type_number_t count;
    vm_offset_t data;

    client_call(&client, fork_it, &child);
    client_expect_blocked(&client, 50);
    CHECK_OK(mach_port_mod_refs(SELF, manager.object, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(client_finish(&client), KERN_SUCCESS);
    /* What was read of the child is a copy in its turn: it is there, and fails when touched. */
    CHECK_OK(vm_read(child, address, PAGE_SIZE, &data, &count));
    client_read(&client, data);
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, data);
    client_end(&client);
    CHECK_OK(task_terminate(child));
}

TEST(228, copies_and_messages_of_a_dead_managers_memory_do_not_hang)
{
    struct manager manager;
    struct client client;

    the_address = map_silent(&manager, 20 * PAGE_SIZE);
    the_size = 20 * PAGE_SIZE;
    the_port = port_make(TRUE);
    CHECK_OK(mach_port_mod_refs(SELF, manager.object, MACH_PORT_RIGHT_RECEIVE, -1));
    client_call(&client, send_it, NULL);
    CHECK_EQ(client_finish(&client), MACH_MSG_SUCCESS);
    client_read(&client, the_address);
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, the_address);
    client_end(&client);
}
