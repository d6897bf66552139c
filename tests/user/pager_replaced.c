/* SPDX-License-Identifier: BSD-2-Clause */
/* The default pager is replaced while it serves (checklist 138, 139; H-38). */
/* boot-all: with=disk,default_pager=build/servers/default_pager disk=8,8 memory=32 timeout=60 */
#include "paging.h"
#include "test.h"

#define SEED  138
#define PAGES 64u

static mach_port_t old_pager; /* task */

static vm_address_t make(uint64_t seed)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &address, PAGES * PAGE_SIZE, TRUE));
    pattern_fill(address, PAGES * PAGE_SIZE, seed, 0);
    pages_evict(address, PAGES * PAGE_SIZE);
    return address;
}

static void counts_of(const char *service, pager_statistics_t *counts)
{
    CHECK_OK(pager_statistics(service_port(service), counts));
}

/* One pager after the other, each on its own disk; what the first has kept by then. */
static vm_address_t replace(void)
{
    pager_statistics_t counts;

    old_pager = program_begin("default_pager", "${host-port} ${device-port} disk");
    service_port("default_pager");
    vm_address_t address = make(SEED);
    program_begin("disk", "${host-port} ${device-port} unit=1 name=second");
    program_begin("default_pager", "${host-port} ${device-port} disk=second name=new_pager");
    counts_of("new_pager", &counts); /* it is there, so it is the default pager */
    CHECK_EQ(counts.objects, 0);
    return address;
}

static boolean_t has_ended(void *unused)
{
    (void)unused;
    return port_type(old_pager) == MACH_PORT_TYPE_DEAD_NAME;
}

static boolean_t has_returned_all(void *unused)
{
    pager_statistics_t counts;

    (void)unused;
    counts_of("new_pager", &counts);
    return counts.returned >= PAGES;
}

TEST(138, a_pager_that_is_replaced_serves_what_it_has_and_ends_with_that)
{
    pager_statistics_t before, after;
    vm_address_t first = replace();

    counts_of("default_pager", &before);
    vm_address_t second = make(SEED + 1);
    counts_of("default_pager", &after);
    CHECK_EQ(after.objects, before.objects); /* new objects are not its business */
    CHECK(wait_until(has_returned_all, NULL, CLIENT_WAIT));
    for (unsigned round = 0; round < 3; round++) {
        pattern_check(first, PAGES * PAGE_SIZE, SEED, 0);
        pattern_check(second, PAGES * PAGE_SIZE, SEED + 1, 0);
        pages_evict(first, PAGES * PAGE_SIZE);
        pages_evict(second, PAGES * PAGE_SIZE);
    }
    CHECK(!has_ended(NULL));
    CHECK_OK(vm_deallocate(mach_task_self(), first, PAGES * PAGE_SIZE));
    CHECK(wait_until(has_ended, NULL, 20000));
    pattern_check(second, PAGES * PAGE_SIZE, SEED + 1, 0);
    vm_address_t third = make(SEED + 2);
    pattern_check(third, PAGES * PAGE_SIZE, SEED + 2, 0);
    counts_of("new_pager", &after);
    CHECK_EQ(after.errors + after.bad_pages + after.pager_faults, 0);
}

#define WORKING ((vm_size_t)36 << 20) /* more than memory */

/* Each page holds what was last written to it, which depends on the round. */
static uint64_t work(void *argument)
{
    vm_address_t address = (vm_address_t)argument;

    for (uint64_t round = 1; round <= 2; round++) {
        for (vm_size_t at = 0; at < WORKING; at += PAGE_SIZE) {
            volatile uint64_t *word = (volatile uint64_t *)(address + at);
            if (*word != (round == 1 ? 0 : at + round - 1))
                return address + at;
            *word = at + round;
        }
    }
    return 0;
}

static boolean_t has_much(void *unused)
{
    pager_statistics_t counts;

    (void)unused;
    counts_of("default_pager", &counts);
    return counts.returned > 512;
}

/* boot: with=disk,default_pager=build/servers/default_pager disk=64,64 memory=32 timeout=120 */
TEST(138, a_pager_is_replaced_while_all_memory_is_wanted_and_nothing_is_lost)
{
    struct client client;
    vm_address_t address = 0, more = 0;
    pager_statistics_t counts;

    old_pager = program_begin("default_pager", "${host-port} ${device-port} disk");
    service_port("default_pager");
    program_begin("disk", "${host-port} ${device-port} unit=1 name=second");
    service_port("second");
    CHECK_OK(vm_allocate(mach_task_self(), &address, WORKING, TRUE));
    client_call(&client, work, (void *)address);
    CHECK(wait_until(has_much, NULL, 60000));
    program_begin("default_pager", "${host-port} ${device-port} disk=second name=new_pager");
    counts_of("new_pager", &counts);
    CHECK_OK(vm_allocate(mach_task_self(), &more, WORKING / 4, TRUE));
    for (vm_size_t at = 0; at < WORKING / 4; at += PAGE_SIZE)
        *(volatile uint64_t *)(more + at) = ~at;
    for (vm_size_t at = 0; at < WORKING / 4; at += PAGE_SIZE)
        CHECK_EQ(*(volatile uint64_t *)(more + at), ~at);
    CHECK_EQ(client_wait(&client, 100000), CLIENT_DONE);
    CHECK_EQ(client.value, 0);
    counts_of("new_pager", &counts);
    CHECK(counts.returned > 0);
    CHECK_EQ(counts.pager_faults + counts.bad_pages + counts.errors, 0);
    counts_of("default_pager", &counts);
    CHECK_EQ(counts.pager_faults + counts.bad_pages + counts.errors, 0);
    CHECK(!has_ended(NULL)); /* it may have pages of any task */
}

TEST(155, the_death_of_a_pager_that_was_replaced_takes_only_what_it_kept)
{
    struct client client;
    vm_address_t first = replace(), second = make(SEED + 1);

    CHECK_OK(task_terminate(old_pager));
    client_read(&client, first);
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, first);
    client_end(&client);
    pattern_check(second, PAGES * PAGE_SIZE, SEED + 1, 0);
}
