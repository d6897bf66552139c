/* SPDX-License-Identifier: BSD-2-Clause */
/* What vm_read, vm_write and vm_copy do with contents, and chains of copies. */
#include "test.h"

#define SELF mach_task_self()

static vm_address_t allocate(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(SELF, &address, size, TRUE));
    return address;
}

TEST(203, reading_a_hole_is_an_invalid_address_and_the_unreadable_a_protection_failure)
{
    vm_address_t address = allocate(4 * PAGE_SIZE);
    mach_msg_type_number_t count;
    vm_offset_t data;

    CHECK_OK(vm_deallocate(SELF, address + 2 * PAGE_SIZE, PAGE_SIZE));
    CHECK_RETURNS(vm_read(SELF, address, 4 * PAGE_SIZE, &data, &count), KERN_INVALID_ADDRESS);
    CHECK_OK(vm_protect(SELF, address + PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_NONE));
    CHECK_RETURNS(vm_read(SELF, address, 2 * PAGE_SIZE, &data, &count), KERN_PROTECTION_FAILURE);
    CHECK_RETURNS(vm_read(SELF, ~(vm_address_t)0 - 10, 100, &data, &count), KERN_INVALID_ADDRESS);
    CHECK_OK(vm_read(SELF, address, 0, &data, &count));
    CHECK_EQ(count, 0);
}

TEST(203, what_was_read_is_a_snapshot)
{
    vm_address_t address = allocate(8 * PAGE_SIZE);
    mach_msg_type_number_t count;
    vm_offset_t data;

    pattern_fill(address, 8 * PAGE_SIZE, 1, 0);
    CHECK_OK(vm_read(SELF, address, 8 * PAGE_SIZE, &data, &count));
    CHECK_EQ(count, 8 * PAGE_SIZE);
    pattern_fill(address, 8 * PAGE_SIZE, 2, 0);
    pattern_check(data, 8 * PAGE_SIZE, 1, 0);
    pattern_fill(data, 8 * PAGE_SIZE, 3, 0);
    pattern_check(address, 8 * PAGE_SIZE, 2, 0);
}

TEST(204, writing_to_the_read_only_is_a_protection_failure_and_changes_nothing)
{
    vm_address_t address = allocate(2 * PAGE_SIZE), source = allocate(2 * PAGE_SIZE);

    memset((void *)address, 1, 2 * PAGE_SIZE);
    memset((void *)source, 2, 2 * PAGE_SIZE);
    CHECK_OK(vm_protect(SELF, address + PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_READ));
    CHECK_RETURNS(vm_write(SELF, address, source, 2 * PAGE_SIZE), KERN_PROTECTION_FAILURE);
    for (unsigned i = 0; i < 2 * PAGE_SIZE; i++)
        CHECK_EQ(((char *)address)[i], 1);
    CHECK_OK(vm_deallocate(SELF, address + PAGE_SIZE, PAGE_SIZE));
    CHECK_RETURNS(vm_write(SELF, address, source, 2 * PAGE_SIZE), KERN_INVALID_ADDRESS);
}

TEST(204, bytes_of_any_alignment_are_written)
{
    vm_address_t address = allocate(4 * PAGE_SIZE), source = allocate(4 * PAGE_SIZE);
    char *target = (char *)address, *bytes = (char *)source;

    for (unsigned i = 0; i < 4 * PAGE_SIZE; i++)
        bytes[i] = (char)(i * 7 + 1);
    CHECK_OK(vm_write(SELF, address + 100, source + 33, 2 * PAGE_SIZE + 5));
    for (unsigned i = 0; i < 4 * PAGE_SIZE; i++)
        CHECK_EQ(target[i],
                 i < 100 || i >= 105 + 2 * PAGE_SIZE ? 0 : (char)((i - 100 + 33) * 7 + 1));
}

/* --- a race with protection --- */

struct race {
    vm_address_t page;
    volatile boolean_t stop;
    volatile unsigned rounds;
};

/* Lets the page be writable only while it holds another page than the one that must not change. */
static uint64_t toggle_protection(void *argument)
{
    struct race *race = argument;

    while (!race->stop) {
        CHECK_OK(vm_protect(SELF, race->page, PAGE_SIZE, FALSE, VM_PROT_DEFAULT));
        CHECK_OK(vm_protect(SELF, race->page, PAGE_SIZE, FALSE, VM_PROT_READ));
        race->rounds++;
        swtch();
    }
    return 0;
}

TEST(204, a_race_with_protection_never_writes_the_read_only)
{
    struct race race = {.page = allocate(PAGE_SIZE)};
    vm_address_t source = allocate(PAGE_SIZE);
    struct client client;
    unsigned written = 0;

    client_call(&client, toggle_protection, &race);
    for (unsigned i = 0; i < 3000; i++) {
        kern_return_t result;

        memset((void *)source, (int)i | 1, PAGE_SIZE);
        result = vm_write(SELF, race.page, source, PAGE_SIZE);
        CHECK(result == KERN_SUCCESS || result == KERN_PROTECTION_FAILURE);
        written += result == KERN_SUCCESS;
        if (i % 16 == 0)
            swtch();
    }
    race.stop = TRUE;
    client_finish(&client);
    CHECK(race.rounds > 0);
    CHECK_OK(vm_protect(SELF, race.page, PAGE_SIZE, FALSE, VM_PROT_READ));
    memset((void *)source, 0, PAGE_SIZE);
    CHECK_RETURNS(vm_write(SELF, race.page, source, PAGE_SIZE), KERN_PROTECTION_FAILURE);
}

TEST(205, overlapping_copies_in_both_directions_are_as_if_buffered)
{
    vm_address_t address = allocate(16 * PAGE_SIZE);

    pattern_fill(address, 16 * PAGE_SIZE, 1, 0);
    CHECK_OK(vm_copy(SELF, address, 10 * PAGE_SIZE, address + 3 * PAGE_SIZE));
    pattern_check(address, 3 * PAGE_SIZE, 1, 0);
    pattern_check(address + 3 * PAGE_SIZE, 10 * PAGE_SIZE, 1, 0);
    pattern_check(address + 13 * PAGE_SIZE, 3 * PAGE_SIZE, 1, 13 * PAGE_SIZE);
    pattern_fill(address, 16 * PAGE_SIZE, 2, 0);
    CHECK_OK(vm_copy(SELF, address + 3 * PAGE_SIZE, 10 * PAGE_SIZE, address));
    pattern_check(address, 10 * PAGE_SIZE, 2, 3 * PAGE_SIZE);
    pattern_check(address + 10 * PAGE_SIZE, 6 * PAGE_SIZE, 2, 10 * PAGE_SIZE);
}

TEST(205, copies_that_are_not_of_pages_or_not_of_memory_are_refused)
{
    vm_address_t address = allocate(4 * PAGE_SIZE);

    CHECK_RETURNS(vm_copy(SELF, address + 1, PAGE_SIZE, address), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_copy(SELF, address, 1, address), KERN_INVALID_ARGUMENT);
    CHECK_OK(vm_deallocate(SELF, address + 3 * PAGE_SIZE, PAGE_SIZE));
    CHECK_RETURNS(vm_copy(SELF, address, 2 * PAGE_SIZE, address + 2 * PAGE_SIZE),
                  KERN_INVALID_ADDRESS);
    CHECK_RETURNS(vm_copy(SELF, address + 2 * PAGE_SIZE, 2 * PAGE_SIZE, address),
                  KERN_INVALID_ADDRESS);
    CHECK_OK(vm_protect(SELF, address, PAGE_SIZE, FALSE, VM_PROT_READ));
    CHECK_RETURNS(vm_copy(SELF, address + PAGE_SIZE, PAGE_SIZE, address), KERN_PROTECTION_FAILURE);
}

/* --- chains --- */

#define GENERATIONS 20
#define CHAIN_PAGES 24

static uint64_t child_word(task_t task, vm_address_t address)
{
    mach_msg_type_number_t count;
    vm_offset_t data;
    uint64_t word;

    CHECK_OK(vm_read(task, address, sizeof word, &data, &count));
    word = *(uint64_t *)data;
    CHECK_OK(vm_deallocate(SELF, data, count));
    return word;
}

/* Each task is a child of the one before and writes one page of its own. */
static void make_chain(task_t *tasks, vm_address_t address)
{
    for (uint64_t i = 0; i < GENERATIONS; i++) {
        uint64_t word = 1000 + i;

        CHECK_OK(task_create(i == 0 ? SELF : tasks[i - 1], TRUE, &tasks[i]));
        CHECK_OK(vm_write(tasks[i], address + i * PAGE_SIZE, (vm_offset_t)&word, sizeof word));
    }
}

static void check_chain(task_t task, unsigned generation, vm_address_t address)
{
    for (unsigned page = 0; page < CHAIN_PAGES; page++)
        CHECK_EQ(child_word(task, address + page * PAGE_SIZE), page <= generation ? 1000 + page : 1);
}

TEST(210, chains_of_twenty_children_that_end_in_any_order_keep_contents_and_free_pages)
{
    static const unsigned order[GENERATIONS] = {7,  3, 12, 0, 19, 5, 10, 1, 16, 8,
                                                14, 2, 18, 4, 11, 6, 17, 9, 15, 13};
    vm_address_t address = allocate(CHAIN_PAGES * PAGE_SIZE);
    task_t tasks[GENERATIONS];
    struct vm_statistics before, after;

    for (unsigned page = 0; page < CHAIN_PAGES; page++)
        *(volatile uint64_t *)(address + page * PAGE_SIZE) = 1;
    memory_statistics(&before);
    for (unsigned round = 0; round < 3; round++) {
        make_chain(tasks, address);
        for (unsigned i = 0; i < GENERATIONS; i++) {
            for (unsigned left = i; left < GENERATIONS; left += 5)
                check_chain(tasks[order[left]], order[left], address);
            CHECK_OK(task_terminate(tasks[order[i]]));
        }
        *(volatile uint64_t *)address = 1;
    }
    memory_statistics(&after);
    CHECK(after.free_count + 64 > before.free_count);
}
