/* SPDX-License-Identifier: BSD-2-Clause */
/* What porthole_objects tells of requests between kernel and manager that are under way. */
#include "test.h"

#define SELF mach_task_self()

/* The object behind an address. */
static porthole_object_t look_at(vm_address_t address)
{
    porthole_object_t found = {0};
    porthole_object_array_t objects;
    mach_msg_type_number_t count;
    vm_region_info_t region;
    mach_port_t name;

    CHECK_OK(mach_vm_region_info(SELF, address, &region, &name));
    CHECK_OK(mach_port_deallocate(SELF, name));
    CHECK_OK(porthole_objects(test_host_port, &objects, &count));
    for (unsigned i = 0; i < count; i++)
        if (objects[i].identity == region.vri_object)
            found = objects[i];
    CHECK_EQ(found.identity, region.vri_object);
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)objects, count * sizeof *objects));
    return found;
}

static void supply(struct manager *manager, vm_prot_t lock)
{
    CHECK_OK(manager_supply(manager, 0, PAGE_SIZE, 1, lock, FALSE, MACH_PORT_NULL, 0));
}

TEST(0, a_request_is_told_as_unread_and_unanswered)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    client_expect_blocked(&client, 0);
    CHECK_EQ(look_at(address).unread, 1);
    CHECK_EQ(look_at(address).requested, 1);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_EQ(look_at(address).unread, 0);
    CHECK_EQ(look_at(address).requested, 1);
    supply(&manager, VM_PROT_NONE);
    client_finish(&client);
    CHECK_EQ(look_at(address).requested, 0);
    CHECK_EQ(look_at(address).clean, 1);
    client_end(&client);
}

TEST(0, access_that_was_asked_for_is_told)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    supply(&manager, VM_PROT_WRITE);
    client_finish(&client);
    client_end(&client);
    CHECK_EQ(look_at(address).unlocking, 0);
    client_write(&client, address, 1);
    EXPECT_MESSAGE(manager.object, ID_DATA_UNLOCK, &message);
    CHECK_EQ(look_at(address).unlocking, 1);
    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE,
                                        VM_PROT_NONE, MACH_PORT_NULL));
    client_finish(&client);
    CHECK_EQ(look_at(address).unlocking, 0);
    client_end(&client);
}

TEST(0, a_flush_that_waits_for_a_wired_page_is_told)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    mach_port_t reply = port_make(TRUE);
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    supply(&manager, VM_PROT_NONE);
    client_finish(&client);
    client_end(&client);
    CHECK_OK(vm_wire(test_host_port, SELF, address, PAGE_SIZE, VM_PROT_READ));
    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, TRUE,
                                        VM_PROT_NO_CHANGE, reply));
    CHECK_EQ(look_at(address).flushing, 1);
    CHECK_OK(vm_wire(test_host_port, SELF, address, PAGE_SIZE, VM_PROT_NONE));
    EXPECT_MESSAGE(reply, ID_LOCK_COMPLETED, &message);
    CHECK_EQ(look_at(address).flushing, 0);
}

static uint64_t synchronize(void *address)
{
    return (uint64_t)vm_msync(SELF, (vm_address_t)address, PAGE_SIZE, VM_SYNC_SYNCHRONOUS);
}

TEST(0, a_synchronization_that_the_manager_has_not_confirmed_is_told)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_call(&client, synchronize, (void *)address);
    EXPECT_MESSAGE(manager.object, ID_SYNCHRONIZE, &message);
    CHECK_EQ(look_at(address).synchronizing, 1);
    CHECK_OK(memory_object_synchronize_completed(manager.control, message.offset, message.length));
    CHECK_EQ(client_finish(&client), KERN_SUCCESS);
    CHECK_EQ(look_at(address).synchronizing, 0);
    client_end(&client);
}
