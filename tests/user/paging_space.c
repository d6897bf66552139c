/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging space: segments, its end, its faults; and the death of who keeps it (checklist 148 to 150,
 * 155). The tests start pager and disks themselves, with the arguments that they need.
 */
/* boot-all: with=disk,default_pager=build/servers/default_pager disk=8,8 memory=32 timeout=60 */
#include "paging.h"
#include "test.h"

#define SEED 97
#define RECORD 512
#define RECORDS_PER_PAGE (PAGE_SIZE / RECORD)
#define SEGMENT 256     /* pages, test 148 */
#define ALL ((vm_size_t)64 << 20) /* more than memory and paging space, test 149 */
#define SOME 64         /* pages, the bad block among theirs */

static vm_address_t anonymous(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &address, size, TRUE));
    return address;
}

static void touch(vm_address_t address, vm_size_t size, uint64_t seed)
{
    for (vm_offset_t at = 0; at < size; at += PAGE_SIZE)
        *(volatile uint64_t *)(address + at) = pattern_word(seed, at);
}

static void check_touched(vm_address_t address, vm_size_t size, uint64_t seed)
{
    for (vm_offset_t at = 0; at < size; at += PAGE_SIZE)
        CHECK_EQ(*(volatile uint64_t *)(address + at), pattern_word(seed, at));
}

static mach_port_t open_disk(const char *service)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t name = "disk0";

    CHECK_OK(device_open(service_port(service), D_READ | D_WRITE, name, &device));
    return device;
}

/* A backing store, as whoever has the privileged host port may make it. */
static mach_port_t make_store(void)
{
    mach_port_t manager = MACH_PORT_NULL, store = MACH_PORT_NULL;

    service_port("default_pager");
    CHECK_OK(vm_set_default_memory_manager(test_host_port, &manager));
    CHECK(MACH_PORT_VALID(manager));
    CHECK_OK(default_pager_backing_store_create(manager, 0, 0, &store));
    return store;
}

static uint64_t free_blocks(void)
{
    default_pager_info_t info;

    CHECK_OK(default_pager_info(service_port("default_pager"), &info));
    return info.dpi_free_space / info.dpi_page_size;
}

static kern_return_t add(mach_port_t store, mach_port_t disk, unsigned page, unsigned pages)
{
    return default_pager_add_segment(store, disk, page * RECORDS_PER_PAGE, pages * RECORDS_PER_PAGE,
                                     RECORD);
}

TEST(148, segments_that_overlap_are_refused_and_valid_ones_are_used_while_running)
{
    pager_statistics_t counts;
    vm_size_t size = (SEGMENT + SEGMENT / 2) * PAGE_SIZE;

    program_begin("default_pager", "${host-port} ${device-port}");
    mach_port_t store = make_store(), disk = open_disk("disk");
    CHECK_EQ(free_blocks(), 0);
    CHECK_OK(add(store, disk, 0, SEGMENT));
    CHECK_EQ(free_blocks(), SEGMENT);

    CHECK_RETURNS(add(store, disk, 0, SEGMENT), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(add(store, disk, SEGMENT - 1, 2), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(add(make_store(), disk, 10, 10), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(add(store, disk, 1000000, SEGMENT), KERN_INVALID_ARGUMENT); /* past its end */
    CHECK_RETURNS(default_pager_add_segment(store, disk, SEGMENT * RECORDS_PER_PAGE, 8, 0),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(default_pager_add_segment(store, disk, ~(uint64_t)0 - 7, 16, RECORD),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(add(test_host_port, disk, SEGMENT, SEGMENT), MIG_BAD_ID);
    CHECK_EQ(free_blocks(), SEGMENT);

    vm_address_t address = anonymous(size);
    touch(address, size, SEED);
    pages_evict(address, SEGMENT / 2 * PAGE_SIZE); /* it works already */
    CHECK_OK(add(store, disk, SEGMENT, SEGMENT));
    pages_evict(address, size);
    pager_settle(&counts);
    CHECK_EQ(counts.total_blocks, 2 * SEGMENT);
    CHECK(counts.free_blocks < SEGMENT); /* one segment alone could not hold them */
    CHECK_EQ(counts.held, 0);
    check_touched(address, size, SEED);
}

/* Touches page after page; it will not come to the end. */
static uint64_t take_all(void *argument)
{
    vm_address_t address = (vm_address_t)argument;

    for (vm_size_t at = 0; at < ALL; at += PAGE_SIZE)
        *(volatile uint64_t *)(address + at) = address + at;
    return 0;
}

/* Works in memory that it has, all the time. */
static uint64_t count_on(void *argument)
{
    volatile uint64_t *counter = argument;

    while (++*counter != 0)
        thread_sleep(1);
    return 0;
}

static boolean_t holds_nothing(void *unused)
{
    pager_statistics_t counts;

    (void)unused;
    pager_counts(&counts);
    return counts.held == 0;
}

/* boot: with=disk,default_pager=build/servers/default_pager disk=4 memory=32 timeout=60
   says="(?s)^(?!.*exhausted.*nothing can be paged out.*nothing can be paged out).*exhausted" */
TEST(149, without_paging_space_who_needs_no_more_goes_on_and_all_goes_on_when_some_is_free)
{
    struct client hog, worker;
    vm_size_t own = 64 * PAGE_SIZE;
    pager_statistics_t counts;

    program_begin("default_pager", "${host-port} ${device-port} disk");
    pager_port();
    vm_address_t mine = anonymous(own), all = anonymous(ALL);
    volatile uint64_t *counter = (uint64_t *)anonymous(PAGE_SIZE);
    touch(mine, own, SEED);
    client_call(&worker, count_on, (void *)counter);
    client_call(&hog, take_all, (void *)all);
    CHECK_EQ(client_wait(&hog, 60000), CLIENT_EXCEPTION);
    CHECK_EQ(hog.exception, EXC_BAD_ACCESS);
    CHECK_EQ(hog.code, KERN_RESOURCE_SHORTAGE);
    CHECK(hog.subcode >= all && hog.subcode < all + ALL);
    uint64_t before = *counter;
    thread_sleep(100);
    CHECK(*counter > before);
    check_touched(mine, own, SEED);
    for (vm_address_t at = all; at < hog.subcode; at += 37 * PAGE_SIZE)
        CHECK_EQ(*(volatile uint64_t *)at, at); /* nothing is lost */

    CHECK_OK(vm_deallocate(mach_task_self(), all, ALL));
    CHECK(wait_until(holds_nothing, NULL, 60000));
    pager_settle(&counts);
    CHECK_EQ(counts.bad_pages, 0);
    CHECK_EQ(counts.pager_faults, 0);
    CHECK_EQ(counts.held, 0);
    vm_address_t more = anonymous(512 * PAGE_SIZE);
    touch(more, 512 * PAGE_SIZE, SEED + 1);
    check_touched(more, 512 * PAGE_SIZE, SEED + 1);
}

#define COPIED   ((vm_size_t)256 * PAGE_SIZE)
#define STILL_MS 200u /* no more frames came in that time; less than it takes the kernel to give up */

static volatile boolean_t may_write;

/* Writes copied pages: each needs the old page, which is on disk, and a frame for the new one. */
static uint64_t write_copy(void *argument)
{
    vm_address_t copy = (vm_address_t)argument;

    while (!may_write)
        thread_sleep(1);
    for (vm_size_t at = 0; at < COPIED; at += PAGE_SIZE)
        ++*(volatile uint64_t *)(copy + at);
    return 0;
}

/* Touches pages as long as there are frames: all but the last that an ordinary thread gets. */
static void take_all_but_one(vm_address_t address)
{
    porthole_memory_t memory;

    for (unsigned still = 0; still < STILL_MS;) {
        CHECK_OK(porthole_memory(test_host_port, &memory));
        if (memory.free > memory.level_reserved + 1) {
            *(volatile uint64_t *)address = address;
            address += PAGE_SIZE;
            still = 0;
        } else {
            thread_sleep(1);
            still++;
        }
    }
}

/* A frame that comes and goes for ever would be taken for progress, and nobody told that there are no more. */
/* boot: with=disk,default_pager=build/servers/default_pager disk=4 memory=32 timeout=100 cpus=1 */
TEST(149, who_needs_two_frames_is_told_when_there_is_one)
{
    struct client writer;
    mach_msg_type_number_t bytes;
    vm_offset_t copy;

    program_begin("default_pager", "${host-port} ${device-port} disk");
    pager_port();
    vm_address_t source = anonymous(COPIED), all = anonymous(ALL);
    touch(source, COPIED, SEED);
    CHECK_OK(vm_read(mach_task_self(), source, COPIED, &copy, &bytes));
    pages_evict(source, COPIED);
    client_call(&writer, write_copy, (void *)copy);
    take_all_but_one(all);
    may_write = TRUE;
    CHECK_EQ(client_wait(&writer, 60000), CLIENT_EXCEPTION);
    CHECK_EQ(writer.code, KERN_RESOURCE_SHORTAGE);
    CHECK(writer.subcode >= copy && writer.subcode < copy + COPIED);
}

/* A pager on a disk with a bad block. */
static void begin_on_bad_disk(void)
{
    program_begin("disk", "${host-port} ${device-port} unit=1 name=bad fail=20");
    service_port("bad");
    program_begin("default_pager", "${host-port} ${device-port} disk=bad");
    pager_port();
}

TEST(150, a_block_that_cannot_be_written_harms_no_page)
{
    pager_statistics_t counts;
    vm_address_t address = anonymous(SOME * PAGE_SIZE);

    begin_on_bad_disk();
    pager_settle(&counts);
    uint64_t total = counts.total_blocks;
    touch(address, SOME * PAGE_SIZE, SEED);
    pages_evict(address, SOME * PAGE_SIZE);
    pager_settle(&counts);
    CHECK(counts.write_errors > 0);
    CHECK_EQ(counts.bad_pages, 0); /* it went to another block */
    CHECK_EQ(counts.errors, 0);
    check_touched(address, SOME * PAGE_SIZE, SEED);
    pager_settle(&counts);
    CHECK_EQ(counts.total_blocks, total - 1); /* the bad one is not used again */
    CHECK_EQ(counts.free_blocks, total - 1);
}

/* boot: with=disk,default_pager=build/servers/default_pager disk=8 memory=32 expect=panic
   says="default pager died: task default_pager" */
TEST(155, the_death_of_the_default_pager_is_a_clear_stop)
{
    vm_address_t address = anonymous(SOME * PAGE_SIZE);
    mach_port_t pager = program_begin("default_pager", "${host-port} ${device-port} disk");

    pager_port();
    touch(address, SOME * PAGE_SIZE, SEED);
    pages_evict(address, SOME * PAGE_SIZE);
    CHECK_OK(task_terminate(pager));
    thread_sleep(5000);
    FAIL("the system goes on without it");
}

TEST(155, a_suspended_default_pager_stops_only_who_needs_its_pages)
{
    struct client waits, killed;
    vm_address_t address = anonymous(SOME * PAGE_SIZE), mine = anonymous(SOME * PAGE_SIZE);
    mach_port_t pager = program_begin("default_pager", "${host-port} ${device-port} disk");
    pager_statistics_t counts;

    pager_port();
    touch(address, SOME * PAGE_SIZE, SEED);
    touch(mine, SOME * PAGE_SIZE, SEED + 1);
    pages_evict(address, SOME * PAGE_SIZE);
    pager_settle(&counts);
    CHECK_OK(task_suspend(pager));
    client_read(&waits, address);
    client_read(&killed, address + 2 * PAGE_SIZE);
    client_expect_blocked(&waits, 100);
    client_expect_blocked(&killed, 10);
    check_touched(mine, SOME * PAGE_SIZE, SEED + 1);
    client_end(&killed);
    CHECK_OK(task_resume(pager));
    CHECK_EQ(client_finish(&waits), pattern_word(SEED, 0));
    check_touched(address, SOME * PAGE_SIZE, SEED);
    pager_settle(&counts);
    CHECK_EQ(counts.errors, 0);
}

/* What strangers may send to the pager's ports; none of it is for an object that they do not have. */
static void send_garbage(mach_port_t port, mach_msg_id_t id, uint64_t *state)
{
    struct {
        mach_msg_header_t header;
        uint64_t words[14];
    } message;

    memset(&message, 0, sizeof message);
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.header.msgh_remote_port = port;
    message.header.msgh_id = id;
    for (unsigned i = 0; i < 14; i++) {
        *state = *state * 6364136223846793005 + 1442695040888963407;
        message.words[i] = *state >> 8;
    }
    mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
             sizeof message.header + (*state >> 60) * 8, 0, MACH_PORT_NULL, 100, MACH_PORT_NULL);
}

TEST(155, garbage_for_the_default_pager_does_not_disturb_it)
{
    vm_address_t address = anonymous(SOME * PAGE_SIZE);
    mach_port_t object = MACH_PORT_NULL;
    pager_statistics_t counts;
    uint64_t state = SEED;

    program_begin("default_pager", "${host-port} ${device-port} disk");
    CHECK_OK(default_pager_object_create(pager_port(), &object, PAGE_SIZE));
    touch(address, SOME * PAGE_SIZE, SEED);
    pages_evict(address, SOME * PAGE_SIZE);
    for (unsigned round = 0; round < 500; round++) {
        for (mach_msg_id_t id = ID_INIT - 1; id <= ID_SYNCHRONIZE + 1; id++)
            send_garbage(object, id, &state);
        send_garbage(object, MACH_NOTIFY_NO_SENDERS, &state);
        send_garbage(pager_port(), 2275 + (mach_msg_id_t)(round % 12), &state);
        send_garbage(pager_port(), ID_CREATE + (mach_msg_id_t)(round % 3), &state);
    }
    check_touched(address, SOME * PAGE_SIZE, SEED);
    vm_address_t shared = 0;
    CHECK_OK(vm_map(mach_task_self(), &shared, PAGE_SIZE, 0, TRUE, object, 0, FALSE,
                    VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_NONE));
    touch(shared, PAGE_SIZE, SEED);
    pages_evict(shared, PAGE_SIZE);
    check_touched(shared, PAGE_SIZE, SEED);
    pager_settle(&counts);
    CHECK_EQ(counts.pager_faults, 0);
    CHECK_EQ(counts.bad_pages, 0);
}
