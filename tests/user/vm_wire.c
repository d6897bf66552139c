/* SPDX-License-Identifier: BSD-2-Clause */
/* Wired memory. */
#include "test.h"

#define SELF mach_task_self()

static vm_address_t allocate(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(SELF, &address, size, TRUE));
    return address;
}

static int wired_pages(void)
{
    struct vm_statistics statistics;

    memory_statistics(&statistics);
    return statistics.wire_count;
}

TEST(208, wired_memory_is_counted_and_unwired_memory_is_not)
{
    vm_address_t address = allocate(32 * PAGE_SIZE);
    int before = wired_pages();

    CHECK_OK(vm_wire(test_host_port, SELF, address, 32 * PAGE_SIZE, VM_PROT_READ));
    CHECK(wired_pages() >= before + 32);
    CHECK_OK(vm_wire(test_host_port, SELF, address, PAGE_SIZE, VM_PROT_READ));
    CHECK_OK(vm_wire(test_host_port, SELF, address, 32 * PAGE_SIZE, VM_PROT_NONE));
    CHECK(wired_pages() >= before + 1 && wired_pages() < before + 8);
    CHECK_OK(vm_wire(test_host_port, SELF, address, PAGE_SIZE, VM_PROT_NONE));
    CHECK(wired_pages() < before + 7);
    CHECK_OK(vm_wire(test_host_port, SELF, address, 32 * PAGE_SIZE, VM_PROT_READ));
    CHECK_OK(vm_deallocate(SELF, address, 32 * PAGE_SIZE));
    CHECK(wired_pages() < before + 7);
}

TEST(208, wiring_that_fails_is_undone)
{
    vm_address_t address = allocate(16 * PAGE_SIZE);
    int before = wired_pages();
    struct vm_statistics statistics;
    vm_address_t large;

    CHECK_OK(vm_deallocate(SELF, address + 12 * PAGE_SIZE, PAGE_SIZE));
    CHECK_RETURNS(vm_wire(test_host_port, SELF, address, 16 * PAGE_SIZE, VM_PROT_READ),
                  KERN_NO_SPACE);
    CHECK_OK(vm_protect(SELF, address + 11 * PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_NONE));
    CHECK_RETURNS(vm_wire(test_host_port, SELF, address, 12 * PAGE_SIZE, VM_PROT_READ),
                  KERN_PROTECTION_FAILURE);
    memory_statistics(&statistics);
    large = allocate((vm_size_t)statistics.free_count * PAGE_SIZE * 2);
    CHECK_RETURNS(vm_wire(test_host_port, SELF, large,
                          (vm_size_t)statistics.free_count * PAGE_SIZE * 2, VM_PROT_READ),
                  KERN_RESOURCE_SHORTAGE);
    CHECK(wired_pages() < before + 8);
}

TEST(208, a_manager_that_fails_undoes_the_wiring_before_it)
{
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    int before = wired_pages();
    struct client client;
    struct range {
        vm_address_t address;
    } range = {address};
    struct kernel_message message;
    uint64_t wire(void *argument)
    {
        struct range *wired = argument;

        return (uint64_t)vm_wire(test_host_port, SELF, wired->address, 2 * PAGE_SIZE,
                                 VM_PROT_READ);
    }

    client_call(&client, wire, &range);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 1);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    CHECK_OK(memory_object_data_error(manager.control, PAGE_SIZE, PAGE_SIZE, KERN_FAILURE));
    CHECK_EQ(client_finish(&client), KERN_MEMORY_ERROR);
    CHECK(wired_pages() < before + 8);
    pattern_check(address, PAGE_SIZE, 1, 0);
}

/* As GNU Mach: 8 MiB of a task. */
TEST(208, the_plain_host_port_wires_a_little)
{
    vm_size_t some = 64 * PAGE_SIZE, most = 8u << 20;
    vm_address_t address = allocate(most + PAGE_SIZE);
    mach_port_t host = mach_host_self();

    CHECK_OK(vm_wire(host, SELF, address, some, VM_PROT_READ));
    CHECK_RETURNS(vm_wire(host, SELF, address + some, most, VM_PROT_READ), KERN_NO_ACCESS);
    CHECK_RETURNS(vm_wire(host, SELF, address, ~0ul, VM_PROT_READ), KERN_NO_ACCESS);
    CHECK_OK(vm_wire(host, SELF, address, some, VM_PROT_NONE));
    CHECK_RETURNS(vm_wire(host, SELF, address, most + PAGE_SIZE, VM_PROT_READ), KERN_NO_ACCESS);
    CHECK_RETURNS(vm_wire_all(host, SELF, VM_WIRE_ALL), KERN_INVALID_HOST);
}

/* boot: memory=32 disk=32 with=disk,default_pager timeout=60 */
TEST(208, wired_pages_stay_under_pressure_and_go_when_unwired)
{
    vm_address_t wired = allocate(64 * PAGE_SIZE);
    struct pressure pressure;
    rpc_phys_addr_t before[64], after[64];
    mach_msg_type_number_t count = 64;
    rpc_phys_addr_array_t pages = before;
    unsigned moved = 0;

    pattern_fill(wired, 64 * PAGE_SIZE, 9, 0);
    CHECK_OK(vm_wire(test_host_port, SELF, wired, 64 * PAGE_SIZE, VM_PROT_DEFAULT));
    CHECK_OK(vm_pages_phys(test_host_port, SELF, wired, 64 * PAGE_SIZE, &pages, &count));
    memcpy(before, pages, sizeof before);
    pressure_make(&pressure, 0, 8500);
    pages = after;
    CHECK_OK(vm_pages_phys(test_host_port, SELF, wired, 64 * PAGE_SIZE, &pages, &count));
    memcpy(after, pages, sizeof after);
    for (unsigned i = 0; i < 64; i++)
        CHECK_EQ(before[i], after[i]);
    pattern_check(wired, 64 * PAGE_SIZE, 9, 0);
    CHECK_OK(vm_wire(test_host_port, SELF, wired, 64 * PAGE_SIZE, VM_PROT_NONE));
    pressure_end(&pressure);
    pressure_make(&pressure, 0, 8500);
    pages = after;
    CHECK_OK(vm_pages_phys(test_host_port, SELF, wired, 64 * PAGE_SIZE, &pages, &count));
    memcpy(after, pages, sizeof after);
    for (unsigned i = 0; i < 64; i++)
        moved += before[i] != after[i];
    CHECK(moved > 0);
    pattern_check(wired, 64 * PAGE_SIZE, 9, 0);
}

TEST(0, a_child_of_wired_memory_gets_a_copy_and_the_parent_no_fault)
{
    vm_address_t address = allocate(4 * PAGE_SIZE);
    task_t child;

    pattern_fill(address, 4 * PAGE_SIZE, 1, 0);
    CHECK_OK(vm_wire(test_host_port, SELF, address, 4 * PAGE_SIZE, VM_PROT_DEFAULT));
    CHECK_OK(task_create(SELF, TRUE, &child));
    pattern_fill(address, 4 * PAGE_SIZE, 2, 0);
    pattern_check(address, 4 * PAGE_SIZE, 2, 0);
    CHECK_OK(task_terminate(child));
    CHECK_OK(vm_deallocate(SELF, address, 4 * PAGE_SIZE));
}

TEST(0, memory_that_comes_after_wire_all_is_wired)
{
    int before = wired_pages();
    vm_address_t address;

    CHECK_OK(vm_wire_all(test_host_port, SELF, VM_WIRE_ALL));
    CHECK(wired_pages() > before);
    before = wired_pages();
    address = allocate(16 * PAGE_SIZE);
    CHECK(wired_pages() >= before + 16);
    CHECK_OK(vm_deallocate(SELF, address, 16 * PAGE_SIZE));
    CHECK(wired_pages() < before + 8);
    CHECK_OK(vm_wire_all(test_host_port, SELF, VM_WIRE_NONE));
    CHECK(wired_pages() < before);
}

TEST(0, contiguous_memory_is_zero_wired_and_where_it_says)
{
    vm_address_t address;
    rpc_phys_addr_t physical, found[8];
    rpc_phys_addr_array_t pages = found;
    mach_msg_type_number_t count = 8;

    CHECK_OK(vm_allocate_contiguous(test_host_port, SELF, &address, &physical, 8 * PAGE_SIZE, 0,
                                    0x100000000, 0x4000));
    CHECK_EQ(physical & 0x3fff, 0);
    for (unsigned i = 0; i < 8 * PAGE_SIZE; i++)
        CHECK_EQ(((char *)address)[i], 0);
    CHECK_OK(vm_pages_phys(test_host_port, SELF, address, 8 * PAGE_SIZE, &pages, &count));
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(pages[i], physical + i * PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, address, 8 * PAGE_SIZE));
    CHECK_RETURNS(vm_allocate_contiguous(test_host_port, SELF, &address, &physical, 0, 0, 0, 0),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_allocate_contiguous(test_host_port, SELF, &address, &physical,
                                         ~(vm_size_t)0, 0, 0, 0),
                  KERN_RESOURCE_SHORTAGE);
}

static uint64_t wire_for_writing(void *address)
{
    return (uint64_t)vm_wire(test_host_port, mach_task_self(), (vm_address_t)address, PAGE_SIZE, VM_PROT_WRITE);
}

/* What is mapped for writing can be read: so it is asked for. */
TEST(208, wiring_for_writing_asks_for_what_is_locked_against_reading)
{
    struct manager manager;
    struct kernel_message message;
    struct client reader, wirer;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&reader, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, 208, VM_PROT_READ, FALSE, MACH_PORT_NULL, 0));
    EXPECT_MESSAGE(manager.object, ID_DATA_UNLOCK, &message);
    client_call(&wirer, wire_for_writing, (void *)address);
    client_expect_blocked(&wirer, 20);
    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE,
                                        VM_PROT_NONE, MACH_PORT_NULL));
    CHECK_OK((kern_return_t)client_finish(&wirer));
    client_finish(&reader);
    CHECK_OK(vm_wire(test_host_port, mach_task_self(), address, PAGE_SIZE, VM_PROT_NONE));
}
