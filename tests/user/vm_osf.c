/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OSF/MK's calls on memory: vm_remap, vm_read_overwrite, vm_behavior_set (checklist 203, 209).
 */
#include "audit.h"
#include "paging.h"
#include "test.h"

#define SEED 209
#define SELF mach_task_self()
#define FAR  (~0ul - 2 * PAGE_SIZE + 1)
#define WORD(address) (*(volatile uint64_t *)(address))

static vm_prot_t now, most;

/* vm_remap within this task, inherited as a copy. */
static kern_return_t remap(vm_address_t *to, vm_size_t size, boolean_t anywhere, vm_address_t from,
                           boolean_t copy)
{
    return vm_remap(SELF, to, size, 0, anywhere, SELF, from, copy, &now, &most, VM_INHERIT_COPY);
}

static vm_address_t memory_make(unsigned pages)
{
    vm_address_t memory = 0;

    CHECK_OK(vm_allocate(SELF, &memory, pages * PAGE_SIZE, TRUE));
    pattern_fill(memory, pages * PAGE_SIZE, SEED, 0);
    return memory;
}

TEST(209, remapped_memory_is_the_same_or_a_copy)
{
    vm_address_t memory = memory_make(4), shared = 0, copy = 0;

    CHECK_OK(remap(&copy, 4 * PAGE_SIZE, TRUE, memory, TRUE));
    CHECK_OK(remap(&shared, 3 * PAGE_SIZE - 5, TRUE, memory + PAGE_SIZE + 7, FALSE)); /* whole pages */
    CHECK_EQ(now, VM_PROT_DEFAULT);
    CHECK_EQ(most, VM_PROT_ALL);
    pattern_check(copy, 4 * PAGE_SIZE, SEED, 0);
    pattern_check(shared, 3 * PAGE_SIZE, SEED, PAGE_SIZE);
    WORD(memory + PAGE_SIZE) = 1;
    CHECK_EQ(WORD(shared), 1);
    WORD(shared + PAGE_SIZE) = 2;
    CHECK_EQ(WORD(memory + 2 * PAGE_SIZE), 2);
    WORD(copy) = 3;
    pattern_check(memory, PAGE_SIZE, SEED, 0);
    pattern_check(copy + PAGE_SIZE, 3 * PAGE_SIZE, SEED, PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, memory, 4 * PAGE_SIZE));
    CHECK_EQ(WORD(shared + PAGE_SIZE), 2);
}

TEST(209, memory_that_was_never_touched_is_shared_from_its_first_touch_on)
{
    vm_address_t memory = 0, shared = 0;

    CHECK_OK(vm_allocate(SELF, &memory, 2 * PAGE_SIZE, TRUE));
    CHECK_OK(remap(&shared, 2 * PAGE_SIZE, TRUE, memory, FALSE));
    WORD(shared) = 1;
    CHECK_EQ(WORD(memory), 1);
    WORD(memory + PAGE_SIZE) = 2;
    CHECK_EQ(WORD(shared + PAGE_SIZE), 2);
}

TEST(209, what_a_copy_still_shares_is_not_written_through_a_remapping)
{
    vm_address_t memory = memory_make(4), copy = 0, shared = 0;
    mach_msg_type_number_t bytes = 0;

    CHECK_OK(vm_read(SELF, memory, 4 * PAGE_SIZE, &copy, &bytes));
    CHECK_OK(remap(&shared, 4 * PAGE_SIZE, TRUE, memory, FALSE));
    WORD(shared) = 1;
    CHECK_EQ(WORD(memory), 1);
    WORD(memory + PAGE_SIZE) = 2;
    CHECK_EQ(WORD(shared + PAGE_SIZE), 2);
    pattern_check(copy, 4 * PAGE_SIZE, SEED, 0);
}

TEST(209, the_protections_told_are_what_all_of_the_range_allows)
{
    vm_address_t memory = memory_make(3), shared = 0, at, size;
    vm_prot_t protection, maximum;
    vm_inherit_t inheritance;
    boolean_t is_shared;
    mach_port_t name;
    vm_offset_t offset;

    CHECK_OK(vm_protect(SELF, memory, PAGE_SIZE, TRUE, VM_PROT_READ | VM_PROT_WRITE));
    CHECK_OK(vm_protect(SELF, memory + PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_READ | VM_PROT_EXECUTE));
    CHECK_OK(vm_remap(SELF, &shared, 3 * PAGE_SIZE, 0, TRUE, SELF, memory, FALSE, &now, &most,
                      VM_INHERIT_NONE));
    CHECK_EQ(now, VM_PROT_READ);
    CHECK_EQ(most, VM_PROT_READ | VM_PROT_WRITE);
    at = shared + PAGE_SIZE; /* each part keeps its own */
    CHECK_OK(vm_region(SELF, &at, &size, &protection, &maximum, &inheritance, &is_shared, &name,
                       &offset));
    CHECK_EQ(at, shared + PAGE_SIZE);
    CHECK_EQ(protection, VM_PROT_READ | VM_PROT_EXECUTE);
    CHECK_EQ(maximum, VM_PROT_ALL);
    CHECK_EQ(inheritance, VM_INHERIT_NONE);
}

TEST(209, a_target_may_lie_over_its_own_source)
{
    vm_address_t memory = 0, at;

    CHECK_OK(vm_allocate(SELF, &memory, 12 * PAGE_SIZE, TRUE));
    CHECK_OK(vm_deallocate(SELF, memory, 4 * PAGE_SIZE));
    CHECK_OK(vm_deallocate(SELF, memory + 8 * PAGE_SIZE, 4 * PAGE_SIZE));
    memory += 4 * PAGE_SIZE; /* 4 pages, 4 free ones at either side */
    pattern_fill(memory, 4 * PAGE_SIZE, SEED, 0);
    at = memory + PAGE_SIZE;
    CHECK_OK(remap(&at, 4 * PAGE_SIZE, FALSE, memory, FALSE)); /* 0 0 1 2 3 */
    CHECK_EQ(at, memory + PAGE_SIZE);
    pattern_check(memory, PAGE_SIZE, SEED, 0);
    pattern_check(at, 4 * PAGE_SIZE, SEED, 0);
    WORD(memory) = 5;
    CHECK_EQ(WORD(at), 5); /* one page twice */
    pattern_fill(memory, PAGE_SIZE, SEED, 0);
    at = memory - PAGE_SIZE;
    CHECK_OK(remap(&at, 5 * PAGE_SIZE, FALSE, memory, TRUE)); /* 0 0 1 2 3 3 */
    pattern_check(at, PAGE_SIZE, SEED, 0);
    pattern_check(memory, 4 * PAGE_SIZE, SEED, 0);
    pattern_check(memory + 4 * PAGE_SIZE, PAGE_SIZE, SEED, 3 * PAGE_SIZE);
    at = memory; /* in its own place: what was shared is private now */
    CHECK_OK(remap(&at, 2 * PAGE_SIZE, FALSE, memory, TRUE));
    WORD(at) = 6;
    CHECK_EQ(WORD(at), 6);
}

static vm_address_t helper_address;

static void helper_main(void *argument)
{
    CHECK_EQ(WORD(helper_address), 1);
    WORD(helper_address) = 2;
    *(volatile boolean_t *)argument = TRUE;
    for (;;)
        thread_sleep(1000);
}

static boolean_t is_set(void *flag)
{
    return *(volatile boolean_t *)flag;
}

TEST(209, memory_of_one_task_is_shown_in_another)
{
    boolean_t *done = (boolean_t *)shared_memory(PAGE_SIZE);
    vm_address_t memory = memory_make(1), back = 0;
    struct helper helper;

    helper_address = 0x10000000;
    WORD(memory) = 1;
    helper_create(&helper, helper_main, done);
    CHECK_OK(vm_remap(helper.task, &helper_address, PAGE_SIZE, 0, FALSE, SELF, memory, FALSE, &now,
                      &most, VM_INHERIT_SHARE));
    helper_run(&helper);
    CHECK(wait_until(is_set, done, CLIENT_WAIT));
    CHECK_EQ(WORD(memory), 2);
    CHECK_OK(vm_remap(SELF, &back, PAGE_SIZE, 0xffff, TRUE, helper.task, helper_address, TRUE, &now,
                      &most, VM_INHERIT_COPY));
    CHECK_EQ(back & 0xffff, 0);
    CHECK_EQ(WORD(back), 2);
    helper_end(&helper);
    CHECK_EQ(WORD(memory), 2);
}

TEST(209, a_managers_object_is_remapped_without_a_word_and_copied_with_requests)
{
    struct manager manager;
    struct client client;
    struct kernel_message message;
    vm_address_t mapped = manager_start(&manager, 0, 2 * PAGE_SIZE), shared = 0, copy = 0;

    manager_fill(&manager, mapped, 0, 2 * PAGE_SIZE, SEED, FALSE);
    CHECK_OK(remap(&shared, 2 * PAGE_SIZE, TRUE, mapped, FALSE));
    CHECK_OK(remap(&copy, 2 * PAGE_SIZE, TRUE, mapped, TRUE));
    EXPECT_SILENCE(manager.object, 20);
    WORD(shared) = 1;
    CHECK_EQ(WORD(mapped), 1);
    pattern_check(copy, 2 * PAGE_SIZE, SEED, 0);
    CHECK_OK(vm_deallocate(SELF, mapped, 2 * PAGE_SIZE));
    EXPECT_SILENCE(manager.object, 20); /* still in use */
    client_read(&client, shared);
    CHECK_EQ(client_finish(&client), 1);
    CHECK_OK(vm_deallocate(SELF, shared, 2 * PAGE_SIZE));
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
}

TEST(209, a_lazy_copy_is_shared_by_a_remapping_and_stays_a_copy)
{
    struct manager manager;
    vm_address_t mapped = manager_start(&manager, 0, 16 * PAGE_SIZE), copy = 0, shared = 0;

    manager_fill(&manager, mapped, 0, 16 * PAGE_SIZE, SEED, FALSE);
    CHECK_OK(remap(&copy, 16 * PAGE_SIZE, TRUE, mapped, TRUE)); /* too much to be copied at once */
    CHECK_OK(remap(&shared, 15 * PAGE_SIZE, TRUE, copy + PAGE_SIZE, FALSE));
    WORD(copy + PAGE_SIZE) = 1;
    CHECK_EQ(WORD(shared), 1);
    WORD(shared + PAGE_SIZE) = 2;
    CHECK_EQ(WORD(copy + 2 * PAGE_SIZE), 2);
    pattern_check(mapped, 16 * PAGE_SIZE, SEED, 0);
    for (unsigned page = 3; page < 16; page++)
        WORD(mapped + page * PAGE_SIZE) = 3;
    pattern_check(copy + 3 * PAGE_SIZE, 13 * PAGE_SIZE, SEED, 3 * PAGE_SIZE);
    pattern_check(shared + 2 * PAGE_SIZE, 13 * PAGE_SIZE, SEED, 3 * PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, copy, 16 * PAGE_SIZE));
    CHECK_EQ(WORD(shared), 1);
    EXPECT_SILENCE(manager.object, 20);
}

/* boot: with=disk,default_pager disk=64 memory=32 timeout=60 */
TEST(209, pages_that_are_shown_twice_are_evicted_and_come_back_in_both_places)
{
    vm_address_t memory = memory_make(16), shared = 0;

    pager_port();
    CHECK_OK(remap(&shared, 16 * PAGE_SIZE, TRUE, memory, FALSE));
    pattern_check(shared, 16 * PAGE_SIZE, SEED, 0);
    for (unsigned round = 0; round < 3; round++) {
        pages_evict(shared, 16 * PAGE_SIZE);
        for (unsigned page = 0; page < 16; page++) {
            vm_address_t at = page * PAGE_SIZE, one = page % 2 ? shared : memory;

            CHECK_EQ(WORD(one + at + 8), pattern_word(SEED, at));
            WORD(one + at) = round * 16 + page;
            CHECK_EQ(WORD(memory + at), round * 16 + page);
            CHECK_EQ(WORD(shared + at), round * 16 + page);
        }
    }
}

TEST(209, wired_memory_is_shared_unwired_and_copied_at_once)
{
    vm_address_t memory = memory_make(4), shared = 0, copy = 0;
    struct vm_statistics before, after;

    CHECK_OK(vm_wire(test_host_port, SELF, memory, 4 * PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE));
    memory_statistics(&before);
    CHECK_OK(remap(&shared, 4 * PAGE_SIZE, TRUE, memory, FALSE));
    CHECK_OK(remap(&copy, 4 * PAGE_SIZE, TRUE, memory, TRUE));
    WORD(shared) = 1;
    CHECK_EQ(WORD(memory), 1);
    pattern_check(copy, 4 * PAGE_SIZE, SEED, 0);
    CHECK_OK(vm_deallocate(SELF, memory, 4 * PAGE_SIZE)); /* with its wiring */
    memory_statistics(&after);
    CHECK(after.wire_count + 4 <= before.wire_count + 1); /* one for a table */
    CHECK_EQ(WORD(shared), 1);
}

TEST(209, remappings_that_cannot_be_are_refused)
{
    vm_address_t taken = memory_make(5), memory = taken + PAGE_SIZE, at = 0, beside;

    CHECK_OK(vm_protect(SELF, memory + PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_NONE));
    CHECK_OK(vm_deallocate(SELF, memory + 3 * PAGE_SIZE, PAGE_SIZE));
    audit_begin();
    REFUSED(vm_remap(SELF, &at, 0, 0, TRUE, SELF, memory, FALSE, &now, &most, VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(vm_remap(SELF, &at, PAGE_SIZE, 0, TRUE, SELF, memory, FALSE, &now, &most, 3),
            KERN_INVALID_ARGUMENT);
    REFUSED(vm_remap(SELF, &at, PAGE_SIZE, 0, TRUE, MACH_PORT_NULL, memory, FALSE, &now, &most,
                     VM_INHERIT_COPY),
            KERN_INVALID_ARGUMENT);
    REFUSED(vm_remap(SELF, &at, PAGE_SIZE, 0, TRUE, SELF, FAR, FALSE, &now, &most, VM_INHERIT_COPY),
            KERN_INVALID_ADDRESS);
    REFUSED(vm_remap(SELF, &at, 4 * PAGE_SIZE, 0, TRUE, SELF, FAR, FALSE, &now, &most,
                     VM_INHERIT_COPY),
            KERN_INVALID_ADDRESS);
    REFUSED(vm_remap(SELF, &at, ~0ul, 0, TRUE, SELF, memory, FALSE, &now, &most, VM_INHERIT_COPY),
            KERN_INVALID_ADDRESS);
    REFUSED(vm_remap(SELF, &at, PAGE_SIZE, 0, TRUE, SELF, memory + PAGE_SIZE, TRUE, &now, &most,
                     VM_INHERIT_COPY),
            KERN_PROTECTION_FAILURE);
    at = 1ul << 47;
    REFUSED(vm_remap(SELF, &at, PAGE_SIZE, 0, FALSE, SELF, memory, FALSE, &now, &most,
                     VM_INHERIT_COPY),
            KERN_INVALID_ADDRESS);
    REFUSED(remap(&at, PAGE_SIZE, TRUE, memory + 3 * PAGE_SIZE, FALSE), KERN_INVALID_ADDRESS);
    at = taken;
    CHECK_RETURNS(remap(&at, PAGE_SIZE, FALSE, memory, FALSE), KERN_NO_SPACE);
    audit_begin(); /* what was to be shared has been made so */
    at = beside = memory + 3 * PAGE_SIZE;
    REFUSED(vm_remap(SELF, &at, PAGE_SIZE, beside, FALSE, SELF, memory, FALSE, &now, &most,
                     VM_INHERIT_COPY),
            KERN_NO_SPACE);
    at = taken; /* over itself, but not over others: nothing is lost */
    CHECK_RETURNS(remap(&at, 3 * PAGE_SIZE, FALSE, memory, FALSE), KERN_NO_SPACE);
    pattern_check(taken, 2 * PAGE_SIZE, SEED, 0);
    pattern_check(memory + 2 * PAGE_SIZE, PAGE_SIZE, SEED, 3 * PAGE_SIZE);
}

TEST(203, memory_is_read_into_a_buffer_of_the_callers)
{
    vm_address_t memory = memory_make(3), buffer = memory_make(3);
    vm_size_t count = 0;

    CHECK_OK(vm_read_overwrite(SELF, memory, 3 * PAGE_SIZE, buffer, &count));
    CHECK_EQ(count, 3 * PAGE_SIZE);
    pattern_check(buffer, 3 * PAGE_SIZE, SEED, 0);
    memset((void *)buffer, 0, 3 * PAGE_SIZE);
    CHECK_OK(vm_read_overwrite(SELF, memory + PAGE_SIZE - 3, 10, buffer + 5, &count));
    CHECK_EQ(count, 10);
    CHECK(memcmp((void *)(buffer + 5), (void *)(memory + PAGE_SIZE - 3), 10) == 0);
    CHECK_EQ(((uint8_t *)buffer)[4] | ((uint8_t *)buffer)[15], 0);
    CHECK_OK(vm_read_overwrite(SELF, memory, 0, 0, &count));
    CHECK_EQ(count, 0);
}

TEST(203, what_cannot_be_read_or_written_is_refused_and_left)
{
    vm_address_t memory = memory_make(4), buffer = memory_make(2);
    vm_size_t count = 0;

    CHECK_OK(vm_protect(SELF, memory + PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_NONE));
    CHECK_OK(vm_protect(SELF, memory + 2 * PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_READ));
    CHECK_OK(vm_deallocate(SELF, memory + 3 * PAGE_SIZE, PAGE_SIZE));
    audit_begin();
    REFUSED(vm_read_overwrite(SELF, memory + 3 * PAGE_SIZE, 8, buffer, &count), KERN_INVALID_ADDRESS);
    REFUSED(vm_read_overwrite(SELF, FAR, 4 * PAGE_SIZE, buffer, &count), KERN_INVALID_ADDRESS);
    REFUSED(vm_read_overwrite(SELF, memory, 2 * PAGE_SIZE, buffer, &count), KERN_PROTECTION_FAILURE);
    REFUSED(vm_read_overwrite(SELF, memory, 8, memory + 3 * PAGE_SIZE, &count), KERN_INVALID_ADDRESS);
    REFUSED(vm_read_overwrite(SELF, memory, 8, memory + 2 * PAGE_SIZE, &count),
            KERN_PROTECTION_FAILURE);
    REFUSED(vm_read_overwrite(MACH_PORT_NULL, memory, 8, buffer, &count), MACH_SEND_INVALID_DEST);
    pattern_check(buffer, 2 * PAGE_SIZE, SEED, 0);
}
