/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hazards of spec/hazards.md, sections A and C, that no other file tries by itself: H-02, H-06, H-10, H-14,
 * H-17, H-23, H-35, H-37, H-39, H-41, H-45, H-62.
 */
#include "paging.h"
#include "sleepers.h"
#include "test.h"

#define SEED 41
#define SELF mach_task_self()
#define WORD(address) (*(volatile uint64_t *)(address))

static struct manager manager;
static vm_address_t address;

static unsigned object_count(void)
{
    porthole_memory_t memory;

    CHECK_OK(porthole_memory(test_host_port, &memory));
    return memory.objects;
}

static boolean_t so_many_objects(void *count)
{
    return object_count() <= *(unsigned *)count;
}

/* --- H-02 --- */

TEST(219, a_thousand_calls_without_sense_keep_no_object_alive)
{
    struct kernel_message message;

    address = manager_start(&manager, 0, PAGE_SIZE);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK_OK(memory_object_data_error(manager.control, 8, PAGE_SIZE, KERN_FAILURE));
        CHECK_OK(memory_object_data_unavailable(manager.control, 8, PAGE_SIZE));
        CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, 9, FALSE, 0x10, MACH_PORT_NULL));
        CHECK_OK(memory_object_synchronize_completed(manager.control, 0, PAGE_SIZE));
        CHECK_OK(memory_object_ready(manager.control, FALSE, 77));
    }
    CHECK_OK(vm_deallocate(SELF, address, PAGE_SIZE));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
}

/* --- H-06 --- */

#define LATE 50 /* answers that one object can be owed */

static uint64_t answer_late(void *unused)
{
    for (unsigned i = 0; i < LATE; i++)
        manager_supply_plain(&manager, i * PAGE_SIZE, PAGE_SIZE, SEED);
    return (uint64_t)(uintptr_t)unused;
}

TEST(221, a_manager_is_not_caught_by_answers_to_an_object_that_has_ended)
{
    struct kernel_message message;
    struct client client;

    address = manager_start(&manager, 0, LATE * PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, address, LATE * PAGE_SIZE));
    client_call(&client, answer_late, NULL); /* without receiving terminate first */
    client_finish(&client);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    CHECK_EQ(port_status(message.control).mps_msgcount, LATE);
    CHECK_OK(mach_port_destroy(SELF, message.control));
}

/* --- H-10 --- */

static uint64_t sync_all(void *unused)
{
    (void)unused;
    return (uint64_t)vm_msync(SELF, address, 0x7ffffffff000 - address, VM_SYNC_SYNCHRONOUS);
}

TEST(118, ranges_of_all_that_there_could_be_cost_only_what_is_there)
{
    struct kernel_message message;
    struct client client;

    address = manager_start(&manager, 0, 3 * PAGE_SIZE);
    client_read(&client, address + PAGE_SIZE);
    EXPECT_REQUEST(&manager, PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_error(manager.control, 0, 1ul << 63, KERN_FAILURE));
    client_expect_bad_access(&client, KERN_MEMORY_ERROR, address + PAGE_SIZE);
    client_retry(&client);
    EXPECT_REQUEST(&manager, PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(manager.control, 0, 1ul << 63));
    CHECK_EQ(client_finish(&client), 0);
    client_call(&client, sync_all, NULL);
    EXPECT_MESSAGE(manager.object, ID_SYNCHRONIZE, &message);
    CHECK_EQ(message.length, 3 * PAGE_SIZE);
    CHECK_OK(memory_object_synchronize_completed(manager.control, 0, 3 * PAGE_SIZE));
    CHECK_EQ(client_finish(&client), KERN_SUCCESS);
}

/* --- H-14 --- */

#define STORM_PAGES  16u
#define STORM_ROUNDS 100u
#define WRITERS      4u

static volatile boolean_t storm_over;

/* Writes both ends of its pages in turn, and must find what it wrote. */
static uint64_t storm(void *argument)
{
    unsigned writer = (unsigned)(uintptr_t)argument;
    uint64_t turn = 0;

    while (!storm_over || turn < 10) {
        turn++;
        for (unsigned page = writer; page < STORM_PAGES; page += WRITERS) {
            vm_address_t at = address + page * PAGE_SIZE;

            WORD(at) = turn;
            WORD(at + PAGE_SIZE - 8) = turn;
            CHECK(WORD(at) == turn && WORD(at + PAGE_SIZE - 8) == turn);
        }
        swtch_pri(0);
    }
    return turn;
}

/* Each copy is of one moment, whatever shadows came and went meanwhile. */
static void check_snapshot(vm_address_t copy)
{
    for (unsigned page = 0; page < STORM_PAGES; page++) {
        uint64_t first = WORD(copy + page * PAGE_SIZE), last = WORD(copy + (page + 1) * PAGE_SIZE - 8);

        CHECK(first == last || first == last + 1);
    }
}

TEST(210, faults_find_their_pages_while_chains_grow_and_collapse)
{
    struct client writers[WRITERS];
    vm_address_t kept = 0;
    mach_msg_type_number_t bytes = 0;

    CHECK_OK(vm_allocate(SELF, &address, STORM_PAGES * PAGE_SIZE, TRUE));
    for (unsigned i = 0; i < WRITERS; i++)
        client_call(&writers[i], storm, (void *)(uintptr_t)i);
    for (unsigned round = 0; round < STORM_ROUNDS; round++) {
        vm_address_t copy = 0;

        CHECK_OK(vm_read(SELF, address, STORM_PAGES * PAGE_SIZE, &copy, &bytes));
        swtch_pri(0);
        check_snapshot(copy);
        if (kept)
            CHECK_OK(vm_deallocate(SELF, kept, STORM_PAGES * PAGE_SIZE));
        kept = copy;
        WORD(kept) = WORD(kept + PAGE_SIZE - 8); /* the copy has a writer, too */
    }
    storm_over = TRUE;
    for (unsigned i = 0; i < WRITERS; i++)
        CHECK(client_finish(&writers[i]) >= 10);
}

/* --- H-17 --- */

TEST(218, a_client_cannot_fill_the_queue_of_a_silent_manager)
{
    kern_return_t code = KERN_SUCCESS;

    address = manager_start(&manager, 0, PAGE_SIZE);
    manager_fill(&manager, address, 0, PAGE_SIZE, SEED, FALSE);
    for (unsigned i = 0; code == KERN_SUCCESS && i < 1000; i++) {
        WORD(address) = i;
        code = vm_object_sync(manager.name, 0, PAGE_SIZE, FALSE, TRUE, FALSE);
    }
    CHECK_RETURNS(code, KERN_RESOURCE_SHORTAGE);
    CHECK(port_status(manager.object).mps_msgcount <= 300);
    while (port_status(manager.object).mps_msgcount > 0) {
        struct kernel_message message;

        EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
        message_release_data(&message);
    }
    CHECK_OK(vm_object_sync(manager.name, 0, PAGE_SIZE, FALSE, TRUE, FALSE));
}

/* --- H-23 --- */

#define CUT_PAGES 512u

/* Cuts a range to pieces and joins what can be joined. */
static uint64_t cut(void *argument)
{
    vm_address_t range = (vm_address_t)argument;

    for (unsigned round = 0; round < 4; round++)
        for (unsigned page = round % 2; page < CUT_PAGES; page += 2) {
            kern_return_t code = vm_protect(SELF, range + page * PAGE_SIZE, PAGE_SIZE, FALSE,
                                            round < 2 ? VM_PROT_READ : VM_PROT_DEFAULT);

            CHECK(code == KERN_SUCCESS || code == KERN_RESOURCE_SHORTAGE);
        }
    return 0;
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(200, maps_are_cut_while_memory_is_short)
{
    struct pressure pressure;
    struct client clients[2];
    struct vm_statistics statistics;
    vm_address_t ranges[2] = {0, 0};

    pager_port();
    for (unsigned i = 0; i < 2; i++)
        CHECK_OK(vm_allocate(SELF, &ranges[i], CUT_PAGES * PAGE_SIZE, TRUE));
    memory_statistics(&statistics);
    pressure_make(&pressure, 0, (unsigned)statistics.free_count * 5 / 4);
    for (unsigned i = 0; i < 2; i++)
        client_call(&clients[i], cut, (void *)ranges[i]);
    for (unsigned i = 0; i < 2; i++) {
        client_finish(&clients[i]);
        pattern_fill(ranges[i], CUT_PAGES * PAGE_SIZE, SEED, 0);
        pattern_check(ranges[i], CUT_PAGES * PAGE_SIZE, SEED, 0);
    }
    pressure_end(&pressure);
}

/* --- H-35 --- */

#define SENT_PAGES 16u /* more than are copied at once */

static vm_address_t received, buffer;

static uint64_t read_guarded(void *unused)
{
    vm_size_t count = 0;

    (void)unused;
    return (uint64_t)vm_read_overwrite(SELF, received, SENT_PAGES * PAGE_SIZE, buffer, &count);
}

static void expect_interrupted(struct client *client)
{
    kern_return_t code;

    client_expect_blocked(client, 20);
    CHECK_OK(thread_abort(client->thread));
    code = (kern_return_t)client_finish(client);
    CHECK(code == KERN_ABORTED || code == MACH_SEND_INTERRUPTED || code == MACH_RCV_INTERRUPTED);
}

static uint64_t read_little(void *unused)
{
    vm_address_t copy = 0;
    mach_msg_type_number_t bytes = 0;

    (void)unused;
    return (uint64_t)vm_read(SELF, address, 2 * PAGE_SIZE, &copy, &bytes);
}

TEST(217, who_reads_what_a_silent_manager_backs_can_be_interrupted)
{
    struct kernel_message message;
    struct client client;
    mach_msg_type_number_t bytes = 0;

    address = manager_start(&manager, 0, SENT_PAGES * PAGE_SIZE);
    CHECK_OK(vm_allocate(SELF, &buffer, SENT_PAGES * PAGE_SIZE, TRUE));
    CHECK_OK(vm_read(SELF, address, SENT_PAGES * PAGE_SIZE, &received, &bytes)); /* as if in a message */
    client_call(&client, read_guarded, NULL);
    EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
    expect_interrupted(&client);
    client_call(&client, read_little, NULL); /* here the sender waits, not who receives */
    client_expect_blocked(&client, 20);
    expect_interrupted(&client);
}

/* --- H-37 --- */

static void wait_for_myself(void *unused)
{
    struct manager own;

    (void)unused;
    (void)WORD(manager_start(&own, 0, PAGE_SIZE));
}

TEST(216, a_manager_that_waits_for_itself_can_be_ended)
{
    unsigned objects = object_count();

    for (unsigned round = 0; round < 3; round++) {
        struct helper helper;

        helper_create(&helper, wait_for_myself, NULL);
        helper_run(&helper);
        sleepers_expect("page from", 1);
        helper_end(&helper);
        sleepers_expect("page from", 0);
    }
    objects += 4; /* what the helpers' memory became in this task */
    CHECK(wait_until(so_many_objects, &objects, CLIENT_WAIT));
}

/* --- H-39 --- */

TEST(17, an_answer_to_an_earlier_use_of_an_object_is_none_to_a_later)
{
    struct kernel_message message;
    struct manager stale;
    struct client client;

    address = manager_start(&manager, 0, PAGE_SIZE);
    stale = manager;
    CHECK_OK(vm_deallocate(SELF, address, PAGE_SIZE));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    CHECK_EQ(message.control, stale.control);
    CHECK_OK(mach_port_insert_right(SELF, manager.object, manager.object, MACH_MSG_TYPE_MAKE_SEND));
    address = manager_map(&manager, 0, PAGE_SIZE);
    manager_accept(&manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    CHECK(manager.control != stale.control);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&stale, 0, PAGE_SIZE, SEED + 1);
    client_expect_blocked(&client, 20);
    CHECK_OK(mach_port_mod_refs(SELF, stale.control, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_RETURNS(manager_supply(&stale, 0, PAGE_SIZE, SEED + 1, VM_PROT_NONE, FALSE, MACH_PORT_NULL, 0),
                  MACH_SEND_INVALID_DEST);
    client_expect_blocked(&client, 20);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

/* --- H-41 --- */

#define RACES 200u

static volatile mach_port_t racing;

/* Maps each port that it is shown, and counts. */
static uint64_t map_racing(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < RACES; i++) {
        mach_port_t port;
        vm_address_t at = 0;
        kern_return_t code;

        while ((port = racing) == MACH_PORT_NULL)
            swtch_pri(0);
        code = vm_map(SELF, &at, PAGE_SIZE, 0, TRUE, port, 0, FALSE, VM_PROT_ALL, VM_PROT_ALL,
                      VM_INHERIT_NONE);
        CHECK(code == KERN_SUCCESS || code == KERN_INVALID_OBJECT || code == KERN_INVALID_ARGUMENT);
        if (code == KERN_SUCCESS)
            CHECK_OK(vm_deallocate(SELF, at, PAGE_SIZE));
        racing = MACH_PORT_NULL;
    }
    return RACES;
}

TEST(25, a_mapping_that_races_the_end_of_its_port_is_made_or_refused)
{
    unsigned objects = object_count() + 2;
    struct client client;

    client_call(&client, map_racing, NULL);
    for (unsigned i = 0; i < RACES; i++) {
        mach_port_t port = port_make(TRUE);

        racing = port;
        for (unsigned spin = 0; spin < i % 8; spin++)
            swtch_pri(0);
        for (volatile unsigned spin = 0; spin < i * 40; spin++)
            ;
        CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
        while (racing != MACH_PORT_NULL)
            swtch_pri(0);
        CHECK_OK(mach_port_destroy(SELF, port));
    }
    CHECK_EQ(client_finish(&client), RACES);
    CHECK(wait_until(so_many_objects, &objects, CLIENT_WAIT));
}

/* --- H-45 --- */

#define DIRTY_PAGES 3000u

/* Dirty pages of the object, by the hundred: their manager has nothing for them. */
static void make_dirty(void)
{
    address = manager_start(&manager, 0, DIRTY_PAGES * PAGE_SIZE);
    manager_set_cluster(&manager, 32 * PAGE_SIZE);
    for (unsigned page = 0; page < DIRTY_PAGES; page++) {
        struct kernel_message message;
        struct client client;

        if (page % 32 == 0) {
            client_write(&client, address + page * PAGE_SIZE, 1);
            EXPECT_MESSAGE(manager.object, ID_DATA_REQUEST, &message);
            CHECK_OK(memory_object_data_unavailable(manager.control, message.offset, message.length));
            client_finish(&client);
        }
        WORD(address + page * PAGE_SIZE) = page + 1;
    }
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(98, returned_pages_that_nobody_takes_are_never_more_than_a_quarter_of_memory)
{
    unsigned total, most = 0;
    struct vm_statistics statistics;

    pager_port();
    make_dirty();
    memory_statistics(&statistics);
    total = (unsigned)(statistics.free_count + statistics.active_count + statistics.inactive_count +
                       statistics.wire_count);
    for (unsigned i = 0; i < 24; i++) {
        vm_cache_statistics_data_t cache;
        vm_address_t more = 0;

        CHECK_OK(vm_allocate(SELF, &more, 256 * PAGE_SIZE, TRUE));
        pattern_fill(more, 256 * PAGE_SIZE, SEED, 0);
        CHECK_OK(vm_cache_statistics(SELF, &cache));
        if ((unsigned)cache.writeback_count > most)
            most = (unsigned)cache.writeback_count;
    }
    CHECK(most > 0 && most <= total / 4 + 32);
}

/* --- H-62 --- */

static boolean_t much_is_free(void *unused)
{
    struct vm_statistics statistics;

    (void)unused;
    memory_statistics(&statistics);
    return statistics.free_count > 500;
}

static uint64_t use_all(void *unused)
{
    (void)unused;
    CHECK_OK(vm_allocate(SELF, &address, 1ul << 30, TRUE));
    for (vm_offset_t at = 0; at < 1ul << 30; at += PAGE_SIZE)
        WORD(address + at) = at;
    return 0;
}

/* boot: memory=16 timeout=60 */
TEST(149, memory_that_cannot_be_paged_out_is_refused_and_the_machine_goes_on)
{
    struct client client;

    client_call(&client, use_all, NULL);
    CHECK_EQ(client_wait(&client, CLIENT_WAIT), CLIENT_EXCEPTION);
    CHECK_EQ(client.exception, EXC_BAD_ACCESS);
    CHECK_EQ(client.code, KERN_RESOURCE_SHORTAGE);
    CHECK_OK(vm_deallocate(SELF, address, 1ul << 30));
    CHECK(wait_until(much_is_free, NULL, CLIENT_WAIT));
    client_end(&client);
}
