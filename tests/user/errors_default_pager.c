/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls to the default pager: lists of what it keeps, its backing stores, and what it refuses. */
#include "paging.h"
#include "test.h"

#define SELF        mach_task_self()
#define PAGES       4
#define FLAVOR_NONE 99

static mach_port_t pager, manager;

static void find_pager(void)
{
    pager = pager_port();
    manager = MACH_PORT_NULL;
    CHECK_OK(vm_set_default_memory_manager(test_host_port, &manager));
}

/* A name that the pager has for the object of a region. */
static mach_port_t name_of(vm_address_t address)
{
    vm_size_t size;
    vm_prot_t protection, max;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name = MACH_PORT_NULL;
    vm_offset_t offset;

    CHECK_OK(vm_region(SELF, &address, &size, &protection, &max, &inherit, &shared, &name, &offset));
    return name;
}

static mach_port_t listed; /* name of the object whose pages are asked for */

static boolean_t all_listed(void *argument)
{
    default_pager_page_t some[8], *pages = some;
    mach_msg_type_number_t count = 8;

    (void)argument;
    CHECK_OK(default_pager_object_pages(pager, listed, &pages, &count));
    CHECK(count <= PAGES);
    return count == PAGES;
}

/* boot: memory=48 disk=16 with=disk,default_pager */
TEST(148, the_pager_lists_objects_and_their_pages)
{
    default_pager_object_t some_objects[8], *objects = some_objects;
    default_pager_page_t some_pages[8], *pages = some_pages;
    mach_port_t some_ports[8], *ports = some_ports, object, name;
    mach_msg_type_number_t object_count = 8, port_count = 8, page_count = 8;
    vm_address_t address = 0;

    find_pager();
    CHECK_OK(default_pager_object_create(pager, &object, PAGES * PAGE_SIZE));
    CHECK_OK(vm_map(SELF, &address, PAGES * PAGE_SIZE, 0, TRUE, object, 0, FALSE, VM_PROT_ALL,
                    VM_PROT_ALL, VM_INHERIT_COPY));
    for (unsigned i = 0; i < PAGES; i++)
        *(volatile uint64_t *)(address + i * PAGE_SIZE) = i;
    pages_evict(address, PAGES * PAGE_SIZE);
    CHECK_OK(default_pager_objects(pager, &objects, &object_count, &ports, &port_count));
    CHECK_EQ(object_count, port_count);
    CHECK(object_count > 0);
    name = name_of(address);
    CHECK(name != MACH_PORT_NULL);
    listed = name;
    CHECK(wait_until(all_listed, NULL, 5000));
    CHECK_RETURNS(default_pager_object_pages(pager, SELF, &pages, &page_count),
                  KERN_INVALID_ARGUMENT);
}

/* boot: memory=48 disk=16 with=disk,default_pager */
TEST(148, the_pager_refuses_stores_without_sense)
{
    struct backing_store_basic_info info;
    mach_msg_type_number_t count = BACKING_STORE_BASIC_INFO_COUNT;
    default_pager_filename_t file = "paging";
    mach_port_t store;

    find_pager();
    CHECK_RETURNS(default_pager_paging_file(pager, test_device_port, file, TRUE), KERN_FAILURE);
    CHECK_RETURNS(default_pager_backing_store_create(pager, 0, 0, &store), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(default_pager_backing_store_create(manager, -1, 0, &store), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(default_pager_backing_store_create(manager, 0, 100, &store), KERN_INVALID_ARGUMENT);
    CHECK_OK(default_pager_backing_store_create(manager, 0, 0, &store));
    CHECK_OK(default_pager_backing_store_info(store, BACKING_STORE_BASIC_INFO,
                                              (backing_store_info_t)&info, &count));
    CHECK_EQ(info.bs_pages_total, 0);
    CHECK_RETURNS(default_pager_backing_store_info(store, FLAVOR_NONE, (backing_store_info_t)&info,
                                                   &count),
                  KERN_INVALID_ARGUMENT);
    count = 1;
    CHECK_RETURNS(default_pager_backing_store_info(store, BACKING_STORE_BASIC_INFO,
                                                   (backing_store_info_t)&info, &count),
                  KERN_INVALID_ARGUMENT);
    CHECK_OK(default_pager_backing_store_delete(store));
    CHECK_RETURNS(default_pager_backing_store_delete(store), MACH_SEND_INVALID_DEST);
}
