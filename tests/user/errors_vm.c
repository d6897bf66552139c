/* SPDX-License-Identifier: BSD-2-Clause */
/* Every error that the description of a call about a task's memory names (spec/vm.md 1). */
#include "audit.h"
#include "test.h"

#define SELF    mach_task_self()
#define OUTSIDE (1ul << 47) /* the first address that no task has */
#define FAR     (~0ul - 2 * PAGE_SIZE + 1)

/* Pages, in this order: writable, only readable, unreadable, a hole. */
static vm_address_t area;
#define READABLE   (area + PAGE_SIZE)
#define UNREADABLE (area + 2 * PAGE_SIZE)
#define HOLE       (area + 3 * PAGE_SIZE)

static void make_area(void)
{
    CHECK_OK(vm_allocate(SELF, &area, 6 * PAGE_SIZE, TRUE));
    memset((void *)area, 1, 6 * PAGE_SIZE);
    CHECK_OK(vm_protect(SELF, READABLE, PAGE_SIZE, TRUE, VM_PROT_READ));
    CHECK_OK(vm_protect(SELF, UNREADABLE, PAGE_SIZE, FALSE, VM_PROT_NONE));
    CHECK_OK(vm_deallocate(SELF, HOLE, 3 * PAGE_SIZE));
    audit_begin();
}

TEST(199, ranges_that_cannot_be_are_refused)
{
    vm_address_t at;

    make_area();
    at = area;
    REFUSED(vm_allocate(SELF, &at, PAGE_SIZE, FALSE), KERN_NO_SPACE);
    at = OUTSIDE;
    REFUSED(vm_allocate(SELF, &at, PAGE_SIZE, FALSE), KERN_INVALID_ADDRESS);
    at = FAR;
    REFUSED(vm_allocate(SELF, &at, 4 * PAGE_SIZE, FALSE), KERN_INVALID_ADDRESS);
    REFUSED(vm_allocate(SELF, &at, ~0ul, TRUE), KERN_NO_SPACE);
    REFUSED(vm_deallocate(SELF, OUTSIDE, PAGE_SIZE), KERN_INVALID_ADDRESS);
    REFUSED(vm_deallocate(SELF, FAR, 4 * PAGE_SIZE), KERN_INVALID_ADDRESS);
    REFUSED(vm_protect(SELF, OUTSIDE, PAGE_SIZE, FALSE, VM_PROT_READ), KERN_INVALID_ADDRESS);
    REFUSED(vm_protect(SELF, area, PAGE_SIZE, FALSE, 0x100), KERN_INVALID_ARGUMENT);
    REFUSED(vm_protect(SELF, area, 2 * PAGE_SIZE, FALSE, VM_PROT_WRITE), KERN_PROTECTION_FAILURE);
    REFUSED(vm_inherit(SELF, OUTSIDE, PAGE_SIZE, VM_INHERIT_NONE), KERN_INVALID_ADDRESS);
    REFUSED(vm_inherit(SELF, area, PAGE_SIZE, 3), KERN_INVALID_ARGUMENT);
}

TEST(203, contents_that_cannot_be_read_or_written_are_refused)
{
    vm_offset_t data = 0;
    mach_msg_type_number_t count = 0;

    make_area();
    REFUSED(vm_read(SELF, HOLE, PAGE_SIZE, &data, &count), KERN_INVALID_ADDRESS);
    REFUSED(vm_read(SELF, READABLE, 3 * PAGE_SIZE, &data, &count), KERN_PROTECTION_FAILURE);
    REFUSED(vm_read(SELF, UNREADABLE, PAGE_SIZE, &data, &count), KERN_PROTECTION_FAILURE);
    REFUSED(vm_read(SELF, FAR, 4 * PAGE_SIZE, &data, &count), KERN_INVALID_ADDRESS);
    REFUSED(vm_read(SELF, area, 1ul << 32, &data, &count), KERN_INVALID_ARGUMENT);
    REFUSED(vm_write(SELF, HOLE, area, PAGE_SIZE), KERN_INVALID_ADDRESS);
    REFUSED(vm_write(SELF, READABLE, area, PAGE_SIZE), KERN_PROTECTION_FAILURE);
    REFUSED(vm_write(SELF, area, HOLE, PAGE_SIZE), MACH_SEND_INVALID_MEMORY);
    REFUSED(vm_copy(SELF, area + 1, PAGE_SIZE, READABLE), KERN_INVALID_ARGUMENT);
    REFUSED(vm_copy(SELF, area, 100, READABLE), KERN_INVALID_ARGUMENT);
    REFUSED(vm_copy(SELF, area, PAGE_SIZE, READABLE), KERN_PROTECTION_FAILURE);
    REFUSED(vm_copy(SELF, area, PAGE_SIZE, HOLE), KERN_INVALID_ADDRESS);
    REFUSED(vm_copy(SELF, HOLE, PAGE_SIZE, area), KERN_INVALID_ADDRESS);
    REFUSED(vm_copy(SELF, UNREADABLE, PAGE_SIZE, area), KERN_PROTECTION_FAILURE);
}

TEST(206, mappings_that_cannot_be_are_refused)
{
    mach_port_t object = port_make(TRUE), none = MACH_PORT_NULL;
    vm_address_t at = 0, taken;

    make_area();
    taken = area;
#define MAP(address, size, anywhere, port, offset, now, max, inherit)                              \
    vm_map(SELF, address, size, 0, anywhere, port, offset, FALSE, now, max, inherit)
    REFUSED(MAP(&at, 0, TRUE, none, 0, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(MAP(&at, PAGE_SIZE, TRUE, none, 0, VM_PROT_ALL, VM_PROT_READ, VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(MAP(&at, PAGE_SIZE, TRUE, none, 0, VM_PROT_READ, 0x100, VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(MAP(&at, PAGE_SIZE, TRUE, none, 0, VM_PROT_READ, VM_PROT_ALL, 9), KERN_INVALID_ARGUMENT);
    REFUSED(MAP(&at, PAGE_SIZE, TRUE, object, 1, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(MAP(&at, 2 * PAGE_SIZE, TRUE, object, FAR, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(MAP(&at, PAGE_SIZE, TRUE, SELF, 0, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(MAP(&at, ~0ul, TRUE, none, 0, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY), KERN_NO_SPACE);
    REFUSED(MAP(&taken, PAGE_SIZE, FALSE, none, 0, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
            KERN_NO_SPACE);
    at = OUTSIDE;
    REFUSED(MAP(&at, PAGE_SIZE, FALSE, none, 0, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
            KERN_INVALID_ADDRESS);
}

TEST(207, what_is_not_there_has_no_region_and_no_attribute)
{
    vm_address_t at = OUTSIDE - PAGE_SIZE;
    vm_size_t size;
    vm_prot_t protection, max;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;
    vm_machine_attribute_val_t value = MATTR_VAL_CACHE_FLUSH;

    make_area();
    REFUSED(vm_region(SELF, &at, &size, &protection, &max, &inherit, &shared, &name, &offset),
            KERN_INVALID_ADDRESS);
    REFUSED(vm_machine_attribute(SELF, area, PAGE_SIZE, 99, &value), KERN_INVALID_ARGUMENT);
    REFUSED(vm_machine_attribute(SELF, OUTSIDE, PAGE_SIZE, MATTR_CACHE, &value),
            KERN_INVALID_ADDRESS);
    value = 99;
    REFUSED(vm_machine_attribute(SELF, area, PAGE_SIZE, MATTR_CACHE, &value), KERN_INVALID_ARGUMENT);
    value = MATTR_VAL_CACHE_FLUSH;
    CHECK_OK(vm_machine_attribute(SELF, area, PAGE_SIZE, MATTR_CACHE, &value));
}

TEST(208, wiring_that_cannot_be_is_refused)
{
    rpc_phys_addr_t pages[8], *list = pages;
    mach_msg_type_number_t count = 8;
    rpc_phys_addr_t physical;
    vm_address_t at = 0;

    make_area();
    REFUSED(vm_wire(SELF, SELF, area, PAGE_SIZE, VM_PROT_READ), KERN_INVALID_HOST);
    REFUSED(vm_wire(test_host_port, MACH_PORT_NULL, area, PAGE_SIZE, VM_PROT_READ), KERN_INVALID_TASK);
    REFUSED(vm_wire(test_host_port, SELF, area, PAGE_SIZE, 0x100), KERN_INVALID_ARGUMENT);
    REFUSED(vm_wire(test_host_port, SELF, HOLE, PAGE_SIZE, VM_PROT_READ), KERN_NO_SPACE);
    REFUSED(vm_wire(test_host_port, SELF, READABLE, PAGE_SIZE, VM_PROT_WRITE),
            KERN_PROTECTION_FAILURE);
    REFUSED(vm_wire_all(SELF, SELF, VM_WIRE_CURRENT), KERN_INVALID_HOST);
    REFUSED(vm_wire_all(test_host_port, MACH_PORT_NULL, VM_WIRE_CURRENT), KERN_INVALID_TASK);
    REFUSED(vm_wire_all(test_host_port, SELF, 0x100), KERN_INVALID_ARGUMENT);
    REFUSED(vm_allocate_contiguous(SELF, SELF, &at, &physical, PAGE_SIZE, 0, ~0ul, 0),
            KERN_INVALID_HOST);
    REFUSED(vm_allocate_contiguous(test_host_port, MACH_PORT_NULL, &at, &physical, PAGE_SIZE, 0, ~0ul,
                                   0),
            KERN_INVALID_TASK);
    REFUSED(vm_allocate_contiguous(test_host_port, SELF, &at, &physical, 0, 0, ~0ul, 0),
            KERN_INVALID_ARGUMENT);
    REFUSED(vm_allocate_contiguous(test_host_port, SELF, &at, &physical, PAGE_SIZE, 1, ~0ul, 0),
            KERN_INVALID_ARGUMENT);
    REFUSED(vm_allocate_contiguous(test_host_port, SELF, &at, &physical, 1ul << 40, 0, ~0ul, 0),
            KERN_RESOURCE_SHORTAGE);
    REFUSED(vm_pages_phys(SELF, SELF, area, PAGE_SIZE, &list, &count), KERN_INVALID_HOST);
    REFUSED(vm_pages_phys(test_host_port, MACH_PORT_NULL, area, PAGE_SIZE, &list, &count),
            KERN_INVALID_TASK);
    REFUSED(vm_pages_phys(test_host_port, SELF, area + 1, PAGE_SIZE, &list, &count),
            KERN_INVALID_ARGUMENT);
    REFUSED(vm_pages_phys(test_host_port, SELF, OUTSIDE, PAGE_SIZE, &list, &count),
            KERN_INVALID_ADDRESS);
}

TEST(211, the_cache_of_objects_is_counted)
{
    vm_cache_statistics_data_t statistics;

    CHECK_OK(vm_cache_statistics(SELF, &statistics));
    CHECK(statistics.active_tmp_count + statistics.inactive_tmp_count > 0);
}
