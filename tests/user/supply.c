/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_data_supply: what is accepted, what is refused, what is malformed (checklist 40 to 55).
 */
#include "test.h"

#define SEED 31
#define OTHER 32

/* A mapped object with a reply port on which nobody else speaks. */
struct scene {
    struct manager manager;
    vm_address_t address;
    mach_port_t reply;
};

static void scene_start(struct scene *scene, unsigned pages)
{
    scene->address = manager_start(&scene->manager, 0, pages * PAGE_SIZE);
    scene->reply = port_make(FALSE);
}

/* Lets a client ask for the page. */
static void request_page(struct scene *scene, struct client *client, unsigned page)
{
    client_read(client, scene->address + page * PAGE_SIZE);
    EXPECT_REQUEST(&scene->manager, page * PAGE_SIZE, PAGE_SIZE);
}

static void make_resident(struct scene *scene, unsigned page, uint64_t seed)
{
    struct client client;

    request_page(scene, &client, page);
    manager_supply_plain(&scene->manager, page * PAGE_SIZE, PAGE_SIZE, seed);
    client_finish(&client);
}

/* Supplies with a send-once reply and takes the completion. */
static void supply(struct scene *scene, vm_offset_t offset, vm_size_t size, uint64_t seed,
                   struct kernel_message *completion)
{
    CHECK_OK(manager_supply(&scene->manager, offset, size, seed, VM_PROT_NONE, FALSE, scene->reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(scene->reply, ID_SUPPLY_COMPLETED, completion);
    CHECK_EQ(completion->offset, offset);
}

static void expect_refused(const struct kernel_message *completion, vm_offset_t offset)
{
    CHECK_EQ(completion->result, KERN_MEMORY_PRESENT);
    CHECK_EQ(completion->length, 0);
    CHECK_EQ(completion->error_offset, offset);
}

static void expect_accepted(const struct kernel_message *completion, vm_size_t length)
{
    CHECK_EQ(completion->result, KERN_SUCCESS);
    CHECK_EQ(completion->length, length);
    CHECK_EQ(completion->error_offset, 0);
}

TEST(40, a_page_that_was_not_asked_for_is_refused)
{
    struct scene scene;
    struct kernel_message completion;
    struct client client;

    scene_start(&scene, 2);
    supply(&scene, PAGE_SIZE, PAGE_SIZE, SEED, &completion);
    expect_refused(&completion, PAGE_SIZE);
    request_page(&scene, &client, 1); /* it is not resident: the kernel asks */
    client_end(&client);
}

TEST(41, a_resident_page_keeps_its_data)
{
    struct scene scene;
    struct kernel_message completion;

    scene_start(&scene, 1);
    make_resident(&scene, 0, SEED);
    supply(&scene, 0, PAGE_SIZE, OTHER, &completion);
    expect_refused(&completion, 0);
    pattern_check(scene.address, PAGE_SIZE, SEED, 0);
}

TEST(42, a_dirty_page_keeps_its_data)
{
    struct scene scene;
    struct kernel_message completion;

    scene_start(&scene, 1);
    make_resident(&scene, 0, SEED);
    *(volatile uint64_t *)scene.address = 4711;
    supply(&scene, 0, PAGE_SIZE, OTHER, &completion);
    expect_refused(&completion, 0);
    CHECK_EQ(*(volatile uint64_t *)scene.address, 4711);
}

TEST(43, a_page_said_to_be_unavailable_is_refused)
{
    struct scene scene;
    struct kernel_message completion;
    struct client client;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    client_end(&client); /* so that nobody turns the answer into zeros */
    CHECK_OK(memory_object_data_unavailable(scene.manager.control, 0, PAGE_SIZE));
    supply(&scene, 0, PAGE_SIZE, SEED, &completion);
    expect_refused(&completion, 0);
    CHECK_EQ(*(volatile uint64_t *)scene.address, 0);
}

TEST(44, a_partial_page_at_the_end_is_dropped_silently)
{
    struct scene scene;
    struct kernel_message completion;
    struct client clients[2];

    scene_start(&scene, 3);
    request_page(&scene, &clients[0], 0);
    request_page(&scene, &clients[1], 1);
    supply(&scene, 0, 2 * PAGE_SIZE + 100, SEED, &completion);
    expect_accepted(&completion, 2 * PAGE_SIZE);
    client_finish(&clients[0]);
    client_finish(&clients[1]);
    pattern_check(scene.address, 2 * PAGE_SIZE, SEED, 0);
}

TEST(45, less_than_a_page_is_a_success_of_nothing)
{
    struct scene scene;
    struct kernel_message completion;
    struct client client;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    supply(&scene, 0, 100, SEED, &completion);
    expect_accepted(&completion, 0);
    client_expect_blocked(&client, 50);
}

TEST(46, no_data_at_all_is_a_success_of_nothing)
{
    struct scene scene;
    struct kernel_message completion;

    scene_start(&scene, 1);
    CHECK_OK(memory_object_data_supply_poly(scene.manager.control, 0, 0, 0, FALSE, VM_PROT_NONE,
                                            FALSE, scene.reply, MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(scene.reply, ID_SUPPLY_COMPLETED, &completion);
    expect_accepted(&completion, 0);
}

/* A malformed supply: no completion, the send-once right comes back, the next good one works. */
static void expect_aborted(struct scene *scene, struct client *client)
{
    struct kernel_message message;

    EXPECT_MESSAGE(scene->reply, MACH_NOTIFY_SEND_ONCE, &message);
    EXPECT_SILENCE(scene->reply, 50);
    client_expect_blocked(client, 20);
    CHECK_EQ(port_status(scene->reply).mps_sorights, 0);
    supply(scene, 0, PAGE_SIZE, SEED, &message);
    expect_accepted(&message, PAGE_SIZE);
    CHECK_EQ(client_finish(client), pattern_word(SEED, 0));
}

static void supply_malformed(struct scene *scene, vm_offset_t offset, vm_prot_t lock)
{
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, PAGE_SIZE, TRUE));
    CHECK_OK(memory_object_data_supply_poly(scene->manager.control, offset, data, PAGE_SIZE, TRUE,
                                            lock, FALSE, scene->reply,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
}

TEST(47, a_misaligned_offset_is_aborted)
{
    struct scene scene;
    struct client client;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    supply_malformed(&scene, 1, VM_PROT_NONE);
    expect_aborted(&scene, &client);
}

TEST(48, a_lock_value_that_is_none_is_aborted)
{
    struct scene scene;
    struct client client;
    struct kernel_message message;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    supply_malformed(&scene, 0, VM_PROT_NO_CHANGE);
    EXPECT_MESSAGE(scene.reply, MACH_NOTIFY_SEND_ONCE, &message);
    supply_malformed(&scene, 0, 0x10);
    expect_aborted(&scene, &client);
}

TEST(49, a_range_that_wraps_is_aborted)
{
    struct scene scene;
    struct client client;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    supply_malformed(&scene, (vm_offset_t)0 - PAGE_SIZE, VM_PROT_NONE);
    expect_aborted(&scene, &client);
}

/* boot: memory=128 */
TEST(52, half_a_gigabyte_for_one_page_is_one_page_accepted)
{
    struct scene scene;
    struct client client;
    struct kernel_message completion;
    vm_address_t data = 0;
    vm_size_t size = (vm_size_t)512 << 20;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    CHECK_OK(vm_allocate(mach_task_self(), &data, size, TRUE));
    pattern_fill(data, PAGE_SIZE, SEED, 0);
    CHECK_OK(memory_object_data_supply_poly(scene.manager.control, 0, data,
                                            (mach_msg_type_number_t)size, TRUE, VM_PROT_NONE, FALSE,
                                            scene.reply, MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(scene.reply, ID_SUPPLY_COMPLETED, &completion);
    CHECK_EQ(completion.length, PAGE_SIZE);
    CHECK_EQ(completion.result, KERN_MEMORY_PRESENT);
    CHECK_EQ(completion.error_offset, PAGE_SIZE);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

TEST(54, a_send_right_as_reply_gets_the_completion_as_a_send_right)
{
    struct scene scene;
    struct client client;
    struct kernel_message completion;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    CHECK_OK(manager_supply(&scene.manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, scene.reply,
                            MACH_MSG_TYPE_MAKE_SEND));
    EXPECT_MESSAGE(scene.reply, ID_SUPPLY_COMPLETED, &completion);
    CHECK_EQ(completion.local_type, MACH_MSG_TYPE_PORT_SEND);
    expect_accepted(&completion, PAGE_SIZE);
    client_finish(&client);
    CHECK_EQ(port_status(scene.reply).mps_srights, FALSE);
}

TEST(55, a_dead_reply_right_does_not_disturb)
{
    struct scene scene;
    struct client client;
    mach_port_t dead = port_make(TRUE);

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    CHECK_OK(mach_port_mod_refs(mach_task_self(), dead, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_OK(manager_supply(&scene.manager, 0, PAGE_SIZE, SEED, VM_PROT_NONE, FALSE, dead,
                            MACH_MSG_TYPE_MOVE_SEND_ONCE));
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
    EXPECT_SILENCE(scene.manager.object, 50);
}

TEST(56, data_provided_supplies_without_completion)
{
    struct scene scene;
    struct client client;
    vm_address_t data = 0;

    scene_start(&scene, 1);
    request_page(&scene, &client, 0);
    CHECK_OK(vm_allocate(mach_task_self(), &data, PAGE_SIZE, TRUE));
    pattern_fill(data, PAGE_SIZE, SEED, 0);
    CHECK_OK(memory_object_data_provided(scene.manager.control, 0, data, PAGE_SIZE, VM_PROT_NONE));
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
    EXPECT_SILENCE(scene.manager.object, 50);
}
