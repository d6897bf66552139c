/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges of address spaces and their attributes. */
#include "test.h"

#define SELF mach_task_self()

static vm_address_t allocate(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(SELF, &address, size, TRUE));
    return address;
}

/* The region that holds an address; fails if there is none. */
struct region {
    vm_address_t address;
    vm_size_t size;
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;
};

static kern_return_t region_at(task_t task, vm_address_t address, struct region *region)
{
    region->address = address;
    return vm_region(task, &region->address, &region->size, &region->protection,
                     &region->max_protection, &region->inheritance, &region->shared,
                     &region->name, &region->offset);
}

static vm_prot_t protection_at(vm_address_t address)
{
    struct region region;

    CHECK_OK(region_at(SELF, address, &region));
    CHECK(region.address <= address);
    return region.protection;
}

TEST(199, allocating_over_what_exists_finds_no_space)
{
    vm_address_t address = allocate(4 * PAGE_SIZE), again = address + 2 * PAGE_SIZE;

    CHECK_RETURNS(vm_allocate(SELF, &again, PAGE_SIZE, FALSE), KERN_NO_SPACE);
    CHECK_OK(vm_deallocate(SELF, address, PAGE_SIZE));
    again = address;
    CHECK_RETURNS(vm_allocate(SELF, &again, 2 * PAGE_SIZE, FALSE), KERN_NO_SPACE);
}

TEST(199, allocating_beyond_the_map_is_an_invalid_address)
{
    vm_address_t address = VM_MAX_ADDRESS;

    CHECK_RETURNS(vm_allocate(SELF, &address, PAGE_SIZE, FALSE), KERN_INVALID_ADDRESS);
    address = VM_MAX_ADDRESS - 16 * PAGE_SIZE;
    CHECK_RETURNS(vm_allocate(SELF, &address, 32 * PAGE_SIZE, FALSE), KERN_INVALID_ADDRESS);
    address = ~(vm_address_t)0 & ~(vm_address_t)PAGE_MASK;
    CHECK_RETURNS(vm_allocate(SELF, &address, PAGE_SIZE, FALSE), KERN_INVALID_ADDRESS);
}

TEST(199, sizes_that_wrap_are_refused)
{
    vm_address_t address = allocate(PAGE_SIZE), at;
    vm_size_t huge = ~(vm_size_t)0;

    at = 0;
    CHECK_RETURNS(vm_allocate(SELF, &at, huge, TRUE), KERN_NO_SPACE);
    at = address + 0x100000;
    CHECK_RETURNS(vm_allocate(SELF, &at, huge, FALSE), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(vm_deallocate(SELF, address, huge), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(vm_protect(SELF, address, huge, FALSE, VM_PROT_NONE), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(vm_inherit(SELF, address, huge, VM_INHERIT_NONE), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(vm_wire(test_host_port, SELF, address, huge, VM_PROT_READ), KERN_INVALID_ADDRESS);
    *(volatile char *)address = 1;
}

TEST(199, size_nothing_succeeds_and_changes_nothing)
{
    vm_address_t address = allocate(PAGE_SIZE), at = 12345;

    CHECK_OK(vm_allocate(SELF, &at, 0, TRUE));
    CHECK_EQ(at, 0);
    CHECK_OK(vm_deallocate(SELF, address, 0));
    CHECK_OK(vm_protect(SELF, address, 0, FALSE, VM_PROT_NONE));
    CHECK_OK(vm_inherit(SELF, address, 0, VM_INHERIT_NONE));
    *(volatile char *)address = 1;
    CHECK_RETURNS(vm_map(SELF, &at, 0, 0, TRUE, MACH_PORT_NULL, 0, FALSE, VM_PROT_READ, VM_PROT_ALL,
                         VM_INHERIT_COPY),
                  KERN_INVALID_ARGUMENT);
}

TEST(199, an_odd_range_is_deallocated_with_all_its_pages)
{
    vm_address_t address = allocate(4 * PAGE_SIZE);
    struct client client;

    CHECK_OK(vm_deallocate(SELF, address + PAGE_SIZE + 1, PAGE_SIZE));
    *(volatile char *)address = 1;
    *(volatile char *)(address + 3 * PAGE_SIZE) = 1;
    client_read(&client, address + 2 * PAGE_SIZE);
    client_expect_bad_access(&client, KERN_INVALID_ADDRESS, address + 2 * PAGE_SIZE);
    client_end(&client);
}

TEST(199, a_hole_is_deallocated_with_success)
{
    vm_address_t address = allocate(3 * PAGE_SIZE);

    CHECK_OK(vm_deallocate(SELF, address + PAGE_SIZE, PAGE_SIZE));
    CHECK_OK(vm_deallocate(SELF, address, 3 * PAGE_SIZE));
    CHECK_OK(vm_deallocate(SELF, address, 3 * PAGE_SIZE));
}

TEST(199, deallocated_memory_is_free_again_and_new_memory_is_zero)
{
    struct vm_statistics before, after;
    vm_address_t address = allocate(64 * PAGE_SIZE), again;

    memory_statistics(&before);
    memset((void *)address, 0xee, 64 * PAGE_SIZE);
    for (unsigned i = 0; i < 64; i += 2) /* one after the other: holes of all kinds */
        CHECK_OK(vm_deallocate(SELF, address + i * PAGE_SIZE, PAGE_SIZE));
    for (unsigned i = 1; i < 64; i += 2)
        CHECK_OK(vm_deallocate(SELF, address + i * PAGE_SIZE, PAGE_SIZE));
    memory_statistics(&after);
    CHECK(after.free_count + 8 > before.free_count);
    again = allocate(64 * PAGE_SIZE);
    for (unsigned i = 0; i < 64 * PAGE_SIZE; i++)
        CHECK_EQ(((char *)again)[i], 0);
}

TEST(200, protection_beyond_the_maximum_changes_nothing_in_the_whole_range)
{
    vm_address_t address = allocate(4 * PAGE_SIZE);

    CHECK_OK(vm_protect(SELF, address + 2 * PAGE_SIZE, PAGE_SIZE, TRUE, VM_PROT_READ));
    CHECK_RETURNS(vm_protect(SELF, address, 4 * PAGE_SIZE, FALSE, VM_PROT_ALL),
                  KERN_PROTECTION_FAILURE);
    CHECK_EQ(protection_at(address), VM_PROT_DEFAULT);
    CHECK_EQ(protection_at(address + 2 * PAGE_SIZE), VM_PROT_READ);
    CHECK_EQ(protection_at(address + 3 * PAGE_SIZE), VM_PROT_DEFAULT);
    CHECK_RETURNS(vm_protect(SELF, address, PAGE_SIZE, FALSE, 0x10), KERN_INVALID_ARGUMENT);
}

TEST(201, a_maximum_below_the_current_protection_lowers_it)
{
    vm_address_t address = allocate(PAGE_SIZE);
    struct client client;

    *(volatile char *)address = 1;
    CHECK_OK(vm_protect(SELF, address, PAGE_SIZE, TRUE, VM_PROT_READ));
    CHECK_EQ(protection_at(address), VM_PROT_READ);
    CHECK_EQ(*(volatile char *)address, 1);
    client_write(&client, address, 2);
    client_expect_bad_access(&client, KERN_PROTECTION_FAILURE, address);
    client_end(&client);
    CHECK_RETURNS(vm_protect(SELF, address, PAGE_SIZE, FALSE, VM_PROT_DEFAULT),
                  KERN_PROTECTION_FAILURE);
}

TEST(201, protection_taken_away_and_given_back_keeps_the_data)
{
    vm_address_t address = allocate(2 * PAGE_SIZE);
    struct client client;

    *(volatile long *)address = 42;
    CHECK_OK(vm_protect(SELF, address, 2 * PAGE_SIZE, FALSE, VM_PROT_NONE));
    client_read(&client, address);
    client_expect_bad_access(&client, KERN_PROTECTION_FAILURE, address);
    CHECK_OK(vm_protect(SELF, address, 2 * PAGE_SIZE, FALSE, VM_PROT_DEFAULT));
    client_retry(&client);
    CHECK_EQ(client_finish(&client), 42);
    *(volatile long *)address = 43;
    client_end(&client);
}

/* What a child sees of a page, or -1 if nothing is there. */
static long child_word(task_t child, vm_address_t address)
{
    vm_offset_t data;
    mach_msg_type_number_t count;
    long word;

    if (vm_read(child, address, sizeof word, &data, &count) != KERN_SUCCESS)
        return -1;
    CHECK_EQ(count, sizeof word);
    word = *(long *)data;
    CHECK_OK(vm_deallocate(SELF, data, count));
    return word;
}

static void child_write(task_t child, vm_address_t address, long word)
{
    CHECK_OK(vm_write(child, address, (vm_offset_t)&word, sizeof word));
}

TEST(202, a_child_inherits_shares_copies_and_nothing)
{
    vm_address_t share = allocate(PAGE_SIZE), copy = allocate(PAGE_SIZE), none = allocate(PAGE_SIZE);
    task_t child;

    CHECK_OK(vm_inherit(SELF, share, PAGE_SIZE, VM_INHERIT_SHARE));
    CHECK_OK(vm_inherit(SELF, none, PAGE_SIZE, VM_INHERIT_NONE));
    CHECK_RETURNS(vm_inherit(SELF, none, PAGE_SIZE, 3), KERN_INVALID_ARGUMENT);
    *(volatile long *)share = *(volatile long *)copy = *(volatile long *)none = 1;
    CHECK_OK(task_create(SELF, TRUE, &child));
    CHECK_EQ(child_word(child, share), 1);
    CHECK_EQ(child_word(child, copy), 1);
    CHECK_EQ(child_word(child, none), -1);
    *(volatile long *)share = *(volatile long *)copy = 2;
    CHECK_EQ(child_word(child, share), 2);
    CHECK_EQ(child_word(child, copy), 1);
    child_write(child, share, 3);
    child_write(child, copy, 3);
    CHECK_EQ(*(volatile long *)share, 3);
    CHECK_EQ(*(volatile long *)copy, 2);
    CHECK_OK(task_terminate(child));
    CHECK_EQ(*(volatile long *)share, 3);
}

TEST(202, memory_shared_while_untouched_or_copied_is_shared_all_the_same)
{
    vm_address_t untouched = allocate(PAGE_SIZE), copied = allocate(4 * PAGE_SIZE);
    task_t first, second;

    *(volatile long *)copied = 1;
    CHECK_OK(task_create(SELF, TRUE, &first)); /* `copied` waits for a write now */
    CHECK_OK(vm_inherit(SELF, untouched, PAGE_SIZE, VM_INHERIT_SHARE));
    CHECK_OK(vm_inherit(SELF, copied, 4 * PAGE_SIZE, VM_INHERIT_SHARE));
    CHECK_OK(task_create(SELF, TRUE, &second));
    child_write(second, untouched, 5);
    child_write(second, copied, 6);
    CHECK_EQ(*(volatile long *)untouched, 5);
    CHECK_EQ(*(volatile long *)copied, 6);
    CHECK_EQ(child_word(first, copied), 1);
    CHECK_OK(task_terminate(first));
    CHECK_OK(task_terminate(second));
}

TEST(202, a_copy_of_shared_memory_stays_as_it_was)
{
    vm_address_t address = allocate(4 * PAGE_SIZE);
    task_t sharer, copier;

    CHECK_OK(vm_inherit(SELF, address, 4 * PAGE_SIZE, VM_INHERIT_SHARE));
    *(volatile long *)address = 1;
    CHECK_OK(task_create(SELF, TRUE, &sharer));
    CHECK_OK(vm_inherit(SELF, address, 4 * PAGE_SIZE, VM_INHERIT_COPY));
    CHECK_OK(task_create(SELF, TRUE, &copier));
    *(volatile long *)address = 2;
    CHECK_EQ(child_word(sharer, address), 2);
    CHECK_EQ(child_word(copier, address), 1);
    child_write(copier, address, 3);
    CHECK_EQ(child_word(sharer, address), 2);
    CHECK_OK(task_terminate(sharer));
    CHECK_OK(task_terminate(copier));
}

TEST(206, a_mask_of_ffff_gives_an_address_of_64_kib)
{
    for (unsigned i = 0; i < 10; i++) {
        vm_address_t address = 0;

        CHECK_OK(vm_map(SELF, &address, 3 * PAGE_SIZE, 0xffff, TRUE, MACH_PORT_NULL, 0, FALSE,
                        VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY));
        CHECK_EQ(address & 0xffff, 0);
        *(volatile char *)address = 1;
    }
}

TEST(206, protection_that_is_no_part_of_the_maximum_is_refused)
{
    vm_address_t address = 0;

    CHECK_RETURNS(vm_map(SELF, &address, PAGE_SIZE, 0, TRUE, MACH_PORT_NULL, 0, FALSE,
                         VM_PROT_DEFAULT, VM_PROT_READ, VM_INHERIT_COPY),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_map(SELF, &address, PAGE_SIZE, 0, TRUE, MACH_PORT_NULL, 0, FALSE, VM_PROT_READ,
                         VM_PROT_READ, 3),
                  KERN_INVALID_ARGUMENT);
}

TEST(206, an_odd_offset_or_one_that_wraps_is_refused)
{
    struct manager manager;
    vm_address_t address = 0;

    manager_create(&manager);
    CHECK_RETURNS(vm_map(SELF, &address, PAGE_SIZE, 0, TRUE, manager.object, 1, FALSE, VM_PROT_READ,
                         VM_PROT_ALL, VM_INHERIT_COPY),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_map(SELF, &address, 2 * PAGE_SIZE, 0, TRUE, manager.object,
                         ~(vm_offset_t)PAGE_MASK, FALSE, VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY),
                  KERN_INVALID_ARGUMENT);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(207, regions_follow_each_other_to_an_invalid_address)
{
    vm_address_t address = allocate(8 * PAGE_SIZE), at = 0;
    unsigned seen = 0;
    struct region region;

    CHECK_OK(vm_protect(SELF, address + 2 * PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_READ));
    CHECK_OK(vm_deallocate(SELF, address + 4 * PAGE_SIZE, PAGE_SIZE));
    while (region_at(SELF, at, &region) == KERN_SUCCESS) {
        CHECK(region.address >= at && region.size > 0);
        if (region.address >= address && region.address < address + 8 * PAGE_SIZE) {
            CHECK_EQ(region.protection,
                     region.address == address + 2 * PAGE_SIZE ? VM_PROT_READ : VM_PROT_DEFAULT);
            CHECK_EQ(region.inheritance, VM_INHERIT_COPY);
            seen++;
        }
        at = region.address + region.size;
    }
    CHECK_EQ(seen, 4);
    CHECK_RETURNS(region_at(SELF, VM_MAX_ADDRESS - PAGE_SIZE, &region), KERN_INVALID_ADDRESS);
}

TEST(207, a_region_of_a_memory_object_has_its_name_port)
{
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    struct region region;

    CHECK_OK(region_at(SELF, address, &region));
    CHECK_EQ(region.name, manager.name);
    CHECK_OK(region_at(SELF, allocate(PAGE_SIZE), &region));
    CHECK_EQ(region.name, MACH_PORT_NULL);
}

TEST(0, calls_to_a_dead_task_are_refused)
{
    vm_address_t address = 0;
    task_t child;

    CHECK_OK(task_create(SELF, FALSE, &child));
    CHECK_OK(vm_allocate(child, &address, PAGE_SIZE, TRUE));
    CHECK_OK(task_terminate(child));
    CHECK(vm_allocate(child, &address, PAGE_SIZE, TRUE) != KERN_SUCCESS);
}
