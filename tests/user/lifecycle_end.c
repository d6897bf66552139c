/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an association ends: last unmapping, cache, destroy, death of the manager's port (checklist 12 to
 * 23).
 */
#include "test.h"

#define SEED 7
#define THREADS 4
#define LOOPS 100   /* per thread, test 17 */
#define ROUNDS 1000 /* test 23; the checklist's 10^4 take long in emulation */

static void make_resident(struct manager *manager, vm_address_t address, vm_offset_t offset)
{
    struct client client;

    client_read(&client, address + offset);
    EXPECT_REQUEST(manager, offset, PAGE_SIZE);
    manager_supply_plain(manager, offset, PAGE_SIZE, SEED);
    client_finish(&client);
}

static void unmap(vm_address_t address, vm_size_t size)
{
    CHECK_OK(vm_deallocate(mach_task_self(), address, size));
}

/* The ports that came with terminate; the manager's own references to them go too. */
static void drop_ports(const struct kernel_message *end)
{
    CHECK_OK(mach_port_destroy(mach_task_self(), end->control));
    CHECK_OK(mach_port_destroy(mach_task_self(), end->name));
}

TEST(12, the_last_unmapping_returns_dirty_data_and_then_terminates)
{
    struct manager manager;
    struct kernel_message back, end;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    make_resident(&manager, address, 0);
    make_resident(&manager, address, PAGE_SIZE);
    *(volatile uint64_t *)address = 12;
    unmap(address + PAGE_SIZE, PAGE_SIZE);
    EXPECT_SILENCE(manager.object, 50); /* not the last */
    unmap(address, PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &back);
    CHECK_EQ(back.offset, 0);
    CHECK_EQ(back.data_bytes, PAGE_SIZE);
    CHECK_EQ(back.dirty, TRUE);
    CHECK_EQ(back.kernel_copy, FALSE);
    CHECK_EQ(*(uint64_t *)back.data, 12);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &end);
    CHECK_EQ(end.seqno, back.seqno + 1);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(13, terminate_hands_the_control_and_name_ports_over)
{
    struct manager manager;
    struct kernel_message end;
    mach_port_t ports[2];

    unmap(manager_start(&manager, 0, PAGE_SIZE), PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &end);
    CHECK_EQ(end.control, manager.control);
    CHECK_EQ(end.name, manager.name);
    ports[0] = end.control;
    ports[1] = end.name;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(port_type(ports[i]), MACH_PORT_TYPE_SEND_RECEIVE);
        CHECK_EQ(port_status(ports[i]).mps_mscount, 0);
        CHECK_EQ(port_status(ports[i]).mps_seqno, 0);
        CHECK_OK(mach_port_mod_refs(mach_task_self(), ports[i], MACH_PORT_RIGHT_SEND, -1));
        CHECK_EQ(port_status(ports[i]).mps_srights, FALSE); /* nobody else has one */
        EXPECT_SILENCE(ports[i], 20);
    }
}

TEST(14, an_object_that_may_be_cached_keeps_its_pages_without_mappings)
{
    struct manager manager;

    manager_create(&manager);
    vm_address_t address = manager_map(&manager, 0, PAGE_SIZE);
    manager_accept(&manager, TRUE, MEMORY_OBJECT_COPY_DELAY);
    make_resident(&manager, address, 0);
    unmap(address, PAGE_SIZE);
    EXPECT_SILENCE(manager.object, 100);
    address = manager_map(&manager, 0, PAGE_SIZE);
    pattern_check(address, PAGE_SIZE, SEED, 0); /* by the only thread: nobody is asked */
    EXPECT_SILENCE(manager.object, 50);
}

/* A cached object without mappings that holds one clean page. */
static void cache_one_page(struct manager *manager)
{
    manager_create(manager);
    vm_address_t address = manager_map(manager, 0, PAGE_SIZE);
    manager_accept(manager, TRUE, MEMORY_OBJECT_COPY_DELAY);
    make_resident(manager, address, 0);
    unmap(address, PAGE_SIZE);
    EXPECT_SILENCE(manager->object, 50);
}

TEST(15, a_cached_object_ends_when_its_last_page_is_flushed)
{
    struct manager manager;
    struct kernel_message message;
    mach_port_t reply = port_make(FALSE);

    cache_one_page(&manager);
    CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE,
                                        TRUE, VM_PROT_NO_CHANGE, reply));
    EXPECT_MESSAGE(reply, ID_LOCK_COMPLETED, &message);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    CHECK_EQ(message.control, manager.control);
}

/* boot: memory=32 */
TEST(15, a_cached_object_ends_when_page_out_takes_its_last_page)
{
    struct manager manager;
    struct kernel_message message;
    struct pressure pressure;

    cache_one_page(&manager);
    pressure_make(&pressure, 200, 8000);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    CHECK_EQ(message.control, manager.control);
    pressure_end(&pressure);
}

TEST(16, turning_the_cache_off_terminates_before_it_is_completed)
{
    struct manager manager;
    struct kernel_message end, done;

    cache_one_page(&manager);
    CHECK_OK(memory_object_change_attributes(manager.control, FALSE, MEMORY_OBJECT_COPY_DELAY,
                                             manager.object));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &end);
    EXPECT_MESSAGE(manager.object, ID_CHANGE_COMPLETED, &done);
    CHECK_EQ(end.control, manager.control);
    CHECK_EQ(done.may_cache, FALSE);
    CHECK_EQ(done.seqno, end.seqno + 1);
    EXPECT_SILENCE(manager.object, 20);
}

/* Of test 17: maps, reads, unmaps, again and again. */
struct loop {
    mach_port_t object;
    volatile unsigned ended;
};

static void map_and_unmap(void *argument)
{
    struct loop *loop = argument;

    for (unsigned i = 0; i < LOOPS; i++) {
        vm_address_t address = 0;
        CHECK_OK(vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, loop->object, 0, FALSE,
                        VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE));
        if (i % 3 == 0)
            CHECK_EQ(*(volatile uint64_t *)address, 0);
        CHECK_OK(vm_deallocate(mach_task_self(), address, PAGE_SIZE));
        if (i % 5 == 0)
            swtch_pri(0);
    }
    __atomic_add_fetch(&loop->ended, 1, __ATOMIC_SEQ_CST);
}

static void map_with_threads(void *argument)
{
    struct loop *loop = argument;

    for (int i = 1; i < THREADS; i++)
        CHECK(thread_start(map_and_unmap, loop, 0) != MACH_PORT_NULL);
    map_and_unmap(loop);
    for (;;)
        thread_sleep(1000);
}

/* One use of the object, from init to terminate; FALSE when no init comes any more. */
static boolean_t serve_one_use(struct manager *manager, const struct loop *loop,
                               mach_port_t *last_control)
{
    struct kernel_message message;

    for (message.id = 0; message.id == 0;) {
        message_receive(manager->object, &message, 200);
        if (message.id == 0 && loop->ended == THREADS)
            return FALSE;
    }
    CHECK_EQ(message.id, ID_INIT);
    manager->control = message.control;
    CHECK(manager->control != *last_control);
    if (*last_control != MACH_PORT_NULL)
        CHECK_OK(mach_port_destroy(mach_task_self(), *last_control));
    CHECK_OK(memory_object_ready(manager->control, FALSE, MEMORY_OBJECT_COPY_DELAY));
    for (;;) {
        message_receive(manager->object, &message, MANAGER_WAIT);
        if (message.id == ID_TERMINATE)
            break;
        CHECK_EQ(message.id, ID_DATA_REQUEST); /* no second init */
        CHECK_OK(memory_object_data_unavailable(manager->control, message.offset, message.length));
    }
    CHECK_EQ(message.control, manager->control);
    CHECK_OK(mach_port_destroy(mach_task_self(), message.name));
    *last_control = message.control; /* its name stays taken: the next one differs */
    return TRUE;
}

TEST(17, four_threads_that_map_and_unmap_show_strict_alternation)
{
    struct manager manager;
    struct helper helper;
    struct loop *loop = (struct loop *)shared_memory(PAGE_SIZE);
    mach_port_t last_control = MACH_PORT_NULL;
    unsigned uses = 0;

    manager_create(&manager);
    loop->object = manager.object;
    helper_create(&helper, map_with_threads, loop);
    helper_give(&helper, manager.object, MACH_MSG_TYPE_COPY_SEND);
    helper_run(&helper);
    while (serve_one_use(&manager, loop, &last_control))
        uses++;
    CHECK(uses > 0);
    helper_end(&helper);
}

/* An object whose contents need not outlive its mappings, with a dirty page. */
static void end_temporary(struct manager *manager, vm_address_t address)
{
    struct kernel_message message;

    make_resident(manager, address, 0);
    *(volatile uint64_t *)address = 18;
    unmap(address, PAGE_SIZE);
    EXPECT_MESSAGE(manager->object, ID_TERMINATE, &message);
    EXPECT_SILENCE(manager->object, 50);
}

TEST(18, a_temporary_object_ends_without_returning_what_is_dirty)
{
    struct memory_object_behave_info behavior = {.copy_strategy = MEMORY_OBJECT_COPY_DELAY,
                                                 .temporary = TRUE};
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    CHECK_OK(memory_object_change_attributes_flavor(
        manager.control, MEMORY_OBJECT_BEHAVIOR_INFO, (memory_object_info_t)&behavior,
        MEMORY_OBJECT_BEHAVE_INFO_COUNT, MACH_PORT_NULL));
    end_temporary(&manager, address);

    manager_create(&manager); /* the other way to say it */
    address = manager_map(&manager, 0, PAGE_SIZE);
    manager_accept(&manager, FALSE, MEMORY_OBJECT_COPY_TEMPORARY);
    end_temporary(&manager, address);
}

TEST(19, after_destroy_resident_pages_serve_on_and_absent_ones_fail)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    make_resident(&manager, address, 0);
    *(volatile uint64_t *)(address + 8) = 19;
    CHECK_OK(memory_object_destroy(manager.control, KERN_FAILURE));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message); /* dirty data is not written back */
    CHECK_EQ(*(volatile uint64_t *)address, pattern_word(SEED, 0));
    CHECK_EQ(*(volatile uint64_t *)(address + 8), 19);
    client_read(&client, address + PAGE_SIZE);
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, address + PAGE_SIZE);
    EXPECT_SILENCE(manager.object, 50);
    unmap(address, 2 * PAGE_SIZE);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(20, destroy_fails_the_waiting_client_and_does_not_wait_for_it)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_destroy(manager.control, KERN_FAILURE)); /* by the only thread */
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, address);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
}

TEST(20, destroy_before_ready_fails_who_waits_for_it)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;

    manager_create(&manager);
    vm_address_t address = manager_map(&manager, 0, PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_INIT, &message);
    client_read(&client, address);
    client_expect_blocked(&client, 20);
    CHECK_OK(memory_object_destroy(message.control, KERN_FAILURE)); /* a manager that declines */
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, address);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
}

TEST(21, a_second_destroy_is_ignored)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    CHECK_OK(memory_object_destroy(manager.control, KERN_FAILURE));
    CHECK_OK(memory_object_destroy(manager.control, KERN_FAILURE));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    EXPECT_SILENCE(manager.object, 50);
    unmap(address, PAGE_SIZE);
    drop_ports(&message);
    address = manager_map(&manager, 0, PAGE_SIZE);
    manager_accept(&manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    make_resident(&manager, address, 0);
}

TEST(22, the_death_of_the_object_port_fails_the_client_and_kills_the_control_port)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    make_resident(&manager, address, PAGE_SIZE);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(mach_port_mod_refs(mach_task_self(), manager.object, MACH_PORT_RIGHT_RECEIVE, -1));
    client_expect_bad_access(&client, KERN_MEMORY_FAILURE, address);
    CHECK_EQ(port_type(manager.control), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(port_type(manager.name), MACH_PORT_TYPE_DEAD_NAME);
    pattern_check(address + PAGE_SIZE, PAGE_SIZE, SEED, PAGE_SIZE);
    unmap(address, 2 * PAGE_SIZE);
}

static unsigned object_count(void)
{
    porthole_memory_t memory;

    CHECK_OK(porthole_memory(test_host_port, &memory));
    return memory.objects;
}

/* One round: four threads fault, the object is destroyed at a moment that varies with the round. */
static void fault_and_destroy(unsigned round)
{
    struct manager manager;
    struct client clients[THREADS];
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, THREADS * PAGE_SIZE);

    for (unsigned i = 0; i < THREADS; i++) {
        client_read(&clients[i], address + (round & 1 ? i * PAGE_SIZE : 0));
        if (round % (THREADS + 1) == i)
            swtch_pri(0);
    }
    if (round & 2)
        message_receive(manager.object, &message, 100);
    CHECK_OK(memory_object_destroy(manager.control, KERN_FAILURE));
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK_EQ(client_wait(&clients[i], CLIENT_WAIT), CLIENT_EXCEPTION);
        CHECK_EQ(clients[i].code, KERN_MEMORY_FAILURE);
        client_end(&clients[i]);
    }
    do {
        message_receive(manager.object, &message, MANAGER_WAIT);
        CHECK(message.id == ID_DATA_REQUEST || message.id == ID_TERMINATE);
    } while (message.id != ID_TERMINATE);
    drop_ports(&message);
    unmap(address, THREADS * PAGE_SIZE);
    CHECK_OK(mach_port_destroy(mach_task_self(), manager.object));
}

/* boot: timeout=120 */
TEST(23, faults_that_race_destroy_leave_no_object_behind)
{
    fault_and_destroy(0);
    fault_and_destroy(1);
    unsigned names = port_name_count(), objects = object_count();
    for (unsigned round = 0; round < ROUNDS; round++)
        fault_and_destroy(round);
    /* Threads that have just ended may still have a stack, a right and a reply port. */
    CHECK(object_count() <= objects + THREADS);
    CHECK(port_name_count() <= names + 2 * THREADS);
}
