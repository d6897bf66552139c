/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging on disks that fail, stumble, tear requests or are slow (checklist 150), and on several disks (148). The faults
 * are the machine's: QEMU makes them (tools/guest/qemu.py, drive_faults).
 */
/* boot-all: with=disk,default_pager disk=8 memory=32 timeout=60 */
#include "paging.h"
#include "test.h"

#define SEED  150
#define PAGES 192u /* of the test's memory: all of them have a block below 256 */
#define RECORD 512

static vm_address_t memory;

static void touch_all(unsigned round)
{
    for (vm_offset_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE)
        *(volatile uint64_t *)(memory + at) = pattern_word(SEED + round, at);
}

static void check_all(unsigned round)
{
    for (vm_offset_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE)
        CHECK_EQ(*(volatile uint64_t *)(memory + at), pattern_word(SEED + round, at));
}

/* Everything goes to disk and comes back, three times; the pager's counts then. */
static void rounds(pager_statistics_t *counts)
{
    CHECK_OK(vm_allocate(mach_task_self(), &memory, PAGES * PAGE_SIZE, TRUE));
    for (unsigned round = 0; round < 3; round++) {
        touch_all(round);
        pages_evict(memory, PAGES * PAGE_SIZE);
        check_all(round);
    }
    pager_settle(counts);
    CHECK_EQ(counts->bad_pages, 0);
    CHECK_EQ(counts->errors, 0);
    CHECK_EQ(counts->pager_faults, 0);
}

/* boot: with=disk,default_pager disk=8:write@20 memory=32 timeout=60 */
TEST(150, a_block_that_the_disk_cannot_write_is_replaced_by_another)
{
    pager_statistics_t counts;

    pager_port();
    rounds(&counts);
    CHECK(counts.write_errors > 0);
    CHECK_EQ(counts.free_blocks, counts.total_blocks);
    CHECK_EQ(counts.total_blocks, ((uint64_t)8 << 20) / PAGE_SIZE - 1);
}

/* boot: with=disk,default_pager disk=8:write@20:write@21:write@40:torn memory=32 timeout=60 */
TEST(150, a_request_that_is_torn_by_a_failing_block_is_done_again)
{
    pager_statistics_t counts;

    pager_port();
    rounds(&counts);
    CHECK(counts.write_errors > 0);
}

/* boot: with=disk,default_pager disk=8:readonce:readonce memory=32 timeout=60 */
TEST(150, nobody_notices_a_disk_that_stumbles)
{
    pager_statistics_t counts;

    pager_port();
    rounds(&counts);
    CHECK(counts.read_errors > 0);
}

/* boot: with=disk,default_pager disk=8:slow memory=32 timeout=90 */
TEST(150, a_slow_disk_only_takes_longer)
{
    pager_statistics_t counts;

    pager_port();
    rounds(&counts);
    CHECK_EQ(counts.read_errors + counts.write_errors, 0);
}

/* boot: with=disk,default_pager disk=8:read@20 memory=32 timeout=60 */
TEST(150, a_block_that_cannot_be_read_fails_the_page_in_it_alone)
{
    unsigned failed = 0;

    pager_port();
    CHECK_OK(vm_allocate(mach_task_self(), &memory, PAGES * PAGE_SIZE, TRUE));
    touch_all(0);
    pages_evict(memory, PAGES * PAGE_SIZE);
    for (vm_offset_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE) {
        struct client client;
        client_read(&client, memory + at);
        if (client_wait(&client, CLIENT_WAIT) == CLIENT_EXCEPTION) {
            CHECK_EQ(client.exception, EXC_BAD_ACCESS);
            CHECK_EQ(client.code, KERN_MEMORY_ERROR);
            failed++;
        } else {
            CHECK_EQ(client.value, pattern_word(SEED, at));
        }
        client_end(&client);
    }
    CHECK_EQ(failed, 1);
}

/* --- several disks --- */

static mach_port_t open_disk(const char *service)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t name = "disk0";

    CHECK_OK(device_open(service_port(service), D_READ | D_WRITE, name, &device));
    return device;
}

/* A store of pages of one disk, from the one behind `first` others on. */
static mach_port_t add_store_at(const char *service, int priority, unsigned first, unsigned pages)
{
    mach_port_t manager = MACH_PORT_NULL, store = MACH_PORT_NULL;

    service_port("default_pager");
    CHECK_OK(vm_set_default_memory_manager(test_host_port, &manager));
    CHECK_OK(default_pager_backing_store_create(manager, priority, 8 * PAGE_SIZE, &store));
    CHECK_OK(mach_port_deallocate(mach_task_self(), manager));
    CHECK_OK(default_pager_add_segment(store, open_disk(service), first * (PAGE_SIZE / RECORD),
                                       pages * (PAGE_SIZE / RECORD), RECORD));
    return store;
}

static mach_port_t add_store(const char *service, int priority, unsigned pages)
{
    return add_store_at(service, priority, 0, pages);
}

static struct backing_store_basic_info store_info(mach_port_t store)
{
    struct backing_store_basic_info info;
    mach_msg_type_number_t count = BACKING_STORE_BASIC_INFO_COUNT;

    CHECK_OK(default_pager_backing_store_info(store, BACKING_STORE_BASIC_INFO,
                                              (backing_store_info_t)&info, &count));
    return info;
}

/* A pager without a disk, and a second disk's driver. */
static void begin_with_two_disks(void)
{
    program_begin("disk", "${host-port} ${device-port} unit=1 name=second");
    program_begin("default_pager", "${host-port} ${device-port} space=16");
    service_port("second");
}

/* Whether all that has been returned is on these two stores; a disk may take its time. */
static boolean_t have_all(void *stores)
{
    pager_statistics_t counts;
    uint64_t out = 0;

    pager_settle(&counts);
    for (unsigned i = 0; i < 2; i++)
        if (((mach_port_t *)stores)[i] != MACH_PORT_NULL)
            out += store_info(((mach_port_t *)stores)[i]).bs_pages_out;
    return out == counts.returned;
}

/* boot: with=disk,default_pager=build/servers/default_pager disk=8,8 memory=32 timeout=60 */
TEST(148, the_store_of_higher_priority_is_used_first_and_each_store_counts_its_own)
{
    pager_statistics_t counts;

    begin_with_two_disks();
    mach_port_t low = add_store("disk", 0, PAGES), high = add_store("second", 4, PAGES / 2);
    CHECK_EQ(store_info(low).bs_clsize, 8 * PAGE_SIZE);
    CHECK_EQ(store_info(high).bs_priority, 4);
    CHECK_OK(vm_allocate(mach_task_self(), &memory, PAGES * PAGE_SIZE, TRUE));
    touch_all(0);
    mach_port_t stores[2] = {low, high};
    pages_evict(memory, PAGES / 4 * PAGE_SIZE);
    CHECK(wait_until(have_all, stores, CLIENT_WAIT));
    CHECK_EQ(store_info(low).bs_pages_out, 0);
    CHECK(store_info(high).bs_pages_out >= PAGES / 4);

    pages_evict(memory, PAGES * PAGE_SIZE);
    CHECK(wait_until(have_all, stores, CLIENT_WAIT));
    CHECK_EQ(store_info(high).bs_pages_free, 0);
    CHECK(store_info(low).bs_pages_out >= PAGES / 2);
    CHECK_RETURNS(default_pager_backing_store_delete(high), KERN_FAILURE); /* in use */
    check_all(0);
    pager_settle(&counts);
    CHECK(store_info(high).bs_pages_in > 0 && store_info(low).bs_pages_in > 0);
    CHECK_EQ(store_info(low).bs_pages_out_fail + store_info(high).bs_pages_out_fail, 0);
}

static boolean_t has_pages(void *pages)
{
    pager_statistics_t counts;

    CHECK_OK(pager_statistics(service_port("default_pager"), &counts));
    return counts.total_blocks == *(uint64_t *)pages;
}

static boolean_t can_be_deleted(void *store)
{
    kern_return_t result = default_pager_backing_store_delete(*(mach_port_t *)store);

    CHECK(result == KERN_SUCCESS || result == KERN_FAILURE);
    return result == KERN_SUCCESS;
}

/* boot: with=disk,default_pager=build/servers/default_pager disk=8,8 memory=32 timeout=60 */
TEST(148, a_store_is_emptied_into_others_that_have_room_and_deleted)
{
    pager_statistics_t counts;

    begin_with_two_disks();
    add_store("disk", 0, PAGES / 2);
    mach_port_t old = add_store("second", 4, 2 * PAGES);
    CHECK_OK(vm_allocate(mach_task_self(), &memory, PAGES * PAGE_SIZE, TRUE));
    touch_all(0);
    pages_evict(memory, PAGES * PAGE_SIZE);
    CHECK_RETURNS(default_pager_backing_store_delete(old), KERN_FAILURE); /* small has no room for it */
    CHECK(wait_until(have_all, (mach_port_t[2]){old}, CLIENT_WAIT));

    mach_port_t new = add_store_at("disk", 0, PAGES, 2 * PAGES);
    CHECK(wait_until(can_be_deleted, &old, CLIENT_WAIT));
    CHECK(store_info(new).bs_pages_out >= PAGES / 2);
    pager_settle(&counts);
    CHECK_EQ(counts.total_blocks, PAGES / 2 + 2 * PAGES);
    check_all(0);
    pages_evict(memory, PAGES * PAGE_SIZE);
    check_all(0);
}

static boolean_t has_ended(void *task)
{
    return port_type(*(mach_port_t *)task) == MACH_PORT_TYPE_DEAD_NAME;
}

/* boot: with=disk,default_pager=build/servers/default_pager,paging_space=build/servers/paging_space disk=8,8
   memory=32 timeout=60 says="(?s)64 pages of disk.*add the space: .*invalid argument.*2048 pages of second" */
TEST(148, a_program_adds_a_disk_and_a_part_of_one_to_the_running_pager)
{
    uint64_t pages = 64;

    begin_with_two_disks();
    service_port("default_pager");
    program_begin("paging_space", "${host-port} disk first=100 pages=64");
    CHECK(wait_until(has_pages, &pages, CLIENT_WAIT));
    CHECK_OK(vm_allocate(mach_task_self(), &memory, PAGES * PAGE_SIZE, TRUE));
    touch_all(0);
    pages_evict(memory, 32 * PAGE_SIZE);
    mach_port_t overlapping = program_begin("paging_space", "${host-port} disk first=163 pages=2");
    CHECK(wait_until(has_ended, &overlapping, CLIENT_WAIT));
    program_begin("paging_space", "${host-port} second priority=4 cluster=32");
    pages += ((uint64_t)8 << 20) / PAGE_SIZE;
    CHECK(wait_until(has_pages, &pages, CLIENT_WAIT));
    pages_evict(memory, PAGES * PAGE_SIZE);
    check_all(0);
}

/* boot: with=disk,default_pager=build/servers/default_pager disk=16 memory=32 timeout=60 */
TEST(148, pages_that_go_together_go_in_one_request_and_come_back_in_one)
{
    pager_statistics_t counts;

    program_begin("default_pager", "${host-port} ${device-port} space=16");
    mach_port_t store = add_store("disk", 0, 4096);
    CHECK_OK(vm_allocate(mach_task_self(), &memory, PAGES * PAGE_SIZE, TRUE));
    touch_all(0);
    struct pressure pressure;
    pressure_make(&pressure, 0, 8000); /* page-out decides what goes when */
    check_all(0);
    pager_settle(&counts);
    struct backing_store_basic_info info = store_info(store);
    report("# %u pages out in %u requests, %u in in %u", info.bs_pages_out, info.pageout_calls,
           info.bs_pages_in, info.pagein_calls);
    CHECK(info.bs_pages_out > PAGES);
    CHECK(info.pageout_calls * 4 < info.bs_pages_out);
    CHECK(info.pagein_calls * 2 < info.bs_pages_in);
    pressure_end(&pressure);
}

/* boot: with=disk,default_pager=build/servers/default_pager disk=8,8:write memory=32 timeout=60 */
TEST(150, a_disk_that_takes_no_writes_any_more_loses_nothing_while_there_is_another)
{
    pager_statistics_t counts;

    begin_with_two_disks();
    mach_port_t good = add_store("disk", 0, 4 * PAGES), broken = add_store("second", 4, 4 * PAGES);
    rounds(&counts);
    CHECK(counts.write_errors > 0);
    CHECK(store_info(broken).bs_pages_out_fail > 0);
    CHECK(store_info(good).bs_pages_out > 0);
    CHECK_EQ(store_info(good).bs_pages_out_fail, 0);
}
