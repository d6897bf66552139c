/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel refuses of a memory manager; the data and the reply right of a refused call are gone. */
#include "audit.h"
#include "test.h"

#define SELF       mach_task_self()
#define OFF        (PAGE_SIZE + 8) /* no offset of a page */
#define FAR        (~0ul - PAGE_SIZE + 1)
#define NO_REPLY   MACH_PORT_NULL, MACH_MSG_TYPE_MAKE_SEND
#define REPLY      reply, MACH_MSG_TYPE_MAKE_SEND_ONCE

static struct manager manager;
static vm_address_t address;
static mach_port_t reply;

static void make_manager(void)
{
    address = manager_start(&manager, 0, 4 * PAGE_SIZE);
    reply = port_make(FALSE);
    audit_begin();
}

/* One-way calls tell nothing but by what they do: their reply right comes back unused (71). */
static void destroyed(const char *call)
{
    struct kernel_message message;

    EXPECT_MESSAGE(reply, MACH_NOTIFY_SEND_ONCE, &message);
    audit_refused(__FILE__, __LINE__, call, KERN_SUCCESS, KERN_SUCCESS);
}
#define DESTROYED(call)                                                                            \
    do {                                                                                           \
        CHECK_OK(call);                                                                            \
        destroyed(#call);                                                                          \
    } while (0)

TEST(219, lock_requests_without_sense_are_destroyed)
{
    mach_port_t control;

    make_manager();
    control = manager.control;
    DESTROYED(memory_object_lock_request_poly(control, OFF, PAGE_SIZE, 0, FALSE, VM_PROT_NONE, REPLY));
    DESTROYED(memory_object_lock_request_poly(control, 0, PAGE_SIZE, 4, FALSE, VM_PROT_NONE, REPLY));
    DESTROYED(memory_object_lock_request_poly(control, 0, PAGE_SIZE, -1, FALSE, VM_PROT_NONE, REPLY));
    DESTROYED(memory_object_lock_request_poly(control, 0, PAGE_SIZE, 0, FALSE, 0x10, REPLY));
    DESTROYED(memory_object_lock_request_poly(control, FAR, 2 * PAGE_SIZE, 0, FALSE, VM_PROT_NONE, REPLY));
    DESTROYED(xxx_memory_object_lock_request_poly(control, OFF, PAGE_SIZE, FALSE, FALSE, VM_PROT_NONE,
                                                  REPLY));
}

static kern_return_t supply(vm_offset_t offset, vm_prot_t lock)
{
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(SELF, &data, PAGE_SIZE, TRUE));
    memset((void *)data, 7, PAGE_SIZE);
    return memory_object_data_supply_poly(manager.control, offset, data, PAGE_SIZE, TRUE, lock, TRUE,
                                          REPLY);
}

TEST(219, supplies_without_sense_are_destroyed)
{
    make_manager();
    DESTROYED(supply(OFF, VM_PROT_NONE));
    DESTROYED(supply(0, 0x10));
    DESTROYED(supply(FAR, VM_PROT_NONE));
}

TEST(219, attributes_without_sense_are_destroyed)
{
    struct memory_object_attr_info info = {.copy_strategy = 99};
    struct memory_object_attr_info found;
    mach_msg_type_number_t count = 1;

    make_manager();
    DESTROYED(memory_object_change_attributes_poly(manager.control, FALSE, 99, REPLY));
    DESTROYED(memory_object_change_attributes_flavor_poly(
        manager.control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&info,
        MEMORY_OBJECT_ATTR_INFO_COUNT, REPLY));
    DESTROYED(memory_object_change_attributes_flavor_poly(manager.control, 99,
                                                          (memory_object_info_t)&info, 1, REPLY));
    REFUSED(memory_object_get_attributes_flavor(manager.control, 99, (memory_object_info_t)&found,
                                                &count),
            KERN_INVALID_ARGUMENT);
    REFUSED(memory_object_get_attributes_flavor(manager.control, MEMORY_OBJECT_ATTRIBUTE_INFO,
                                                (memory_object_info_t)&found, &count),
            KERN_INVALID_ARGUMENT);
}

/* Nothing answers these: what they were to do has not been done. */
TEST(219, answers_without_sense_change_nothing)
{
    struct client client;
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    make_manager();
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(manager.control, OFF, PAGE_SIZE));
    CHECK_OK(memory_object_data_unavailable(manager.control, FAR, 2 * PAGE_SIZE));
    CHECK_OK(memory_object_data_error(manager.control, OFF, PAGE_SIZE, KERN_FAILURE));
    CHECK_OK(memory_object_data_error(manager.control, FAR, 2 * PAGE_SIZE, KERN_FAILURE));
    CHECK_OK(memory_object_ready(manager.control, TRUE, 99));
    CHECK_OK(memory_object_set_attributes(manager.control, TRUE, TRUE, 99));
    client_expect_blocked(&client, 20);
    CHECK_OK(memory_object_get_attributes(manager.control, &ready, &may_cache, &strategy));
    CHECK(ready && !may_cache);
    CHECK_EQ(strategy, MEMORY_OBJECT_COPY_DELAY);
    CHECK_OK(memory_object_data_unavailable(manager.control, 0, PAGE_SIZE));
    CHECK_EQ(client_finish(&client), 0);
}

TEST(219, the_default_manager_is_not_changed_by_who_may_not)
{
    mach_port_t port = port_make(TRUE), host = mach_host_self();

    audit_begin();
    port = MACH_PORT_NULL;
    REFUSED(vm_set_default_memory_manager(host, &port), KERN_INVALID_HOST);
    REFUSED(host_default_memory_manager(host, &port, 0), KERN_INVALID_HOST);
}

TEST(219, an_object_is_synchronised_by_its_name)
{
    struct kernel_message message;
    struct client client;

    make_manager();
    REFUSED(vm_object_sync(manager.name, FAR, 2 * PAGE_SIZE, FALSE, TRUE, TRUE), KERN_INVALID_ARGUMENT);
    client_write(&client, address, 42);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 1);
    client_finish(&client);
    CHECK_OK(vm_object_sync(manager.name, 0, PAGE_SIZE, FALSE, TRUE, TRUE));
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(*(uint64_t *)message.data, 42);
    CHECK(message.dirty);
}

TEST(0, regions_of_a_task_are_told_by_its_identity)
{
    porthole_task_array_t tasks = NULL;
    porthole_region_array_t regions = NULL;
    mach_msg_type_number_t task_count = 0, count = 0;

    CHECK_OK(porthole_tasks(test_host_port, &tasks, &task_count));
    CHECK(task_count > 1);
    CHECK_OK(porthole_regions(test_host_port, tasks[task_count - 1].identity, &regions, &count));
    CHECK(count > 0);
    audit_begin();
    REFUSED(porthole_regions(test_host_port, 1, &regions, &count), KERN_INVALID_ARGUMENT);
}
