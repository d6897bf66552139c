/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object_lock_request, lock_completed, data_unlock (checklist 102 to 121).
 */
#include "test.h"

#define SEED 51

struct scene {
    struct manager manager;
    vm_address_t address;
    vm_size_t size;
};

/* An object whose pages are all resident. */
static void scene_start(struct scene *scene, unsigned pages, boolean_t precious)
{
    scene->size = pages * PAGE_SIZE;
    scene->address = manager_start(&scene->manager, 0, scene->size);
    manager_fill(&scene->manager, scene->address, 0, scene->size, SEED, precious);
}

static void dirty(struct scene *scene, unsigned page)
{
    *(volatile uint64_t *)(scene->address + page * PAGE_SIZE) = 0xd117 + page;
}

static void lock(struct scene *scene, vm_offset_t offset, vm_size_t size,
                 memory_object_return_t what, boolean_t flush, vm_prot_t value)
{
    CHECK_OK(memory_object_lock_request(scene->manager.control, offset, size, what, flush, value,
                                        scene->manager.object));
}

static void expect_completed(struct scene *scene, vm_offset_t offset, vm_size_t size)
{
    struct kernel_message message;

    EXPECT_MESSAGE(scene->manager.object, ID_LOCK_COMPLETED, &message);
    CHECK_EQ(message.offset, offset);
    CHECK_EQ(message.length, size);
}

static void expect_return(struct scene *scene, vm_offset_t offset, vm_size_t size, boolean_t dirty,
                          boolean_t kernel_copy)
{
    struct kernel_message message;

    EXPECT_MESSAGE(scene->manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, offset);
    CHECK_EQ(message.data_bytes, size);
    CHECK_EQ(message.dirty, dirty);
    CHECK_EQ(message.kernel_copy, kernel_copy);
    message_release_data(&message);
}

static void expect_unlock(struct scene *scene, vm_offset_t offset, vm_prot_t access)
{
    struct kernel_message message;

    EXPECT_MESSAGE(scene->manager.object, ID_DATA_UNLOCK, &message);
    CHECK_EQ(message.offset, offset);
    CHECK_EQ(message.length, PAGE_SIZE);
    CHECK_EQ(message.access, access);
}

static void expect_asked_again(struct scene *scene, vm_offset_t offset)
{
    struct client client;

    client_read(&client, scene->address + offset);
    EXPECT_REQUEST(&scene->manager, offset, PAGE_SIZE);
    client_end(&client);
}

TEST(102, a_page_locked_against_writing_can_be_read_and_a_write_asks_for_unlock)
{
    struct scene scene;
    struct client client;
    struct kernel_message message;

    scene_start(&scene, 1, FALSE);
    dirty(&scene, 0);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_WRITE);
    expect_completed(&scene, 0, PAGE_SIZE);
    CHECK_EQ(*(volatile uint64_t *)scene.address, 0xd117);
    client_write(&client, scene.address, 1);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_UNLOCK, &message);
    CHECK_EQ(message.offset, 0);
    CHECK(message.access & VM_PROT_WRITE);
    client_expect_blocked(&client, 20);
    client_end(&client);
}

TEST(103, a_grant_lets_the_write_go_on)
{
    struct scene scene;
    struct client client;
    struct kernel_message message;

    scene_start(&scene, 1, FALSE);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_WRITE);
    expect_completed(&scene, 0, PAGE_SIZE);
    client_write(&client, scene.address, 77);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_UNLOCK, &message);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE);
    expect_completed(&scene, 0, PAGE_SIZE);
    client_finish(&client);
    CHECK_EQ(*(volatile uint64_t *)scene.address, 77);
}

TEST(104, a_mapped_page_that_is_locked_against_reading_alone_cannot_be_read)
{
    struct scene scene;
    struct client client;

    scene_start(&scene, 1, FALSE);
    dirty(&scene, 0);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_READ);
    expect_completed(&scene, 0, PAGE_SIZE);
    client_read(&client, scene.address);
    expect_unlock(&scene, 0, VM_PROT_READ);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE);
    expect_completed(&scene, 0, PAGE_SIZE);
    CHECK_EQ(client_finish(&client), 0xd117);
}

TEST(104, data_supplied_locked_against_reading_asks_for_unlock_at_once)
{
    struct scene scene;
    struct client client;

    scene.address = manager_start(&scene.manager, 0, PAGE_SIZE);
    client_read(&client, scene.address);
    EXPECT_REQUEST(&scene.manager, 0, PAGE_SIZE);
    CHECK_OK(manager_supply(&scene.manager, 0, PAGE_SIZE, SEED, VM_PROT_READ | VM_PROT_WRITE, FALSE,
                            MACH_PORT_NULL, 0));
    expect_unlock(&scene, 0, VM_PROT_READ);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

/* No memory is allocated between fault and answer: the fault would begin anew. */
TEST(104, a_page_that_comes_locked_against_reading_in_a_cluster_cannot_be_read)
{
    static const vm_prot_t locks[] = { VM_PROT_NONE, VM_PROT_READ };
    struct scene scene;
    struct client client;
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, 2 * PAGE_SIZE, TRUE));
    pattern_fill(data, 2 * PAGE_SIZE, SEED, 0);
    scene.address = manager_start(&scene.manager, 0, 2 * PAGE_SIZE);
    manager_set_cluster(&scene.manager, 2 * PAGE_SIZE);
    client_read(&client, scene.address);
    EXPECT_REQUEST(&scene.manager, 0, 2 * PAGE_SIZE);
    for (unsigned page = 2; page-- > 0;)
        CHECK_OK(memory_object_data_supply_poly(
            scene.manager.control, page * PAGE_SIZE, data + page * PAGE_SIZE, PAGE_SIZE, FALSE,
            locks[page], FALSE, MACH_PORT_NULL, MACH_MSG_TYPE_MAKE_SEND));
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
    client_read(&client, scene.address + PAGE_SIZE);
    expect_unlock(&scene, PAGE_SIZE, VM_PROT_READ);
    client_end(&client);
}

static uint64_t execute(void *address)
{
    return ((uint64_t (*)(void))address)();
}

TEST(105, unlock_is_asked_once_for_an_access_and_again_with_the_union_for_more)
{
    struct scene scene;
    struct client writers[2], runner;
    struct kernel_message message;

    scene_start(&scene, 1, FALSE);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_WRITE | VM_PROT_EXECUTE);
    expect_completed(&scene, 0, PAGE_SIZE);
    client_write(&writers[0], scene.address, 1);
    client_write(&writers[1], scene.address + 8, 2);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_UNLOCK, &message);
    CHECK(message.access & VM_PROT_WRITE);
    EXPECT_SILENCE(scene.manager.object, 50);
    client_call(&runner, execute, (void *)scene.address);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_UNLOCK, &message);
    CHECK_EQ(message.access & (VM_PROT_WRITE | VM_PROT_EXECUTE), VM_PROT_WRITE | VM_PROT_EXECUTE);
    client_end(&runner);
    client_end(&writers[0]);
    client_end(&writers[1]);
}

TEST(106, a_request_for_nothing_is_only_completed)
{
    struct scene scene;

    scene_start(&scene, 1, FALSE);
    dirty(&scene, 0);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NO_CHANGE);
    expect_completed(&scene, 0, PAGE_SIZE);
    EXPECT_SILENCE(scene.manager.object, 50);
}

TEST(107, completion_tells_the_range_as_it_was_asked)
{
    struct scene scene;

    scene_start(&scene, 2, FALSE);
    lock(&scene, 0, PAGE_SIZE + 5, MEMORY_OBJECT_RETURN_NONE, TRUE, VM_PROT_NO_CHANGE);
    expect_completed(&scene, 0, PAGE_SIZE + 5);
    expect_asked_again(&scene, PAGE_SIZE); /* the size was rounded up */
}

TEST(108, a_request_for_absent_and_requested_pages_is_completed_at_once)
{
    struct scene scene;
    struct client client;

    scene.address = manager_start(&scene.manager, 0, 2 * PAGE_SIZE);
    client_read(&client, scene.address);
    EXPECT_REQUEST(&scene.manager, 0, PAGE_SIZE);
    lock(&scene, 0, 2 * PAGE_SIZE, MEMORY_OBJECT_RETURN_ALL, TRUE, VM_PROT_READ);
    expect_completed(&scene, 0, 2 * PAGE_SIZE);
    manager_supply_plain(&scene.manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0)); /* the supply's own lock holds */
}

TEST(109, a_dirty_page_flushed_without_return_is_dropped)
{
    struct scene scene;
    struct client client;

    scene_start(&scene, 1, FALSE);
    dirty(&scene, 0);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, TRUE, VM_PROT_NO_CHANGE);
    expect_completed(&scene, 0, PAGE_SIZE);
    client_read(&client, scene.address);
    EXPECT_REQUEST(&scene.manager, 0, PAGE_SIZE);
    manager_supply_plain(&scene.manager, 0, PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
}

TEST(110, a_flush_that_returns_the_dirty_drops_clean_precious_pages)
{
    struct scene scene;

    scene_start(&scene, 2, TRUE);
    dirty(&scene, 1);
    lock(&scene, 0, 2 * PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY, TRUE, VM_PROT_NO_CHANGE);
    expect_return(&scene, PAGE_SIZE, PAGE_SIZE, TRUE, FALSE);
    expect_completed(&scene, 0, 2 * PAGE_SIZE);
    expect_asked_again(&scene, 0);
}

TEST(111, a_flush_that_returns_all_returns_both_before_completion)
{
    struct scene scene;

    scene_start(&scene, 2, TRUE);
    dirty(&scene, 1);
    lock(&scene, 0, 2 * PAGE_SIZE, MEMORY_OBJECT_RETURN_ALL, TRUE, VM_PROT_NO_CHANGE);
    expect_return(&scene, 0, PAGE_SIZE, FALSE, FALSE);
    expect_return(&scene, PAGE_SIZE, PAGE_SIZE, TRUE, FALSE);
    expect_completed(&scene, 0, 2 * PAGE_SIZE);
}

TEST(112, return_anything_returns_clean_pages_and_keeps_them)
{
    struct scene scene;

    scene_start(&scene, 1, FALSE);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_ANYTHING, FALSE, VM_PROT_NO_CHANGE);
    expect_return(&scene, 0, PAGE_SIZE, FALSE, TRUE);
    expect_completed(&scene, 0, PAGE_SIZE);
    pattern_check(scene.address, PAGE_SIZE, SEED, 0);
}

/* A malformed request: nothing is done, the send-once reply right comes back. */
static void expect_aborted(struct scene *scene, vm_offset_t offset, memory_object_return_t what)
{
    struct kernel_message message;
    mach_port_t reply = port_make(FALSE);

    CHECK_OK(memory_object_lock_request_poly(scene->manager.control, offset, PAGE_SIZE, what, TRUE,
                                             VM_PROT_NO_CHANGE, reply,
                                             MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, MACH_NOTIFY_SEND_ONCE, &message);
    EXPECT_SILENCE(scene->manager.object, 20);
    pattern_check(scene->address, PAGE_SIZE, SEED, 0);
}

TEST(113, an_unknown_kind_of_return_is_aborted)
{
    struct scene scene;

    scene_start(&scene, 1, FALSE);
    expect_aborted(&scene, 0, 4);
}

TEST(114, the_old_form_with_a_boolean_returns_the_dirty)
{
    struct scene scene;

    scene_start(&scene, 2, TRUE);
    dirty(&scene, 1);
    CHECK_OK(xxx_memory_object_lock_request_poly(
        scene.manager.control, 0, 2 * PAGE_SIZE, TRUE, FALSE, VM_PROT_NO_CHANGE,
        scene.manager.object, MACH_MSG_TYPE_MAKE_SEND));
    expect_return(&scene, PAGE_SIZE, PAGE_SIZE, TRUE, TRUE);
    expect_completed(&scene, 0, 2 * PAGE_SIZE);
    EXPECT_SILENCE(scene.manager.object, 20);
}

TEST(115, access_is_refused_by_flush_and_error)
{
    struct scene scene;
    struct client client;
    struct kernel_message message;

    scene_start(&scene, 1, FALSE);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_WRITE);
    expect_completed(&scene, 0, PAGE_SIZE);
    client_write(&client, scene.address, 1);
    EXPECT_MESSAGE(scene.manager.object, ID_DATA_UNLOCK, &message);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY, TRUE, VM_PROT_NO_CHANGE);
    for (int i = 0; i < 2; i++) { /* the completion and the new request, in any order */
        message_receive(scene.manager.object, &message, MANAGER_WAIT);
        CHECK(message.id == ID_LOCK_COMPLETED || message.id == ID_DATA_REQUEST);
    }
    CHECK_OK(memory_object_data_error(scene.manager.control, 0, PAGE_SIZE, KERN_FAILURE));
    client_expect_bad_access(&client, KERN_MEMORY_ERROR, scene.address);
}

TEST(116, flushing_a_wired_page_returns_at_once_and_completes_after_unwiring)
{
    struct scene scene;

    scene_start(&scene, 1, FALSE);
    CHECK_OK(vm_wire(test_host_port, mach_task_self(), scene.address, PAGE_SIZE, VM_PROT_READ));
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_ALL, TRUE, VM_PROT_NO_CHANGE);
    EXPECT_SILENCE(scene.manager.object, 100);
    pattern_check(scene.address, PAGE_SIZE, SEED, 0);
    CHECK_OK(vm_wire(test_host_port, mach_task_self(), scene.address, PAGE_SIZE, VM_PROT_NONE));
    expect_completed(&scene, 0, PAGE_SIZE);
    expect_asked_again(&scene, 0);
}

TEST(117, a_request_for_nothing_is_completed_though_the_page_is_wired)
{
    struct scene scene;

    scene_start(&scene, 1, FALSE);
    CHECK_OK(vm_wire(test_host_port, mach_task_self(), scene.address, PAGE_SIZE, VM_PROT_READ));
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NO_CHANGE);
    expect_completed(&scene, 0, PAGE_SIZE);
}

TEST(118, a_request_for_all_there_could_be_costs_only_what_is_there)
{
    struct scene scene;

    scene.address = manager_start(&scene.manager, 0, PAGE_SIZE);
    lock(&scene, 0, (vm_size_t)0 - PAGE_SIZE, MEMORY_OBJECT_RETURN_ALL, TRUE, VM_PROT_NO_CHANGE);
    expect_completed(&scene, 0, (vm_size_t)0 - PAGE_SIZE);
}

static volatile boolean_t stop_writing;

static uint64_t keep_writing(void *address)
{
    volatile uint64_t *words = address;
    uint64_t count = 0;

    while (!stop_writing) {
        count++;
        words[0] = count;
        words[PAGE_SIZE / 8 - 1] = count;
    }
    return count;
}

TEST(119, a_page_cleaned_while_it_is_written_loses_no_write)
{
    struct scene scene;
    struct client writer;
    struct kernel_message message;
    uint64_t seen = 0, count;

    scene_start(&scene, 1, FALSE);
    client_call(&writer, keep_writing, (void *)scene.address);
    for (int i = 0; i < 20; i++) {
        thread_sleep(15);
        lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY, FALSE, VM_PROT_NO_CHANGE);
        do {
            message_receive(scene.manager.object, &message, MANAGER_WAIT);
            if (message.id != ID_DATA_RETURN)
                continue;
            uint64_t first = *(uint64_t *)message.data;
            uint64_t last = ((uint64_t *)message.data)[PAGE_SIZE / 8 - 1];

            CHECK(first == last || first == last + 1); /* an image of one moment */
            CHECK(first >= seen);
            seen = first;
            message_release_data(&message);
        } while (message.id == ID_DATA_RETURN);
        CHECK_EQ(message.id, ID_LOCK_COMPLETED);
    }
    stop_writing = TRUE;
    count = client_finish(&writer);
    CHECK_EQ(*(volatile uint64_t *)scene.address, count);
    lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_DIRTY, FALSE, VM_PROT_NO_CHANGE);
    message_receive(scene.manager.object, &message, MANAGER_WAIT);
    if (message.id == ID_DATA_RETURN)
        CHECK_EQ(*(uint64_t *)message.data, count);
    else
        CHECK_EQ(seen, count);
}

#define FLUSHES 100u

static volatile boolean_t writing_ends;

/* Counts in a page, and must find each time what it has written. */
static uint64_t count_on(void *argument)
{
    volatile uint64_t *word = argument;
    uint64_t value = *word;

    while (!writing_ends) {
        CHECK_EQ(*word, value);
        *word = ++value;
    }
    return value;
}

TEST(120, nobody_writes_a_page_any_more_when_its_flush_is_completed)
{
    struct scene scene;
    struct client writer;
    uint64_t last = 0;

    scene_start(&scene, 1, FALSE);
    *(volatile uint64_t *)scene.address = 0;
    client_call(&writer, count_on, (void *)scene.address);
    for (unsigned round = 0; round < FLUSHES; round++) {
        struct kernel_message message, back;

        lock(&scene, 0, PAGE_SIZE, MEMORY_OBJECT_RETURN_ANYTHING, TRUE, VM_PROT_NO_CHANGE);
        EXPECT_MESSAGE(scene.manager.object, ID_DATA_RETURN, &back);
        volatile uint64_t *word = (volatile uint64_t *)back.data; /* the very frame */
        uint64_t value = *word;

        expect_completed(&scene, 0, PAGE_SIZE);
        EXPECT_MESSAGE(scene.manager.object, ID_DATA_REQUEST, &message);
        for (unsigned i = 0; i < 1000; i++)
            CHECK_EQ(*word, value);
        CHECK(value >= last);
        last = value;
        CHECK_OK(memory_object_data_supply(scene.manager.control, 0, back.data, PAGE_SIZE, TRUE,
                                           VM_PROT_NONE, FALSE, MACH_PORT_NULL));
    }
    writing_ends = TRUE;
    CHECK(client_finish(&writer) >= last);
}

TEST(121, a_misaligned_offset_is_aborted)
{
    struct scene scene;

    scene_start(&scene, 1, FALSE);
    expect_aborted(&scene, 8, MEMORY_OBJECT_RETURN_ALL);
}
