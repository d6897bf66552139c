/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Managers that mean harm (checklist 97, 215, 216, 218). Requests without sense to every kernel port are in
 * fuzz.c; here each call could be meant.
 */
#include "paging.h"
#include "test.h"

#define SEED 109
#define PAGES 16u       /* of the object of test 215 */
#define CALLS 10000     /* test 215; the checklist's 10^6 take long in emulation */
#define CLIENTS 3
#define THREADS 300     /* test 218 */
#define KEPT_PAGES 2000 /* test 97 */

static unsigned object_count(void)
{
    porthole_memory_t memory;

    CHECK_OK(porthole_memory(test_host_port, &memory));
    return memory.objects;
}

static unsigned free_count(void)
{
    struct vm_statistics statistics;

    memory_statistics(&statistics);
    return (unsigned)statistics.free_count;
}

/* --- 215 --- */

static uint64_t state = SEED;

static uint64_t any(uint64_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 8) % limit;
}

static vm_offset_t any_offset(void)
{
    static const vm_offset_t odd[] = {1, PAGE_SIZE + 8, (vm_offset_t)1 << 63, ~(vm_offset_t)0,
                                      ~(vm_offset_t)0 - PAGE_SIZE + 1, (vm_offset_t)1 << 40};

    return any(8) == 0 ? odd[any(sizeof odd / sizeof odd[0])] : any(PAGES) * PAGE_SIZE;
}

static vm_size_t any_size(void)
{
    static const vm_size_t odd[] = {0, 100, PAGE_SIZE + 1, (vm_size_t)1 << 40, ~(vm_size_t)0};

    return any(8) == 0 ? odd[any(sizeof odd / sizeof odd[0])] : (1 + any(PAGES)) * PAGE_SIZE;
}

static vm_prot_t any_protection(void)
{
    return any(4) == 0 ? (vm_prot_t)any(20) : VM_PROT_NONE;
}

static void supply_something(struct manager *manager, mach_port_t reply)
{
    vm_size_t size = any(4) == 0 ? any(3 * PAGE_SIZE) + 1 : PAGE_SIZE;
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, size, TRUE));
    boolean_t give = any(2) == 0;
    memory_object_data_supply_poly(manager->control, any_offset(), data,
                                   (mach_msg_type_number_t)size, give, any_protection(),
                                   any(2) == 0, reply,
                                   any(2) == 0 ? MACH_MSG_TYPE_MAKE_SEND_ONCE
                                               : MACH_MSG_TYPE_MAKE_SEND);
    if (!give)
        CHECK_OK(vm_deallocate(mach_task_self(), data, size));
}

static void change_something(struct manager *manager, mach_port_t reply)
{
    struct memory_object_attr_info attributes = {.copy_strategy = (int)any(6) - 1,
                                                 .cluster_size = any(9) * PAGE_SIZE,
                                                 .may_cache = (boolean_t)any(2),
                                                 .temporary = (boolean_t)any(2)};

    memory_object_change_attributes_flavor(
        manager->control, (memory_object_flavor_t)(10 + any(7)),
        (memory_object_info_t)&attributes, MEMORY_OBJECT_ATTR_INFO_COUNT, reply);
}

static void call_something(struct manager *manager)
{
    mach_port_t reply = any(2) == 0 ? manager->object : MACH_PORT_NULL;
    mach_port_t control = manager->control;

    switch (any(10)) {
    case 0:
    case 1:
    case 2:
        supply_something(manager, reply);
        break;
    case 3:
        memory_object_data_unavailable(control, any_offset(), any_size());
        break;
    case 4:
        memory_object_data_error(control, any_offset(), any_size(), (kern_return_t)any(1u << 30));
        break;
    case 5:
    case 6:
        memory_object_lock_request(control, any_offset(), any_size(), (int)any(5), (boolean_t)any(2),
                                   any_protection(), reply);
        break;
    case 7:
        memory_object_change_attributes(control, (boolean_t)any(2), (int)any(6) - 1, reply);
        break;
    case 8:
        memory_object_set_attributes(control, (boolean_t)any(2), (boolean_t)any(2), (int)any(6) - 1);
        break;
    default:
        change_something(manager, reply);
        break;
    }
}

/* Takes what the kernel has said; refused and returned data is given up. */
static void drain(struct manager *manager)
{
    struct kernel_message message;

    do {
        message_receive(manager->object, &message, 0);
        message_release_data(&message);
    } while (message.id != 0);
}

/* Another access of a client that is done or has failed. */
static void keep_busy(struct client *client, vm_address_t address)
{
    if (client_wait(client, 0) == CLIENT_BLOCKED)
        return;
    client_end(client);
    address += any(PAGES) * PAGE_SIZE;
    if (any(2) == 0)
        client_read(client, address);
    else
        client_write(client, address, state);
}

static void abuse_an_object(void)
{
    static struct client clients[CLIENTS];
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, PAGES * PAGE_SIZE);

    for (unsigned i = 0; i < CLIENTS; i++)
        client_read(&clients[i], address + i * PAGE_SIZE);
    for (unsigned call = 0; call < CALLS; call++) {
        call_something(&manager);
        if (call % 16 == 0)
            drain(&manager);
        keep_busy(&clients[call % CLIENTS], address);
    }
    CHECK_OK(memory_object_destroy(manager.control, KERN_FAILURE));
    for (unsigned i = 0; i < CLIENTS; i++) {
        CHECK(client_wait(&clients[i], CLIENT_WAIT) != CLIENT_BLOCKED);
        client_end(&clients[i]);
    }
    CHECK_OK(vm_deallocate(mach_task_self(), address, PAGES * PAGE_SIZE));
    drain(&manager);
    CHECK_OK(mach_port_destroy(mach_task_self(), manager.control));
    CHECK_OK(mach_port_destroy(mach_task_self(), manager.name));
    CHECK_OK(mach_port_destroy(mach_task_self(), manager.object));
}

/* boot: timeout=120 */
TEST(215, a_manager_that_calls_at_random_leaves_nothing_behind)
{
    abuse_an_object();
    unsigned objects = object_count(), names = port_name_count(), free = free_count();
    abuse_an_object();
    CHECK(object_count() <= objects + CLIENTS);
    CHECK(port_name_count() <= names + 2 * CLIENTS);
    CHECK(free_count() + 64 >= free);
}

/* --- 216 --- */

/* Supplies every page of its own object from memory that the other's object is mapped to. */
struct knot {
    struct manager manager;
    vm_address_t address, others;
    struct helper helper;
};

static struct knot knots[2];

static void serve_from_the_other(void *argument)
{
    struct knot *knot = argument;
    struct kernel_message message;

    for (;;) {
        message_receive(knot->manager.object, &message, 60000);
        if (message.id == ID_INIT) {
            knot->manager.control = message.control;
            CHECK_OK(memory_object_ready(message.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
        } else if (message.id == ID_DATA_REQUEST) {
            memory_object_data_supply(knot->manager.control, message.offset,
                                      knot->others + message.offset,
                                      (mach_msg_type_number_t)message.length, FALSE, VM_PROT_NONE,
                                      FALSE, MACH_PORT_NULL);
        }
    }
}

static void tie_knots(void)
{
    for (int i = 0; i < 2; i++) {
        manager_create(&knots[i].manager);
        knots[i].address = manager_map(&knots[i].manager, 0, PAGES * PAGE_SIZE);
        CHECK_OK(vm_inherit(mach_task_self(), knots[i].address, PAGES * PAGE_SIZE,
                            VM_INHERIT_SHARE));
    }
    for (int i = 0; i < 2; i++) {
        knots[i].others = knots[1 - i].address;
        helper_create(&knots[i].helper, serve_from_the_other, &knots[i]);
        helper_give(&knots[i].helper, knots[i].manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    }
    for (int i = 0; i < 2; i++)
        helper_run(&knots[i].helper);
}

static void tie_and_cut(void)
{
    struct client clients[2];

    tie_knots();
    for (int i = 0; i < 2; i++)
        client_read(&clients[i], knots[i].address);
    for (int i = 0; i < 2; i++)
        client_expect_blocked(&clients[i], 100);
    for (int i = 0; i < 2; i++)
        helper_end(&knots[i].helper);
    for (int i = 0; i < 2; i++) {
        client_expect_bad_access(&clients[i], KERN_MEMORY_FAILURE, knots[i].address);
        client_end(&clients[i]);
        CHECK_OK(vm_deallocate(mach_task_self(), knots[i].address, PAGES * PAGE_SIZE));
        CHECK_OK(mach_port_deallocate(mach_task_self(), knots[i].manager.object));
    }
    thread_sleep(50);
}

TEST(216, two_managers_that_page_each_other_can_be_killed_and_leave_the_system_clean)
{
    tie_and_cut(); /* the first helpers leave shadows of this task's memory */
    unsigned objects = object_count(), names = port_name_count();
    for (int round = 0; round < 5; round++)
        tie_and_cut();
    CHECK(object_count() <= objects + 4);
    CHECK(port_name_count() <= names + 4);
}

/* --- 218 --- */

/* Of test 218: the task with the many threads. */
struct crowd {
    vm_address_t address;
    volatile unsigned begun;
};

static struct crowd *crowd;

static void fault_for_ever(void *number)
{
    __atomic_add_fetch(&crowd->begun, 1, __ATOMIC_SEQ_CST);
    (void)*(volatile uint64_t *)(crowd->address + (vm_offset_t)number * PAGE_SIZE);
}

static void crowd_main(void *unused)
{
    (void)unused;
    for (vm_offset_t i = 1; i < THREADS; i++)
        CHECK(thread_start(fault_for_ever, (void *)i, 0) != MACH_PORT_NULL);
    fault_for_ever(0);
    FAIL("somebody has answered");
}

static boolean_t all_have_begun(void *unused)
{
    (void)unused;
    return crowd->begun == THREADS;
}

static void let_a_crowd_fault(struct manager *manager)
{
    struct helper helper;

    crowd->begun = 0;
    helper_create(&helper, crowd_main, NULL);
    helper_run(&helper);
    CHECK(wait_until(all_have_begun, NULL, 20000));
    thread_sleep(100);
    CHECK(port_status(manager->object).mps_msgcount <= 50);
    helper_end(&helper);
    thread_sleep(200);
}

TEST(218, many_faults_at_a_silent_manager_cost_little_and_can_all_be_ended)
{
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, THREADS * PAGE_SIZE);

    CHECK_OK(vm_inherit(mach_task_self(), address, THREADS * PAGE_SIZE, VM_INHERIT_SHARE));
    crowd = (struct crowd *)shared_memory(PAGE_SIZE);
    crowd->address = address;
    let_a_crowd_fault(&manager); /* the kernel keeps some of what it needed for so many threads */
    unsigned free = free_count();
    for (int round = 0; round < 5; round++)
        let_a_crowd_fault(&manager);
    CHECK(free_count() + 64 >= free);
}

/* --- 97 --- */

/* Keeps all that it is given. */
static void hoard(void *argument)
{
    struct manager *manager = argument;
    struct kernel_message message;

    for (;;) {
        message_receive(manager->object, &message, 60000);
        if (message.id == ID_INIT) {
            manager->control = message.control;
            CHECK_OK(memory_object_ready(message.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
        } else if (message.id == ID_DATA_REQUEST) {
            memory_object_data_unavailable(manager->control, message.offset, message.length);
        }
    }
}

/* boot: with=disk,default_pager disk=64 memory=32 timeout=60 */
TEST(97, a_manager_that_never_gives_returned_data_up_costs_paging_space_and_nothing_else)
{
    static struct manager manager;
    struct helper helper;
    struct vm_statistics statistics;
    pager_statistics_t counts;

    pager_port();
    manager_create(&manager);
    helper_create(&helper, hoard, &manager);
    helper_give(&helper, manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(&helper);
    vm_address_t address = manager_map(&manager, 0, KEPT_PAGES * PAGE_SIZE), memory = 0;
    for (vm_offset_t at = 0; at < KEPT_PAGES * PAGE_SIZE; at += PAGE_SIZE)
        *(volatile uint64_t *)(address + at) = at;
    memory_statistics(&statistics);
    vm_size_t size = ((vm_size_t)statistics.free_count + 3 * KEPT_PAGES) * PAGE_SIZE;
    CHECK_OK(vm_allocate(mach_task_self(), &memory, size, TRUE));
    for (int round = 0; round < 2; round++)
        for (vm_offset_t at = 0; at < size; at += PAGE_SIZE) {
            volatile uint64_t *word = (uint64_t *)(memory + at);
            CHECK_EQ(*word, round == 0 ? 0 : pattern_word(SEED, at));
            *word = pattern_word(SEED, at);
        }
    pager_counts(&counts);
    CHECK(counts.returned > KEPT_PAGES);
    CHECK_EQ(counts.pager_faults, 0);
    helper_end(&helper); /* and all that it kept is free again */
    CHECK_OK(vm_deallocate(mach_task_self(), memory, size));
    pager_settle(&counts);
    CHECK_EQ(counts.bad_pages, 0);
}
