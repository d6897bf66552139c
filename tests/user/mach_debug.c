/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_debug: what the kernel tells of rights, maps, objects, pages and its own memory. */
#include <mig/device.h>
#include <mig/mach_debug.h>
#include <mig/mach_host.h>

#include "test.h"

/* ---- rights */

TEST(0, a_receive_right_tells_its_send_rights_and_dead_name_requests)
{
    mach_port_t task = mach_task_self(), port = port_make(TRUE);
    mach_port_rights_t rights;
    unsigned total, used;

    CHECK_OK(mach_port_get_srights(task, port, &rights));
    CHECK_EQ(rights, 1);
    CHECK_OK(mach_port_insert_right(task, port, port, MACH_MSG_TYPE_MAKE_SEND));
    CHECK_OK(mach_port_get_srights(task, port, &rights));
    CHECK_EQ(rights, 1); /* two references of one right */
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    CHECK_OK(mach_port_get_srights(task, port, &rights));
    CHECK_EQ(rights, 2); /* the destination of the message */
    CHECK_OK(mach_port_dnrequest_info(task, port, &total, &used));
    CHECK_EQ(used, 0);
    port_watch(port, MACH_NOTIFY_DEAD_NAME, 0);
    CHECK_OK(mach_port_dnrequest_info(task, port, &total, &used));
    CHECK_EQ(used, 1);
    CHECK(total >= used);
}

TEST(0, looking_into_rights_refuses_what_is_no_receive_right)
{
    mach_port_t task = mach_task_self(), gone = port_make(FALSE), set;
    unsigned names, total, used;
    mach_port_rights_t rights;

    CHECK_OK(mach_port_destroy(task, gone));
    CHECK_OK(mach_port_allocate(task, MACH_PORT_RIGHT_PORT_SET, &set));
    names = port_name_count();
    CHECK_RETURNS(mach_port_get_srights(test_host_port, set, &rights), KERN_INVALID_TASK);
    CHECK_RETURNS(mach_port_get_srights(task, gone, &rights), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_get_srights(task, task, &rights), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_get_srights(task, set, &rights), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_dnrequest_info(test_host_port, set, &total, &used), KERN_INVALID_TASK);
    CHECK_RETURNS(mach_port_dnrequest_info(task, gone, &total, &used), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_dnrequest_info(task, task, &total, &used), KERN_INVALID_RIGHT);
    CHECK_EQ(port_name_count(), names);
}

static unsigned object_type(mach_port_t port)
{
    vm_offset_t address;
    unsigned type;

    CHECK_OK(mach_port_kernel_object(mach_task_self(), port, &type, &address));
    CHECK((type == 0) == (address == 0));
    return type;
}

TEST(0, a_port_tells_what_it_stands_for_in_the_kernel)
{
    mach_port_t task = mach_task_self(), plain = port_make(TRUE), device, set, once, holder;
    mach_msg_type_name_t received;
    struct manager manager;
    vm_offset_t address;
    unsigned type;

    manager_start(&manager, 0, PAGE_SIZE);
    CHECK_OK(device_open(test_device_port, 0, "time", &device));
    CHECK_OK(processor_set_default(mach_host_self(), &set));
    CHECK_EQ(object_type(plain), 0);
    CHECK_EQ(object_type(thread_self()), 1);
    CHECK_EQ(object_type(task), 2);
    CHECK_EQ(object_type(mach_host_self()), 3);
    CHECK_EQ(object_type(test_host_port), 4);
    CHECK_EQ(object_type(set), 7);
    CHECK_EQ(object_type(manager.object), 8);
    CHECK_EQ(object_type(manager.control), 9);
    CHECK_EQ(object_type(manager.name), 16);
    CHECK_EQ(object_type(device), 10);
    CHECK_EQ(object_type(test_device_port), 19);

    holder = port_make(TRUE);
    CHECK_OK(mach_port_extract_right(task, plain, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &received));
    CHECK_RETURNS(mach_port_kernel_object(task, once, &type, &address), KERN_INVALID_RIGHT);
    CHECK_OK(mach_port_mod_refs(task, holder, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_RETURNS(mach_port_kernel_object(task, holder, &type, &address), KERN_INVALID_RIGHT);
    CHECK_OK(mach_port_deallocate(task, holder));
    CHECK_RETURNS(mach_port_kernel_object(task, holder, &type, &address), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_kernel_object(test_host_port, plain, &type, &address),
                  KERN_INVALID_TASK);
}

/* ---- maps and objects */

static vm_region_info_t region_at(vm_address_t address)
{
    vm_region_info_t region;
    mach_port_t name;

    CHECK_OK(mach_vm_region_info(mach_task_self(), address, &region, &name));
    if (name != MACH_PORT_NULL)
        CHECK_OK(mach_port_deallocate(mach_task_self(), name));
    CHECK(region.vri_end > address);
    return region;
}

TEST(0, regions_are_told_as_vm_region_does_and_more)
{
    vm_address_t address = 0, wired = 0, child = 0;
    unsigned names = port_name_count();
    vm_region_info_t region;
    mach_port_t name;

    CHECK_OK(vm_allocate(mach_task_self(), &wired, 2 * PAGE_SIZE, TRUE));
    CHECK_EQ(region_at(wired).vri_wired_count, 0);
    CHECK_OK(vm_wire(test_host_port, mach_task_self(), wired, PAGE_SIZE, VM_PROT_READ));
    CHECK_EQ(region_at(wired).vri_wired_count, 1);
    CHECK_EQ(region_at(wired + PAGE_SIZE).vri_wired_count, 0);
    child = shared_memory(PAGE_SIZE);
    CHECK_EQ(region_at(child).vri_inheritance, VM_INHERIT_SHARE);
    while (mach_vm_region_info(mach_task_self(), address, &region, &name) == KERN_SUCCESS) {
        vm_address_t same = region.vri_start;
        vm_size_t size;
        vm_prot_t protection, max_protection;
        vm_inherit_t inheritance;
        boolean_t shared;
        mach_port_t other;
        vm_offset_t offset;

        CHECK_OK(vm_region(mach_task_self(), &same, &size, &protection, &max_protection,
                           &inheritance, &shared, &other, &offset));
        CHECK_EQ(same, region.vri_start);
        CHECK_EQ(same + size, region.vri_end);
        CHECK_EQ(protection, region.vri_protection);
        CHECK_EQ(max_protection, region.vri_max_protection);
        CHECK_EQ(inheritance, region.vri_inheritance);
        CHECK_EQ(offset, region.vri_offset);
        CHECK_EQ(name, MACH_PORT_NULL);
        CHECK_EQ(other, MACH_PORT_NULL);
        address = region.vri_end;
    }
    CHECK_RETURNS(mach_vm_region_info(mach_task_self(), address, &region, &name), KERN_NO_SPACE);
    CHECK_RETURNS(mach_vm_region_info(test_host_port, 0, &region, &name), KERN_INVALID_TASK);
    CHECK_EQ(port_name_count(), names);
}

#define OBJECT_PAGES 70 /* more than what a reply holds inline */

static uint64_t touch_all(void *address)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < OBJECT_PAGES; i++)
        sum += *(volatile uint8_t *)((vm_address_t)address + i * PAGE_SIZE);
    return sum;
}

/* The pages of an object: in the array or, if they are more than it holds, out of line. */
static mach_msg_type_number_t object_pages(mach_port_t name, vm_page_info_t *inside,
                                           mach_msg_type_number_t room, vm_page_info_t *first)
{
    vm_page_info_t *pages = inside;
    mach_msg_type_number_t count = room;

    CHECK_OK(mach_vm_object_pages(name, &pages, &count));
    CHECK_EQ(pages != inside, count > room);
    for (unsigned i = 1; i < count; i++)
        CHECK(pages[i].vpi_offset > pages[i - 1].vpi_offset);
    if (count > 0)
        *first = pages[0];
    if (pages != inside)
        CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)pages, count * sizeof *pages));
    return count;
}

TEST(0, an_object_tells_its_state_and_its_pages)
{
    vm_page_info_t inside[64], first;
    vm_page_phys_info_t *physical = NULL;
    mach_msg_type_number_t count = 0;
    mach_port_t shadow, copy;
    vm_object_info_t info;
    struct manager manager;
    struct kernel_message request;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, OBJECT_PAGES * PAGE_SIZE);

    client_read(&client, address + PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &request);
    CHECK_EQ(object_pages(manager.name, inside, 64, &first), 1);
    CHECK_EQ(first.vpi_offset, PAGE_SIZE);
    CHECK_EQ(first.vpi_state & (VPI_STATE_ABSENT | VPI_STATE_BUSY | VPI_STATE_FICTITIOUS),
             VPI_STATE_ABSENT | VPI_STATE_BUSY | VPI_STATE_FICTITIOUS);
    CHECK_OK(manager_supply(&manager, PAGE_SIZE, PAGE_SIZE, 1, VM_PROT_EXECUTE, TRUE,
                            MACH_PORT_NULL, 0));
    client_finish(&client);
    CHECK_EQ(object_pages(manager.name, inside, 64, &first), 1);
    CHECK_EQ(first.vpi_state & (VPI_STATE_PRECIOUS | VPI_STATE_DIRTY | VPI_STATE_ABSENT),
             VPI_STATE_PRECIOUS);
    CHECK_EQ(first.vpi_page_lock, VM_PROT_EXECUTE);
    CHECK(first.vpi_phys_addr != 0);
    *(volatile uint64_t *)(address + PAGE_SIZE) = 5;
    CHECK_EQ(object_pages(manager.name, inside, 64, &first), 1);
    CHECK(first.vpi_state & VPI_STATE_DIRTY);

    CHECK_OK(mach_vm_object_info(manager.name, &info, &shadow, &copy));
    CHECK_EQ(info.voi_pagesize, PAGE_SIZE);
    CHECK_EQ(info.voi_size, OBJECT_PAGES * PAGE_SIZE);
    CHECK_EQ(info.voi_resident_page_count, 1);
    CHECK_EQ(info.voi_object, region_at(address).vri_object);
    CHECK_EQ(info.voi_copy_strategy, MEMORY_OBJECT_COPY_DELAY);
    CHECK_EQ(info.voi_state, VOI_STATE_PAGER_CREATED | VOI_STATE_PAGER_INITIALIZED |
                                 VOI_STATE_PAGER_READY | VOI_STATE_ALIVE);
    CHECK_EQ(shadow, MACH_PORT_NULL);
    CHECK_EQ(copy, MACH_PORT_NULL);

    client_call(&client, touch_all, (void *)address);
    for (unsigned i = 0; i < OBJECT_PAGES; i++) {
        if (i == 1)
            continue;
        EXPECT_REQUEST(&manager, i * PAGE_SIZE, PAGE_SIZE);
        manager_supply_plain(&manager, i * PAGE_SIZE, PAGE_SIZE, 1);
    }
    client_finish(&client);
    unsigned names = port_name_count();
    CHECK_EQ(object_pages(manager.name, inside, 64, &first), OBJECT_PAGES);
    CHECK_OK(mach_vm_object_pages_phys(manager.name, &physical, &count));
    CHECK_EQ(count, OBJECT_PAGES);
    CHECK_EQ(physical[0].vpi_phys_addr, first.vpi_phys_addr);
    CHECK_EQ(port_name_count(), names);
}

TEST(0, looking_into_objects_needs_their_name_port)
{
    unsigned names = port_name_count();
    vm_page_phys_info_t *physical = NULL;
    vm_page_info_t *pages = NULL;
    mach_msg_type_number_t count = 0;
    vm_object_info_t info;
    mach_port_t shadow, copy;

    CHECK_RETURNS(mach_vm_object_info(mach_task_self(), &info, &shadow, &copy),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(mach_vm_object_pages(test_host_port, &pages, &count), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(mach_vm_object_pages_phys(test_host_port, &physical, &count),
                  KERN_INVALID_ARGUMENT);
    CHECK_EQ(port_name_count(), names);
}

/* ---- the kernel's own memory */

static cache_info_t cache_named(const char *name)
{
    cache_info_t *caches = NULL, found = { 0 };
    mach_msg_type_number_t count = 0;

    CHECK_OK(host_slab_info(mach_host_self(), &caches, &count));
    for (unsigned i = 0; i < count; i++) {
        CHECK(caches[i].nr_objs <= caches[i].nr_bufs);
        CHECK_EQ(caches[i].nr_bufs, caches[i].nr_slabs * caches[i].bufs_per_slab);
        CHECK(caches[i].bufs_per_slab * caches[i].buf_size <= caches[i].slab_size);
        if (strcmp(caches[i].name, name) == 0)
            found = caches[i];
    }
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)caches, count * sizeof *caches));
    return found;
}

TEST(0, the_caches_of_kernel_objects_tell_what_is_in_use)
{
    static mach_port_t sets[1000];
    unsigned long before = cache_named("port sets").nr_objs;
    cache_info_t *caches = NULL;
    mach_msg_type_number_t count = 0;

    for (unsigned i = 0; i < 1000; i++)
        CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &sets[i]));
    CHECK_EQ(cache_named("port sets").nr_objs, before + 1000);
    for (unsigned i = 0; i < 1000; i++)
        CHECK_OK(mach_port_destroy(mach_task_self(), sets[i]));
    CHECK_EQ(cache_named("port sets").nr_objs, before);
    CHECK_RETURNS(host_slab_info(mach_task_self(), &caches, &count), KERN_INVALID_HOST);
}

TEST(0, kernel_stacks_are_counted)
{
    vm_size_t reserved, space, resident, deepest;
    unsigned before, total;
    mach_port_t set, thread;
    vm_offset_t stack;

    CHECK_OK(processor_set_default(mach_host_self(), &set));
    CHECK_OK(processor_set_stack_usage(set, &before, &space, &resident, &deepest, &stack));
    CHECK_OK(thread_create(mach_task_self(), &thread));
    CHECK_OK(processor_set_stack_usage(set, &total, &space, &resident, &deepest, &stack));
    CHECK_EQ(total, before + 1);
    CHECK_EQ(space % total, 0);
    CHECK_EQ(resident, space);
    CHECK_OK(host_stack_usage(mach_host_self(), &reserved, &total, &space, &resident, &deepest,
                              &stack));
    CHECK_EQ(reserved, 0);
    CHECK_EQ(resident, space);
    CHECK_RETURNS(host_stack_usage(set, &reserved, &total, &space, &resident, &deepest, &stack),
                  KERN_INVALID_HOST);
    CHECK_RETURNS(processor_set_stack_usage(mach_task_self(), &total, &space, &resident, &deepest,
                                            &stack),
                  KERN_INVALID_ARGUMENT);
}

static unsigned requests_pending(void)
{
    hash_info_bucket_t few[2], *buckets = few;
    mach_msg_type_number_t count = 2;
    unsigned max_requests, sum = 0;

    CHECK_OK(host_ipc_marequest_info(mach_host_self(), &max_requests, &buckets, &count));
    CHECK(count > 2 && buckets != few);
    for (unsigned i = 0; i < count; i++)
        sum += buckets[i].hib_count;
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)buckets, count * sizeof *buckets));
    return sum;
}

TEST(0, requests_for_accepted_messages_are_counted)
{
    mach_port_t port = port_make(TRUE), notify = port_make(FALSE);
    mach_msg_header_t message = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                 .msgh_remote_port = port};
    hash_info_bucket_t *buckets = NULL;
    mach_msg_type_number_t count = 0;
    unsigned max_requests;

    CHECK_EQ(requests_pending(), 0);
    CHECK_OK(mach_port_set_qlimit(mach_task_self(), port, 0));
    CHECK_RETURNS(mach_msg_trap(&message, MACH_SEND_MSG | MACH_SEND_NOTIFY, sizeof message, 0, 0, 0,
                                notify),
                  MACH_SEND_WILL_NOTIFY);
    CHECK_EQ(requests_pending(), 1);
    CHECK_OK(mach_port_destroy(mach_task_self(), port));
    CHECK_EQ(requests_pending(), 0);
    CHECK_RETURNS(host_ipc_marequest_info(mach_task_self(), &max_requests, &buckets, &count),
                  KERN_INVALID_HOST);
}

TEST(0, tables_that_the_kernel_does_not_have_are_empty)
{
    hash_info_bucket_t bucket, *buckets = &bucket;
    mach_msg_type_number_t count = 1;
    symtab_name_t name = "kernel";

    CHECK_OK(host_virtual_physical_table_info(mach_host_self(), &buckets, &count));
    CHECK_EQ(count, 0);
    CHECK_RETURNS(host_virtual_physical_table_info(mach_task_self(), &buckets, &count),
                  KERN_INVALID_HOST);
    /* As GNU Mach without its kernel debugger. */
    CHECK_RETURNS(host_load_symbol_table(test_host_port, mach_task_self(), name, 0, 0), MIG_BAD_ID);
}
