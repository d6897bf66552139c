/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_behavior_set: what faults do of a hint (spec/vm.md 1); statistics that depend on it (checklist 211).
 */
#include "audit.h"
#include "paging.h"
#include "test.h"

#define SEED  77
#define SELF  mach_task_self()
#define PAGES 16u
#define FAR   (~0ul - 2 * PAGE_SIZE + 1)

static struct manager manager;
static vm_address_t address;

/* A read of that page must ask for that run of pages. */
static void expect_run(unsigned page, unsigned first, unsigned count)
{
    struct client client;

    client_read(&client, address + page * PAGE_SIZE);
    EXPECT_REQUEST(&manager, first * PAGE_SIZE, count * PAGE_SIZE);
    manager_supply_plain(&manager, first * PAGE_SIZE, count * PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, page * PAGE_SIZE));
}

static void behave(unsigned page, unsigned count, vm_behavior_t behavior)
{
    CHECK_OK(vm_behavior_set(SELF, address + page * PAGE_SIZE, count * PAGE_SIZE, behavior));
}

static void start(void)
{
    address = manager_start(&manager, 0, PAGES * PAGE_SIZE);
    manager_set_cluster(&manager, 4 * PAGE_SIZE);
}

TEST(0, requests_cover_what_lies_in_the_direction_of_travel)
{
    start();
    behave(1, 14, VM_BEHAVIOR_SEQUENTIAL);
    expect_run(1, 1, 4);
    expect_run(13, 13, 3); /* never beyond the object */
    behave(1, 14, VM_BEHAVIOR_RSEQNTL);
    expect_run(10, 7, 4);
    expect_run(12, 11, 2); /* nor over what is there */
    behave(0, 1, VM_BEHAVIOR_RSEQNTL);
    expect_run(0, 0, 1);
    behave(5, 1, VM_BEHAVIOR_RANDOM);
    expect_run(5, 5, 1);
    behave(0, PAGES, VM_BEHAVIOR_DEFAULT);
    expect_run(6, 6, 1);
    pattern_check(address, PAGES * PAGE_SIZE, SEED, 0);
}

TEST(0, by_default_a_cluster_is_aligned_also_beside_a_range_with_a_hint)
{
    start();
    behave(8, 4, VM_BEHAVIOR_RANDOM);
    expect_run(6, 4, 4);
    expect_run(9, 9, 1);
    expect_run(13, 12, 4);
    behave(8, 4, VM_BEHAVIOR_DEFAULT);
    expect_run(11, 10, 2);
}

TEST(0, a_hint_for_a_lazy_copy_reaches_the_manager_of_the_original)
{
    start();
    CHECK_OK(vm_map(SELF, &address, PAGES * PAGE_SIZE, 0, TRUE, manager.object, 0, TRUE, VM_PROT_ALL,
                    VM_PROT_ALL, VM_INHERIT_COPY));
    behave(0, PAGES, VM_BEHAVIOR_SEQUENTIAL);
    expect_run(3, 3, 4);
    behave(0, PAGES, VM_BEHAVIOR_RANDOM);
    expect_run(9, 9, 1);
}

/* Bits of the page's state. */
static integer_t page_state(unsigned page)
{
    vm_page_info_t inside[64], *pages = inside;
    mach_msg_type_number_t count = 64;

    CHECK_OK(mach_vm_object_pages(manager.name, &pages, &count));
    CHECK(count > page && pages == inside);
    CHECK_EQ(inside[page].vpi_offset, page * PAGE_SIZE);
    return (integer_t)inside[page].vpi_state;
}

static void touch(unsigned page)
{
    CHECK_EQ(*(volatile uint64_t *)(address + page * PAGE_SIZE), pattern_word(SEED, page * PAGE_SIZE));
}

/* Pages 0 to 3, all resident, in a mapping that has not shown them yet. */
static void start_anew(vm_behavior_t behavior)
{
    vm_address_t first;

    start();
    manager_set_cluster(&manager, PAGE_SIZE);
    first = address;
    manager_fill(&manager, address, 0, 4 * PAGE_SIZE, SEED, FALSE);
    address = manager_map(&manager, 0, 4 * PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, first, PAGES * PAGE_SIZE));
    behave(0, 4, behavior);
}

TEST(0, who_reads_on_leaves_pages_behind_for_page_out)
{
    start_anew(VM_BEHAVIOR_SEQUENTIAL);
    for (unsigned page = 0; page < 4; page++)
        touch(page);
    for (unsigned page = 0; page < 3; page++)
        CHECK_EQ(page_state(page) & (VPI_STATE_INACTIVE | VPI_STATE_REFERENCE), VPI_STATE_INACTIVE);
    CHECK(page_state(3) & VPI_STATE_ACTIVE);
    touch(1); /* mapped still */
}

TEST(0, who_reads_backwards_leaves_pages_above)
{
    start_anew(VM_BEHAVIOR_RSEQNTL);
    for (unsigned page = 4; page-- > 0;)
        touch(page);
    for (unsigned page = 1; page < 4; page++)
        CHECK(page_state(page) & VPI_STATE_INACTIVE);
    CHECK(page_state(0) & VPI_STATE_ACTIVE);
}

TEST(0, without_order_nothing_is_left_behind)
{
    start_anew(VM_BEHAVIOR_RANDOM);
    for (unsigned page = 0; page < 4; page++)
        touch(page);
    for (unsigned page = 0; page < 4; page++)
        CHECK(page_state(page) & VPI_STATE_ACTIVE);
}

#define PAGED 64u

/* Requests of this task so far. */
static unsigned requests(void)
{
    struct task_events_info events;
    mach_msg_type_number_t count = TASK_EVENTS_INFO_COUNT;

    CHECK_OK(task_info(SELF, TASK_EVENTS_INFO, (task_info_t)&events, &count));
    return (unsigned)events.pageins;
}

/* Requests that it takes to read paged-out memory in one direction; each page comes in once. */
static unsigned read_back(vm_address_t memory, vm_behavior_t behavior, boolean_t up)
{
    struct vm_statistics before, after;
    unsigned made;

    CHECK_OK(vm_behavior_set(SELF, memory, PAGED * PAGE_SIZE, behavior));
    pages_evict(memory, PAGED * PAGE_SIZE);
    memory_statistics(&before);
    made = requests();
    for (unsigned i = 0; i < PAGED; i++) {
        vm_offset_t at = (up ? i : PAGED - 1 - i) * PAGE_SIZE;

        CHECK_EQ(*(volatile uint64_t *)(memory + at), pattern_word(SEED, at));
    }
    made = requests() - made;
    memory_statistics(&after);
    CHECK_EQ(after.pageins, before.pageins + PAGED);
    return made;
}

/* boot: with=disk,default_pager disk=64 memory=32 timeout=60 */
TEST(211, anonymous_memory_is_read_ahead_as_announced)
{
    vm_address_t memory = 0;

    pager_port();
    CHECK_OK(vm_allocate(SELF, &memory, PAGED * PAGE_SIZE, TRUE));
    pattern_fill(memory, PAGED * PAGE_SIZE, SEED, 0);
    CHECK_EQ(read_back(memory, VM_BEHAVIOR_RANDOM, TRUE), PAGED);
    CHECK(read_back(memory, VM_BEHAVIOR_SEQUENTIAL, TRUE) <= PAGED / 4);
    CHECK(read_back(memory, VM_BEHAVIOR_RSEQNTL, FALSE) <= PAGED / 4);
    CHECK(read_back(memory, VM_BEHAVIOR_DEFAULT, TRUE) <= PAGED / 2);
    CHECK_EQ(read_back(memory, VM_BEHAVIOR_DEFAULT, FALSE), PAGED);
}

TEST(0, hints_that_cannot_be_are_refused)
{
    start();
    CHECK_OK(vm_behavior_set(SELF, address, 0, VM_BEHAVIOR_SEQUENTIAL));
    audit_begin();
    REFUSED(vm_behavior_set(SELF, address, PAGE_SIZE, 4), KERN_INVALID_ARGUMENT);
    REFUSED(vm_behavior_set(SELF, address, PAGE_SIZE, -1), KERN_INVALID_ARGUMENT);
    REFUSED(vm_behavior_set(SELF, FAR, PAGE_SIZE, VM_BEHAVIOR_RANDOM), KERN_INVALID_ADDRESS);
    REFUSED(vm_behavior_set(SELF, address, ~0ul, VM_BEHAVIOR_RANDOM), KERN_INVALID_ADDRESS);
    CHECK_OK(vm_deallocate(SELF, address + 8 * PAGE_SIZE, PAGE_SIZE));
    audit_begin();
    REFUSED(vm_behavior_set(SELF, address, PAGES * PAGE_SIZE, VM_BEHAVIOR_RANDOM),
            KERN_INVALID_ADDRESS);
    expect_run(1, 0, 4); /* not even in part */
}

TEST(211, reuse_and_reactivation_are_counted)
{
    struct vm_statistics before, after;
    vm_address_t again;

    start_anew(VM_BEHAVIOR_SEQUENTIAL);
    memory_statistics(&before);
    again = manager_map(&manager, 0, 4 * PAGE_SIZE);
    memory_statistics(&after);
    CHECK_EQ(after.lookups, before.lookups + 1);
    CHECK_EQ(after.hits, before.hits + 1); /* the object was there */
    touch(0);
    touch(1);
    memory_statistics(&before);
    CHECK_EQ(*(volatile uint64_t *)again, pattern_word(SEED, 0)); /* the page left behind, used again */
    memory_statistics(&after);
    CHECK_EQ(after.reactivations, before.reactivations + 1);
    CHECK_EQ(after.faults, before.faults + 1);
    CHECK_EQ(after.active_count, before.active_count + 1);
    CHECK_EQ(after.inactive_count, before.inactive_count - 1);
    CHECK_EQ(after.pageins, before.pageins);
    CHECK_EQ(after.zero_fill_count, before.zero_fill_count);
    CHECK_EQ(after.cow_faults, before.cow_faults);
}
