/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_supply_completed and precious pages (checklist 71 to 89, D-06 to D-10, D-33).
 */
#include "test.h"

#define SEED 41
#define OTHER 42
#define MANY 100000

/* Three pages: the first and the last asked for, the middle one resident. */
struct scene {
    struct manager manager;
    vm_address_t address;
    struct client first, last;
};

static void make_resident(struct manager *manager, vm_address_t address, vm_offset_t offset,
                          boolean_t precious)
{
    struct client client;

    client_read(&client, address + offset);
    EXPECT_REQUEST(manager, offset, PAGE_SIZE);
    CHECK_OK(manager_supply(manager, offset, PAGE_SIZE, SEED, VM_PROT_NONE, precious,
                            MACH_PORT_NULL, 0));
    client_finish(&client);
}

static void scene_start(struct scene *scene)
{
    scene->address = manager_start(&scene->manager, 0, 3 * PAGE_SIZE);
    make_resident(&scene->manager, scene->address, PAGE_SIZE, FALSE);
    client_read(&scene->first, scene->address);
    EXPECT_REQUEST(&scene->manager, 0, PAGE_SIZE);
    client_read(&scene->last, scene->address + 2 * PAGE_SIZE);
    EXPECT_REQUEST(&scene->manager, 2 * PAGE_SIZE, PAGE_SIZE);
}

static void supply_all(struct scene *scene, boolean_t precious, mach_port_t reply,
                       mach_msg_type_name_t disposition)
{
    CHECK_OK(manager_supply(&scene->manager, 0, 3 * PAGE_SIZE, OTHER, VM_PROT_NONE, precious, reply,
                            disposition));
}

static void expect_first_accepted(const struct kernel_message *message)
{
    CHECK_EQ(message->offset, 0);
    CHECK_EQ(message->length, PAGE_SIZE);
    CHECK_EQ(message->result, KERN_MEMORY_PRESENT);
    CHECK_EQ(message->error_offset, PAGE_SIZE);
}

static void expect_refused_pages(const struct kernel_message *message)
{
    CHECK_EQ(message->offset, PAGE_SIZE);
    CHECK_EQ(message->data_bytes, 2 * PAGE_SIZE);
    CHECK_EQ(message->dirty, FALSE);
    CHECK_EQ(message->kernel_copy, FALSE);
}

TEST(71, full_success_tells_the_whole_length)
{
    struct manager manager;
    struct client client;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    mach_port_t reply = port_make(FALSE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.offset, 0);
    CHECK_EQ(message.length, PAGE_SIZE);
    CHECK_EQ(message.result, KERN_SUCCESS);
    CHECK_EQ(message.error_offset, 0);
    CHECK_EQ(message.local_type, MACH_MSG_TYPE_PORT_SEND_ONCE);
    client_finish(&client);
}

TEST(72, acceptance_stops_at_the_first_refused_page)
{
    struct scene scene;
    struct kernel_message message;
    mach_port_t reply = port_make(FALSE);

    scene_start(&scene);
    supply_all(&scene, FALSE, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    expect_first_accepted(&message);
    CHECK_EQ(client_finish(&scene.first), pattern_word(OTHER, 0));
    pattern_check(scene.address + PAGE_SIZE, PAGE_SIZE, SEED, PAGE_SIZE);
    client_expect_blocked(&scene.last, 50);
    manager_supply_plain(&scene.manager, 2 * PAGE_SIZE, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&scene.last), pattern_word(SEED, 2 * PAGE_SIZE));
}

TEST(73, refused_precious_pages_come_back_before_the_completion)
{
    struct scene scene;
    struct kernel_message back, done;

    scene_start(&scene);
    supply_all(&scene, TRUE, scene.manager.object, MACH_MSG_TYPE_MAKE_SEND);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_RETURN, &back);
    EXPECT_MESSAGE(scene.manager.object, ID_SUPPLY_COMPLETED, &done);
    expect_refused_pages(&back);
    expect_first_accepted(&done);
    CHECK(back.seqno + 1 == done.seqno);
    message_release_data(&back);
    client_finish(&scene.first);
}

TEST(74, without_reply_the_refused_come_back_and_the_wanted_is_asked_for_again)
{
    struct scene scene;
    struct kernel_message back;

    scene_start(&scene);
    supply_all(&scene, TRUE, MACH_PORT_NULL, 0);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_RETURN, &back);
    expect_refused_pages(&back);
    EXPECT_REQUEST(&scene.manager, 2 * PAGE_SIZE, PAGE_SIZE);
    EXPECT_SILENCE(scene.manager.object, 50);
    manager_supply_plain(&scene.manager, 2 * PAGE_SIZE, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&scene.last), pattern_word(SEED, 2 * PAGE_SIZE));
}

TEST(75, refused_pages_that_are_not_precious_do_not_come_back)
{
    struct scene scene;
    struct kernel_message message;

    scene_start(&scene);
    supply_all(&scene, FALSE, scene.manager.object, MACH_MSG_TYPE_MAKE_SEND);
    EXPECT_MESSAGE(scene.manager.object, ID_SUPPLY_COMPLETED, &message);
    expect_first_accepted(&message);
    EXPECT_SILENCE(scene.manager.object, 50);
}

TEST(76, refused_precious_data_comes_back_byte_for_byte)
{
    struct scene scene;
    struct kernel_message back;

    scene_start(&scene);
    supply_all(&scene, TRUE, scene.manager.object, MACH_MSG_TYPE_MAKE_SEND);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_RETURN, &back);
    pattern_check(back.data, 2 * PAGE_SIZE, OTHER, PAGE_SIZE);
    message_release_data(&back);
}

/* One precious page, resident. */
static vm_address_t precious_page(struct manager *manager)
{
    vm_address_t address = manager_start(manager, 0, PAGE_SIZE);

    make_resident(manager, address, 0, TRUE);
    return address;
}

/* boot: memory=32 */
TEST(77, a_precious_page_is_returned_clean_under_memory_pressure)
{
    struct manager manager;
    struct kernel_message message;
    struct pressure pressure;

    precious_page(&manager);
    pressure_make(&pressure, 200, 8000);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.dirty, FALSE);
    CHECK_EQ(message.kernel_copy, FALSE);
    pattern_check(message.data, PAGE_SIZE, SEED, 0);
}

TEST(79, a_precious_page_that_was_written_is_returned_dirty)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = precious_page(&manager);

    *(volatile uint64_t *)address = 1;
    CHECK_OK(vm_deallocate(mach_task_self(), address, PAGE_SIZE));
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.dirty, TRUE);
    CHECK_EQ(*(uint64_t *)message.data, 1);
}

TEST(80, a_precious_page_is_returned_before_terminate)
{
    struct manager manager;
    struct kernel_message back, end;
    vm_address_t address = precious_page(&manager);

    CHECK_OK(vm_deallocate(mach_task_self(), address, PAGE_SIZE));
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &back);
    CHECK_EQ(back.dirty, FALSE);
    pattern_check(back.data, PAGE_SIZE, SEED, 0);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &end);
}

static void lock_request(struct manager *manager, vm_size_t size, memory_object_return_t what,
                         boolean_t flush, mach_port_t reply)
{
    CHECK_OK(memory_object_lock_request(manager->control, 0, size, what, flush, VM_PROT_NO_CHANGE,
                                        reply));
}

TEST(81, a_precious_page_flushed_without_return_is_dropped)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = precious_page(&manager);

    lock_request(&manager, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, TRUE, manager.object);
    EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    client_end(&client);
}

TEST(82, a_precious_page_cleaned_twice_is_returned_twice)
{
    struct manager manager;
    struct kernel_message message;

    precious_page(&manager);
    for (int i = 0; i < 2; i++) {
        lock_request(&manager, PAGE_SIZE, MEMORY_OBJECT_RETURN_ALL, FALSE, manager.object);
        EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
        CHECK_EQ(message.kernel_copy, TRUE);
        CHECK_EQ(message.dirty, FALSE);
        pattern_check(message.data, PAGE_SIZE, SEED, 0);
        message_release_data(&message);
        EXPECT_MESSAGE(manager.object, ID_LOCK_COMPLETED, &message);
    }
}

TEST(83, of_two_precious_supplies_one_is_accepted_and_the_other_comes_back)
{
    struct manager manager;
    struct client client;
    struct kernel_message first, back, second;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    for (int i = 0; i < 2; i++)
        CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED + (unsigned)i, VM_PROT_NONE, TRUE,
                                manager.object, MACH_MSG_TYPE_MAKE_SEND));
    EXPECT_MESSAGE(manager.object, ID_SUPPLY_COMPLETED, &first);
    CHECK_EQ(first.result, KERN_SUCCESS);
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &back);
    pattern_check(back.data, PAGE_SIZE, SEED + 1, 0);
    EXPECT_MESSAGE(manager.object, ID_SUPPLY_COMPLETED, &second);
    CHECK_EQ(second.result, KERN_MEMORY_PRESENT);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

/* Supplies a present page MANY times; one completion each, and the data back first if precious. */
static void refuse_many(boolean_t precious, mach_msg_type_name_t disposition)
{
    struct manager manager;
    struct kernel_message message;
    struct vm_statistics before, after;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    mach_port_t reply = port_make(FALSE);
    unsigned names;

    make_resident(&manager, address, 0, FALSE);
    names = port_name_count();
    memory_statistics(&before);
    for (unsigned i = 0; i < MANY; i++) {
        CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, OTHER, VM_PROT_NONE, precious, reply,
                                disposition));
        if (precious) {
            EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
            message_release_data(&message);
        }
        EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
        CHECK_EQ(message.result, KERN_MEMORY_PRESENT);
    }
    EXPECT_SILENCE(reply, 20);
    EXPECT_SILENCE(manager.object, 20);
    CHECK_EQ(port_status(reply).mps_sorights, 0);
    CHECK_EQ(port_status(reply).mps_srights, FALSE);
    CHECK_EQ(port_name_count(), names);
    memory_statistics(&after);
    CHECK(after.free_count + 64 >= before.free_count);
    pattern_check(address, PAGE_SIZE, SEED, 0);
}

/* boot: timeout=120 */
TEST(84, a_hundred_thousand_refusals_by_send_once_right_leave_nothing_behind)
{
    refuse_many(FALSE, MACH_MSG_TYPE_MAKE_SEND_ONCE);
}

/* boot: timeout=120 */
TEST(84, a_hundred_thousand_precious_refusals_by_send_once_right_leave_nothing_behind)
{
    refuse_many(TRUE, MACH_MSG_TYPE_MAKE_SEND_ONCE);
}

/* boot: timeout=120 */
TEST(84, a_hundred_thousand_refusals_by_send_right_leave_nothing_behind)
{
    refuse_many(FALSE, MACH_MSG_TYPE_MAKE_SEND);
}

/* boot: timeout=120 */
TEST(84, a_hundred_thousand_precious_refusals_by_send_right_leave_nothing_behind)
{
    refuse_many(TRUE, MACH_MSG_TYPE_MAKE_SEND);
}

static void destroy_object(void *argument)
{
    struct manager *manager = argument;

    memory_object_destroy(manager->control, KERN_FAILURE);
}

TEST(85, a_supply_that_races_destroy_is_answered_once)
{
    for (int round = 0; round < 50; round++) {
        struct manager manager;
        struct kernel_message message;
        struct client client;
        vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
        mach_port_t reply = port_make(FALSE);

        client_read(&client, address);
        EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
        thread_start(destroy_object, &manager, 0);
        if (round % 2 == 0)
            swtch_pri(0);
        CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, reply,
                                MACH_MSG_TYPE_MAKE_SEND_ONCE));
        message_receive(reply, &message, 50);
        if (message.id == 0) { /* the control port was the manager's own by then: the request is its */
            EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
            CHECK_OK(mach_port_destroy(mach_task_self(), message.control));
            message_receive(reply, &message, MANAGER_WAIT);
        }
        CHECK(message.id == ID_SUPPLY_COMPLETED || message.id == MACH_NOTIFY_SEND_ONCE);
        EXPECT_SILENCE(reply, 5);
        client_end(&client);
    }
}

TEST(86, a_completion_arrives_though_the_object_port_is_full_of_requests)
{
    static struct client clients[40];
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, 40 * PAGE_SIZE);
    mach_port_t reply = port_make(FALSE);

    for (int i = 0; i < 40; i++)
        client_read(&clients[i], address + (vm_offset_t)i * PAGE_SIZE);
    for (int i = 0; i < 40; i++)
        client_expect_blocked(&clients[i], 5);
    CHECK(port_status(manager.object).mps_msgcount >= 40);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.length, PAGE_SIZE);
}

TEST(87, a_completion_counts_in_the_sequence_of_the_port_that_it_comes_to)
{
    struct manager manager;
    struct kernel_message message, second;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    mach_port_t reply = port_make(FALSE);
    mach_port_seqno_t before;

    make_resident(&manager, address, 0, FALSE);
    before = port_status(manager.object).mps_seqno;
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.seqno, 0);
    CHECK_EQ(port_status(manager.object).mps_seqno, before);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, manager.object,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(manager.object, ID_SUPPLY_COMPLETED, &second);
    CHECK_EQ(second.seqno, before);
}

TEST(88, the_control_right_in_a_completion_can_be_used)
{
    struct manager manager;
    struct kernel_message message;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    make_resident(&manager, address, 0, FALSE);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, manager.object,
                            MACH_MSG_TYPE_MAKE_SEND));
    EXPECT_MESSAGE(manager.object, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.control, manager.control);
    CHECK_OK(memory_object_get_attributes(message.control, &ready, &may_cache, &strategy));
    CHECK_EQ(ready, TRUE);
}
