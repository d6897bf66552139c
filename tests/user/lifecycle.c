/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an association begins: init, ready, attributes, mappings (checklist 1 to 11 and 24 to 30). Its end
 * is in lifecycle_end.c.
 */
#include "test.h"

#define SEED 5
#define MANY 70000

/* What another task tells of the mapping that it makes. */
struct mapper {
    mach_port_t object;
    volatile boolean_t calling, returned, look, seen;
    kern_return_t result;
    vm_address_t address;
    uint64_t word;
};

static void map_main(void *argument)
{
    struct mapper *mapper = argument;
    vm_address_t address = 0;

    mapper->calling = TRUE;
    mapper->result = vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, mapper->object, 0, FALSE,
                            VM_PROT_ALL, VM_PROT_ALL, VM_INHERIT_COPY);
    mapper->address = address;
    mapper->returned = TRUE;
    while (!mapper->look)
        thread_sleep(5);
    mapper->word = *(volatile uint64_t *)address;
    ((volatile uint64_t *)address)[1] = ~mapper->word;
    mapper->seen = TRUE;
    for (;;)
        thread_sleep(1000);
}

static boolean_t has_called(void *mapper)
{
    return ((struct mapper *)mapper)->calling;
}

static boolean_t has_returned(void *mapper)
{
    return ((struct mapper *)mapper)->returned;
}

static boolean_t has_seen(void *mapper)
{
    return ((struct mapper *)mapper)->seen;
}

/* Another task that maps the object's first page, and waits in vm_map for what the manager says. */
static struct mapper *start_mapper(struct helper *helper, mach_port_t object)
{
    struct mapper *mapper = (struct mapper *)shared_memory(PAGE_SIZE);

    mapper->object = object;
    helper_create(helper, map_main, mapper);
    helper_give(helper, object, MACH_MSG_TYPE_COPY_SEND);
    helper_run(helper);
    CHECK(wait_until(has_called, mapper, CLIENT_WAIT));
    return mapper;
}

static boolean_t is_ready(mach_port_t control)
{
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    CHECK_OK(memory_object_get_attributes(control, &ready, &may_cache, &strategy));
    return ready;
}

/* create, map, init received; not ready. */
static vm_address_t start_unready(struct manager *manager, vm_size_t size)
{
    struct kernel_message message;

    manager_create(manager);
    vm_address_t address = manager_map(manager, 0, size);
    EXPECT_MESSAGE(manager->object, ID_INIT, &message);
    manager->control = message.control;
    manager->name = message.name;
    return address;
}

static void make_resident(struct manager *manager, vm_address_t address, vm_offset_t offset)
{
    struct client client;

    client_read(&client, address + offset);
    EXPECT_REQUEST(manager, offset, PAGE_SIZE);
    manager_supply_plain(manager, offset, PAGE_SIZE, SEED);
    client_finish(&client);
}

/* Faults are served: the sign that counts for readiness. */
static void expect_served(struct manager *manager, vm_address_t address)
{
    make_resident(manager, address, 0);
    pattern_check(address, PAGE_SIZE, SEED, 0);
}

TEST(1, a_first_mapping_brings_init_before_everything_else)
{
    struct manager manager;
    struct kernel_message message;
    struct helper helper;

    manager_create(&manager);
    start_mapper(&helper, manager.object);
    EXPECT_MESSAGE(manager.object, ID_INIT, &message);
    CHECK_EQ(message.size, PAGE_SIZE);
    CHECK_EQ(message.seqno, 0);
    CHECK_EQ(port_type(message.control), MACH_PORT_TYPE_SEND);
    CHECK_EQ(port_type(message.name), MACH_PORT_TYPE_SEND);
    CHECK(message.control != message.name);
    EXPECT_SILENCE(manager.object, 50);
}

TEST(2, vm_map_returns_when_the_object_is_ready_and_not_before)
{
    struct manager manager;
    struct kernel_message message;
    struct helper helper;

    manager_create(&manager);
    struct mapper *mapper = start_mapper(&helper, manager.object);
    EXPECT_MESSAGE(manager.object, ID_INIT, &message);
    thread_sleep(100);
    CHECK(!mapper->returned);
    CHECK_OK(memory_object_ready(message.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
    CHECK(wait_until(has_returned, mapper, CLIENT_WAIT));
    CHECK_EQ(mapper->result, KERN_SUCCESS);
    helper_end(&helper);
}

TEST(3, a_vm_map_that_waits_for_ready_can_be_interrupted)
{
    struct manager manager;
    struct kernel_message init, end;
    struct helper helper;

    manager_create(&manager);
    struct mapper *mapper = start_mapper(&helper, manager.object);
    EXPECT_MESSAGE(manager.object, ID_INIT, &init);
    thread_sleep(20);
    CHECK_OK(thread_abort(helper.thread));
    CHECK(wait_until(has_returned, mapper, CLIENT_WAIT));
    CHECK(mapper->result == KERN_ABORTED || mapper->result == MACH_SEND_INTERRUPTED ||
          mapper->result == MACH_RCV_INTERRUPTED);
    CHECK_EQ(mapper->address, 0);
    CHECK_OK(memory_object_ready(init.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &end); /* nobody uses it */
    CHECK_EQ(end.control, init.control);
    helper_end(&helper);
    vm_address_t address = manager_map(&manager, 0, PAGE_SIZE); /* and all begins anew */
    CHECK_OK(mach_port_destroy(mach_task_self(), end.control));
    manager_accept(&manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    expect_served(&manager, address);
}

TEST(4, a_manager_that_maps_its_own_object_does_not_wait_for_itself)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address;

    manager_create(&manager);
    address = manager_map(&manager, 0, PAGE_SIZE); /* the only thread that could answer init */
    EXPECT_MESSAGE(manager.object, ID_INIT, &message);
    CHECK(!is_ready(message.control));
    CHECK_OK(memory_object_ready(message.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
    manager.control = message.control;
    expect_served(&manager, address);
}

TEST(5, a_second_mapping_finds_the_same_object_without_a_second_init)
{
    struct manager manager;
    struct helper helper;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    make_resident(&manager, address, 0);
    struct mapper *mapper = start_mapper(&helper, manager.object);
    CHECK(wait_until(has_returned, mapper, CLIENT_WAIT));
    CHECK_EQ(mapper->result, KERN_SUCCESS);
    *(volatile uint64_t *)address = 0xfeed;
    mapper->look = TRUE;
    CHECK(wait_until(has_seen, mapper, CLIENT_WAIT));
    CHECK_EQ(mapper->word, 0xfeed);
    EXPECT_SILENCE(manager.object, 50);
    helper_end(&helper);
}

TEST(6, what_one_task_writes_another_reads_at_the_same_offset)
{
    struct manager manager;
    struct helper first, second;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    make_resident(&manager, address, 0);
    *(volatile uint64_t *)address = 0x1234;
    struct mapper *one = start_mapper(&first, manager.object);
    one->look = TRUE;
    CHECK(wait_until(has_seen, one, CLIENT_WAIT));
    CHECK_EQ(one->word, 0x1234);
    CHECK_EQ(((volatile uint64_t *)address)[1], ~(uint64_t)0x1234);
    *(volatile uint64_t *)address = 0x5678;
    struct mapper *other = start_mapper(&second, manager.object);
    other->look = TRUE;
    CHECK(wait_until(has_seen, other, CLIENT_WAIT));
    CHECK_EQ(other->word, 0x5678);
    CHECK_EQ(((volatile uint64_t *)address)[1], ~(uint64_t)0x5678);
    helper_end(&first);
    helper_end(&second);
}

TEST(7, a_second_ready_changes_only_may_cache)
{
    struct manager manager;
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    CHECK_OK(memory_object_ready(manager.control, TRUE, MEMORY_OBJECT_COPY_NONE));
    CHECK_OK(memory_object_get_attributes(manager.control, &ready, &may_cache, &strategy));
    CHECK_EQ(ready, TRUE);
    CHECK_EQ(may_cache, TRUE);
    CHECK_EQ(strategy, MEMORY_OBJECT_COPY_DELAY); /* D-26 */
    EXPECT_SILENCE(manager.object, 50);
    expect_served(&manager, address);
}

TEST(8, ready_with_a_strategy_that_managers_do_not_have_changes_nothing)
{
    static const int strategies[] = {MEMORY_OBJECT_COPY_SYMMETRIC, 5, -1};
    struct manager manager;
    vm_address_t address = start_unready(&manager, PAGE_SIZE);
    struct client client;

    client_read(&client, address);
    for (unsigned i = 0; i < sizeof strategies / sizeof strategies[0]; i++) {
        CHECK_OK(memory_object_ready(manager.control, TRUE, strategies[i]));
        CHECK(!is_ready(manager.control));
    }
    EXPECT_SILENCE(manager.object, 50);
    client_expect_blocked(&client, 10);
    CHECK_OK(memory_object_ready(manager.control, FALSE, MEMORY_OBJECT_COPY_DELAY));
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

TEST(9, set_attributes_makes_ready_only_when_it_says_so)
{
    struct manager manager;
    vm_address_t address = start_unready(&manager, PAGE_SIZE);
    struct client client;

    client_read(&client, address);
    CHECK_OK(memory_object_set_attributes(manager.control, FALSE, FALSE, MEMORY_OBJECT_COPY_NONE));
    CHECK(!is_ready(manager.control));
    EXPECT_SILENCE(manager.object, 50);
    CHECK_OK(memory_object_set_attributes(manager.control, TRUE, FALSE, MEMORY_OBJECT_COPY_NONE));
    CHECK(is_ready(manager.control));
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    client_end(&client);
}

/* Has a client write the first page, which is supplied, and the kernel clean it: what comes then. */
static mach_msg_id_t returned_by(struct manager *manager, vm_address_t address, boolean_t precious)
{
    struct kernel_message message;
    struct client client;

    client_write(&client, address, 42);
    message_receive(manager->object, &message, 100);
    if (message.id == ID_DATA_REQUEST)
        manager_supply(manager, 0, PAGE_SIZE, 1, VM_PROT_NONE, precious, MACH_PORT_NULL,
                       MACH_MSG_TYPE_MAKE_SEND);
    client_finish(&client);
    CHECK_OK(memory_object_lock_request(manager->control, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY,
                                        TRUE, VM_PROT_NO_CHANGE, MACH_PORT_NULL));
    message_receive(manager->object, &message, MANAGER_WAIT);
    CHECK_EQ(message.offset, 0);
    CHECK_EQ(message.data_bytes, PAGE_SIZE);
    CHECK_EQ(*(uint64_t *)message.data, 42);
    message_release_data(&message);
    return message.id;
}

TEST(9, who_is_made_ready_by_set_attributes_gets_data_write_until_he_knows_better)
{
    struct manager manager;
    vm_address_t address = start_unready(&manager, PAGE_SIZE);

    CHECK_OK(memory_object_set_attributes(manager.control, TRUE, FALSE, MEMORY_OBJECT_COPY_NONE));
    CHECK_EQ(returned_by(&manager, address, FALSE), ID_DATA_WRITE);
    CHECK_OK(memory_object_set_attributes(manager.control, TRUE, FALSE, MEMORY_OBJECT_COPY_NONE));
    CHECK_EQ(returned_by(&manager, address, FALSE), ID_DATA_WRITE);
    CHECK_EQ(returned_by(&manager, address, TRUE), ID_DATA_RETURN); /* supplied precious: he does */
    CHECK_EQ(returned_by(&manager, address, FALSE), ID_DATA_RETURN);
}

TEST(9, ready_ends_data_write)
{
    struct manager manager;
    vm_address_t address = start_unready(&manager, PAGE_SIZE);

    CHECK_OK(memory_object_set_attributes(manager.control, TRUE, FALSE, MEMORY_OBJECT_COPY_NONE));
    CHECK_OK(memory_object_ready(manager.control, FALSE, MEMORY_OBJECT_COPY_NONE));
    CHECK_EQ(returned_by(&manager, address, FALSE), ID_DATA_RETURN);
}

TEST(10, readiness_is_never_taken_back)
{
    struct manager manager;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    CHECK_OK(memory_object_set_attributes(manager.control, FALSE, FALSE, MEMORY_OBJECT_COPY_DELAY));
    CHECK(is_ready(manager.control));
    expect_served(&manager, address);
}

static void change(struct manager *manager, vm_size_t cluster, boolean_t temporary,
                   mach_port_t reply)
{
    struct memory_object_attr_info attributes = {.copy_strategy = MEMORY_OBJECT_COPY_DELAY,
                                                 .cluster_size = cluster,
                                                 .temporary = temporary};

    CHECK_OK(memory_object_change_attributes_flavor_poly(
        manager->control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&attributes,
        MEMORY_OBJECT_ATTR_INFO_COUNT, reply,
        reply == MACH_PORT_NULL ? MACH_MSG_TYPE_MAKE_SEND : MACH_MSG_TYPE_MAKE_SEND_ONCE));
}

TEST(11, change_attributes_as_the_first_call_makes_ready)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = start_unready(&manager, PAGE_SIZE);
    mach_port_t reply = port_make(FALSE);

    change(&manager, 0, FALSE, reply);
    EXPECT_MESSAGE(reply, ID_CHANGE_COMPLETED_FLAVOR, &message);
    CHECK_EQ(message.flavor, MEMORY_OBJECT_ATTRIBUTE_INFO);
    CHECK(is_ready(manager.control));
    expect_served(&manager, address);
}

static kern_return_t map_name(mach_port_t object)
{
    vm_address_t address = 0;

    return vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, object, 0, FALSE, VM_PROT_READ,
                  VM_PROT_READ, VM_INHERIT_NONE);
}

TEST(24, a_task_is_no_memory_object)
{
    struct manager manager;

    CHECK_RETURNS(map_name(mach_task_self()), KERN_INVALID_ARGUMENT);
    manager_start(&manager, 0, PAGE_SIZE);
    CHECK_RETURNS(map_name(manager.control), KERN_INVALID_ARGUMENT);
}

TEST(25, a_dead_right_is_no_memory_object)
{
    struct manager manager;
    kern_return_t result;

    manager_create(&manager);
    CHECK_OK(mach_port_mod_refs(mach_task_self(), manager.object, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(port_type(manager.object), MACH_PORT_TYPE_DEAD_NAME);
    result = map_name(manager.object);
    CHECK(result == KERN_INVALID_OBJECT || result == KERN_INVALID_ARGUMENT);
    result = map_name(MACH_PORT_DEAD);
    CHECK(result == KERN_INVALID_OBJECT || result == KERN_INVALID_ARGUMENT);
}

TEST(26, get_attributes_tells_readiness_and_the_values_set)
{
    struct manager manager;
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    start_unready(&manager, PAGE_SIZE);
    CHECK_OK(memory_object_get_attributes(manager.control, &ready, &may_cache, &strategy));
    CHECK_EQ(ready, FALSE);
    CHECK_OK(memory_object_ready(manager.control, TRUE, MEMORY_OBJECT_COPY_DELAY));
    CHECK_OK(memory_object_get_attributes(manager.control, &ready, &may_cache, &strategy));
    CHECK_EQ(ready, TRUE);
    CHECK_EQ(may_cache, TRUE);
    CHECK_EQ(strategy, MEMORY_OBJECT_COPY_DELAY);
}

TEST(27, get_attributes_by_flavor_wants_room_and_tells_what_it_used)
{
    struct manager manager;
    memory_object_info_data_t info;
    struct memory_object_perf_info *performance = (struct memory_object_perf_info *)info;
    mach_msg_type_number_t count = MEMORY_OBJECT_PERF_INFO_COUNT - 1;

    manager_start(&manager, 0, PAGE_SIZE);
    CHECK_RETURNS(memory_object_get_attributes_flavor(manager.control,
                                                      MEMORY_OBJECT_PERFORMANCE_INFO, info, &count),
                  KERN_INVALID_ARGUMENT);
    count = MEMORY_OBJECT_PERF_INFO_COUNT + 7;
    CHECK_OK(memory_object_get_attributes_flavor(manager.control, MEMORY_OBJECT_PERFORMANCE_INFO,
                                                 info, &count));
    CHECK_EQ(count, MEMORY_OBJECT_PERF_INFO_COUNT);
    CHECK_EQ(performance->cluster_size, PAGE_SIZE);
    CHECK_EQ(performance->may_cache, FALSE);
}

TEST(28, change_attributes_of_an_unknown_flavor_is_aborted)
{
    struct manager manager;
    struct kernel_message message;
    memory_object_info_data_t info = {0};
    mach_port_t reply = port_make(FALSE);

    start_unready(&manager, PAGE_SIZE);
    CHECK_OK(memory_object_change_attributes_flavor_poly(manager.control, 99, info, 4, reply,
                                                         MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, MACH_NOTIFY_SEND_ONCE, &message);
    CHECK(!is_ready(manager.control));
    EXPECT_SILENCE(reply, 20);
}

static vm_size_t cluster_of(struct manager *manager)
{
    struct memory_object_perf_info performance;
    mach_msg_type_number_t count = MEMORY_OBJECT_PERF_INFO_COUNT;

    CHECK_OK(memory_object_get_attributes_flavor(manager->control, MEMORY_OBJECT_PERFORMANCE_INFO,
                                                 (memory_object_info_t)&performance, &count));
    return performance.cluster_size;
}

TEST(29, a_cluster_is_a_power_of_two_pages_and_zero_means_one)
{
    struct manager manager;
    struct kernel_message message;
    mach_port_t reply = port_make(FALSE);
    vm_address_t address = manager_start(&manager, 0, 8 * PAGE_SIZE);
    struct client client;

    change(&manager, 3 * PAGE_SIZE, FALSE, reply);
    EXPECT_MESSAGE(reply, MACH_NOTIFY_SEND_ONCE, &message);
    CHECK_EQ(cluster_of(&manager), PAGE_SIZE);
    change(&manager, 4 * PAGE_SIZE, FALSE, reply);
    EXPECT_MESSAGE(reply, ID_CHANGE_COMPLETED_FLAVOR, &message);
    CHECK_EQ(cluster_of(&manager), 4 * PAGE_SIZE);
    change(&manager, 0, FALSE, reply);
    EXPECT_MESSAGE(reply, ID_CHANGE_COMPLETED_FLAVOR, &message);
    CHECK_EQ(cluster_of(&manager), PAGE_SIZE);
    client_read(&client, address + PAGE_SIZE);
    EXPECT_REQUEST(&manager, PAGE_SIZE, PAGE_SIZE);
    client_end(&client);
}

/* Each completion brings one more reference to the control port. */
/* boot: timeout=60 */
TEST(30, seventy_thousand_messages_leave_as_many_references_as_the_manager_kept)
{
    struct manager manager;
    struct kernel_message message;

    manager_start(&manager, 0, PAGE_SIZE);
    unsigned before = port_refs(manager.control, MACH_PORT_RIGHT_SEND);
    for (unsigned i = 0; i < MANY; i++) {
        CHECK_OK(memory_object_lock_request(manager.control, 0, PAGE_SIZE,
                                            MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NO_CHANGE,
                                            manager.object));
        EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
    }
    CHECK_EQ(port_refs(manager.control, MACH_PORT_RIGHT_SEND), before);
    CHECK(is_ready(manager.control));
}
