/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation that fails in turn (injection.h): what a manager says to the kernel, and what the kernel says to a
 * manager because of it. Whatever fails: a page that was accepted is there, one that was not comes back, each
 * question is put, each completion is told.
 */
#include <mach/notify.h>
#include <mach/porthole_memory_types.h>
#include <mach/vm_sync.h>

#include "audit.h"
#include "injection.h"
#include "test.h"

#define SELF  mach_task_self()
#define PAGES 4u
#define BYTES ((vm_size_t)PAGES * PAGE_SIZE)
#define SEED  5
#define WAIT  20

static struct manager manager;
static vm_address_t address;
static mach_port_t reply; /* completions come here */
static struct client client;
static boolean_t client_lives;

static void drop_port(mach_port_t port)
{
    if (port_type(port) != MACH_PORT_TYPE_NONE)
        CHECK_OK(mach_port_destroy(SELF, port));
}

/* The object of the try before ends; its manager is told, and gives all up. */
static void end_object(void)
{
    struct kernel_message message;

    if (client_lives)
        client_end(&client);
    client_lives = FALSE;
    if (address == 0) {
        drop_port(manager.object);
        return;
    }
    CHECK_OK(vm_deallocate(SELF, address, BYTES));
    do {
        message_receive(manager.object, &message, MANAGER_WAIT);
        message_release_data(&message);
        CHECK(message.id != 0);
    } while (message.id != ID_TERMINATE);
    drop_port(message.control);
    if (message.name != message.control)
        drop_port(message.name);
    drop_port(manager.control);
    drop_port(manager.name);
    drop_port(manager.object);
    address = 0;
}

static void make_ready_object(memory_object_copy_strategy_t strategy)
{
    end_object();
    manager_create(&manager);
    address = manager_map(&manager, 0, BYTES);
    manager_accept(&manager, FALSE, strategy);
}

/* ---- the association */

static void make_object(void)
{
    end_object();
    manager_create(&manager);
}

static kern_return_t map(void)
{
    vm_address_t at = 0;
    kern_return_t result = vm_map(SELF, &at, BYTES, 0, TRUE, manager.object, 0, FALSE, VM_PROT_ALL,
                                  VM_PROT_ALL, VM_INHERIT_COPY);

    if (result == KERN_SUCCESS)
        address = at;
    return result;
}

static void expect_beginning_and_end(void)
{
    struct kernel_message message;

    EXPECT_MESSAGE(manager.object, ID_INIT, &message);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    drop_port(message.control);
    drop_port(message.name);
}

/* A mapping that was made has told the manager; one that was not has said nothing, or all. */
static void accept_if_mapped(void)
{
    if (address != 0)
        manager_accept(&manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    else if (port_status(manager.object).mps_msgcount > 0)
        expect_beginning_and_end();
}

static void make_mapped_object(void)
{
    struct kernel_message message;

    end_object();
    manager_create(&manager);
    address = manager_map(&manager, 0, BYTES);
    EXPECT_MESSAGE(manager.object, ID_INIT, &message);
    manager.control = message.control;
    manager.name = message.name;
}

static kern_return_t say_ready(void)
{
    return memory_object_ready(manager.control, FALSE, MEMORY_OBJECT_COPY_DELAY);
}

static void expect_ready(void)
{
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    CHECK_OK(memory_object_get_attributes(manager.control, &ready, &may_cache, &strategy));
    CHECK(ready);
}

static kern_return_t unmap(void)
{
    return vm_deallocate(SELF, address, BYTES);
}

static void make_delay_object(void)
{
    make_ready_object(MEMORY_OBJECT_COPY_DELAY);
}

static void make_dirty_object(void)
{
    make_ready_object(MEMORY_OBJECT_COPY_DELAY);
    manager_fill(&manager, address, 0, BYTES, SEED, FALSE);
    pattern_fill(address, BYTES, SEED + 1, 0);
}

/* All that was written came back before the end. */
static void expect_return_and_end(void)
{
    struct kernel_message message;
    vm_size_t returned = 0;

    for (;;) {
        message_receive(manager.object, &message, MANAGER_WAIT);
        if (message.id != ID_DATA_RETURN)
            break;
        pattern_check(message.data, message.data_bytes, SEED + 1, message.offset);
        returned += message.data_bytes;
        message_release_data(&message);
    }
    CHECK_EQ(message.id, ID_TERMINATE);
    CHECK_EQ(returned, BYTES);
    drop_port(message.control);
    drop_port(message.name);
    drop_port(manager.object);
    address = 0;
}

TEST(0, an_object_begins_and_ends_whole_when_an_allocation_fails)
{
    INJECT(map, .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE, .prepare = make_object,
           .check = accept_if_mapped);
    INJECT(say_ready, .prepare = make_mapped_object, .check = expect_ready, .fresh = TRUE);
    INJECT(unmap, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = make_dirty_object,
           .check = expect_return_and_end, .fresh = TRUE);
}

/* ---- supply */

static boolean_t precious, with_reply;
static vm_address_t data, odd; /* what is supplied */

static void make_data(void)
{
    reply = port_make(FALSE);
    CHECK_OK(vm_allocate(SELF, &data, BYTES, TRUE));
    pattern_fill(data, BYTES, SEED, 0);
    CHECK_OK(vm_allocate(SELF, &odd, BYTES + PAGE_SIZE, TRUE));
    odd += 8;
    memcpy((void *)odd, (void *)data, BYTES);
}

static void make_waiting_client(void)
{
    make_ready_object(MEMORY_OBJECT_COPY_DELAY);
    manager_set_cluster(&manager, BYTES);
    client_read(&client, address);
    client_lives = TRUE;
    EXPECT_REQUEST(&manager, 0, BYTES);
}

static kern_return_t supply(void)
{
    return memory_object_data_supply_poly(manager.control, 0, data, BYTES, FALSE, VM_PROT_NONE, precious,
                                          with_reply ? reply : MACH_PORT_NULL,
                                          with_reply ? MACH_MSG_TYPE_MAKE_SEND_ONCE : MACH_MSG_TYPE_MAKE_SEND);
}

static void expect_completion(vm_size_t accepted, kern_return_t result)
{
    struct kernel_message message;

    if (!with_reply)
        return;
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.length, accepted);
    CHECK_EQ(message.result, result);
}

/* The supply was not sent. If its reply right had been taken by then, its port is told that it has gone. */
static boolean_t was_not_sent(void)
{
    struct kernel_message message;

    if (injection_result == KERN_SUCCESS)
        return FALSE;
    if (with_reply)
        message_receive(reply, &message, 0);
    for (vm_offset_t at = 0; at < BYTES; at += PAGE_SIZE)
        manager_supply_plain(&manager, at, PAGE_SIZE, SEED);
    client_finish(&client);
    client_lives = FALSE;
    return TRUE;
}

static void expect_supplied(void)
{
    if (was_not_sent())
        return;
    expect_completion(BYTES, KERN_SUCCESS);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
    client_lives = FALSE;
    pattern_check(address, BYTES, SEED, 0);
    EXPECT_SILENCE(manager.object, WAIT);
}

TEST(0, a_supply_is_taken_whole_when_an_allocation_fails)
{
    make_data();
    for (unsigned i = 0; i < 4; i++) {
        precious = i & 1;
        with_reply = i & 2;
        INJECT(supply, .codes = {MACH_SEND_NO_BUFFER}, .prepare = make_waiting_client, .check = expect_supplied, .fresh = i > 1);
    }
}

/* Not from a page's start on: each page is put together anew. */
static kern_return_t supply_odd(void)
{
    return memory_object_data_supply(manager.control, 0, odd, BYTES, FALSE, VM_PROT_NONE, FALSE,
                                     MACH_PORT_NULL);
}

static kern_return_t supply_each(void)
{
    kern_return_t result = KERN_SUCCESS;

    for (vm_offset_t at = 0; at < BYTES && result == KERN_SUCCESS; at += PAGE_SIZE)
        result = memory_object_data_supply(manager.control, at, data + at, PAGE_SIZE, FALSE, VM_PROT_NONE,
                                           FALSE, MACH_PORT_NULL);
    return result;
}

TEST(0, pages_supplied_one_by_one_are_taken_when_an_allocation_fails)
{
    make_data();
    precious = with_reply = FALSE;
    INJECT(supply_each, .codes = {MACH_SEND_NO_BUFFER}, .prepare = make_waiting_client,
           .check = expect_supplied);
    INJECT(supply_odd, .codes = {MACH_SEND_NO_BUFFER}, .prepare = make_waiting_client,
           .check = expect_supplied);
}

/* The first page is there already: nothing of the supply is taken, and the others are waited for still. */
static void make_obstacle(void)
{
    make_ready_object(MEMORY_OBJECT_COPY_DELAY);
    manager_fill(&manager, address, 0, PAGE_SIZE, SEED, FALSE);
    manager_set_cluster(&manager, BYTES);
    client_read(&client, address + PAGE_SIZE);
    client_lives = TRUE;
    EXPECT_REQUEST(&manager, PAGE_SIZE, BYTES - PAGE_SIZE);
}

static void expect_refused(void)
{
    struct kernel_message message;
    vm_size_t returned = 0;

    if (was_not_sent())
        return;
    while (precious && returned < BYTES) {
        EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
        pattern_check(message.data, message.data_bytes, SEED, message.offset);
        returned += message.data_bytes;
        message_release_data(&message);
    }
    for (vm_offset_t at = PAGE_SIZE; !with_reply && at < BYTES; at += PAGE_SIZE)
        EXPECT_REQUEST(&manager, at, PAGE_SIZE); /* once more, as nobody was told */
    expect_completion(0, KERN_MEMORY_PRESENT);
    manager_supply_plain(&manager, PAGE_SIZE, BYTES - PAGE_SIZE, SEED);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, PAGE_SIZE));
    client_lives = FALSE;
    pattern_check(address, BYTES, SEED, 0);
}

TEST(0, a_refused_supply_comes_back_or_is_asked_for_again_when_an_allocation_fails)
{
    make_data();
    for (unsigned i = 0; i < 4; i++) {
        precious = i & 1;
        with_reply = i & 2;
        INJECT(supply, .codes = {MACH_SEND_NO_BUFFER}, .prepare = make_obstacle, .check = expect_refused, .fresh = i > 1);
    }
}

static kern_return_t say_unavailable(void)
{
    return memory_object_data_unavailable(manager.control, 0, BYTES);
}

static void expect_zeros(void)
{
    CHECK_EQ(client_finish(&client), 0);
    client_lives = FALSE;
}

static kern_return_t say_error(void)
{
    return memory_object_data_error(manager.control, 0, BYTES, KERN_FAILURE);
}

static void expect_bad_access(void)
{
    client_expect_bad_access(&client, KERN_MEMORY_ERROR, address);
}

TEST(0, answers_without_data_are_heard_when_an_allocation_fails)
{
    INJECT(say_unavailable, .prepare = make_waiting_client, .check = expect_zeros, .fresh = TRUE);
    INJECT(say_error, .prepare = make_waiting_client, .check = expect_bad_access, .fresh = TRUE);
}

/* ---- cleaning and flushing */

static memory_object_return_t returned_kind;
static boolean_t flush;

static kern_return_t lock(void)
{
    return memory_object_lock_request(manager.control, 0, BYTES, returned_kind, flush, VM_PROT_NO_CHANGE,
                                      reply);
}

static void expect_cleaned(void)
{
    struct kernel_message message;
    vm_size_t returned = 0;

    EXPECT_MESSAGE(reply, ID_LOCK_COMPLETED, &message);
    CHECK_EQ(message.length, BYTES);
    while (returned_kind != MEMORY_OBJECT_RETURN_NONE && returned < BYTES) {
        EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
        pattern_check(message.data, message.data_bytes, SEED + 1, message.offset);
        returned += message.data_bytes;
        message_release_data(&message);
    }
    EXPECT_SILENCE(manager.object, WAIT);
    if (!flush)
        pattern_check(address, BYTES, SEED + 1, 0);
}

TEST(0, pages_are_cleaned_and_flushed_when_an_allocation_fails)
{
    reply = port_make(FALSE);
    for (unsigned i = 1; i < 4; i++) {
        returned_kind = i & 1 ? MEMORY_OBJECT_RETURN_DIRTY : MEMORY_OBJECT_RETURN_NONE;
        flush = i & 2;
        INJECT(lock, .prepare = make_dirty_object, .check = expect_cleaned, .fresh = i > 1);
    }
    returned_kind = MEMORY_OBJECT_RETURN_ALL;
    flush = TRUE;
    INJECT(lock, .prepare = make_dirty_object, .check = expect_cleaned, .fresh = TRUE);
}

/* A flush waits until pages are no longer wired. */
static void make_wired_object(void)
{
    make_dirty_object();
    CHECK_OK(vm_wire(test_host_port, SELF, address, BYTES, VM_PROT_DEFAULT));
}

/* Flushes that the kernel remembers, of all objects. */
static unsigned waiting_flushes(void)
{
    porthole_object_array_t objects = NULL;
    mach_msg_type_number_t count = 0;
    unsigned waiting = 0;

    CHECK_OK(porthole_objects(test_host_port, &objects, &count));
    for (unsigned i = 0; i < count; i++)
        waiting += objects[i].flushing;
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)objects, count * sizeof *objects));
    return waiting;
}

/* A request that was refused, for want of memory to remember it, has done nothing: it is repeated. */
static void unwire_and_expect(void)
{
    if (waiting_flushes() == 0)
        CHECK_OK(lock());
    CHECK_OK(vm_wire(test_host_port, SELF, address, BYTES, VM_PROT_NONE));
    expect_cleaned();
}

static kern_return_t unwire(void)
{
    return vm_wire(test_host_port, SELF, address, BYTES, VM_PROT_NONE);
}

static void make_waiting_flush(void)
{
    make_wired_object();
    CHECK_OK(lock());
}

TEST(0, wired_pages_are_flushed_in_the_end_when_an_allocation_fails)
{
    reply = port_make(FALSE);
    returned_kind = MEMORY_OBJECT_RETURN_DIRTY;
    flush = TRUE;
    INJECT(lock, .prepare = make_wired_object, .check = unwire_and_expect);
    INJECT(unwire, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = make_waiting_flush, .check = expect_cleaned);
}

/* ---- attributes, synchronisation, copies */

static kern_return_t change(void)
{
    return memory_object_change_attributes(manager.control, TRUE, MEMORY_OBJECT_COPY_NONE, reply);
}

static void expect_changed(void)
{
    struct kernel_message message;

    EXPECT_MESSAGE(reply, ID_CHANGE_COMPLETED, &message);
    CHECK_EQ(message.copy_strategy, MEMORY_OBJECT_COPY_NONE);
    CHECK_OK(memory_object_change_attributes(manager.control, FALSE, MEMORY_OBJECT_COPY_NONE,
                                             MACH_PORT_NULL));
}

static kern_return_t synchronize(void)
{
    return vm_msync(SELF, address, BYTES, VM_SYNC_SYNCHRONOUS);
}

/* Answers until the call has ended. */
static volatile boolean_t answering;
static vm_size_t stored;

static void answer(void *unused)
{
    (void)unused;
    while (answering) {
        struct kernel_message message;

        message_receive(manager.object, &message, WAIT);
        if (message.id == ID_DATA_RETURN) {
            pattern_check(message.data, message.data_bytes, SEED + 1, message.offset);
            stored += message.data_bytes;
            message_release_data(&message);
        } else if (message.id == ID_SYNCHRONIZE) {
            CHECK_OK(memory_object_synchronize_completed(manager.control, message.offset, message.length));
        }
    }
    answering = TRUE;
}

static void make_answered_object(void)
{
    make_dirty_object();
    stored = 0;
    answering = TRUE;
    CHECK(thread_start(answer, NULL, 0) != MACH_PORT_NULL);
}

static boolean_t has_ended(void *unused)
{
    (void)unused;
    return answering;
}

static void expect_stored(void)
{
    answering = FALSE;
    CHECK(wait_until(has_ended, NULL, CLIENT_WAIT));
    CHECK(stored == BYTES || stored == 0); /* 0: it was refused before anything */
    pattern_check(address, BYTES, SEED + 1, 0);
}

TEST(0, attributes_change_and_pages_are_stored_when_an_allocation_fails)
{
    reply = port_make(FALSE);
    INJECT(change, .prepare = make_delay_object, .check = expect_changed, .fresh = TRUE);
    INJECT(synchronize, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = make_answered_object,
           .check = expect_stored);
}

static vm_address_t copy;

static void make_call_object(void)
{
    copy = 0;
    make_ready_object(MEMORY_OBJECT_COPY_CALL);
    manager_fill(&manager, address, 0, BYTES, SEED, FALSE);
}

static kern_return_t copy_by_call(void)
{
    mach_msg_type_number_t count = 0;
    vm_offset_t made = 0;
    kern_return_t result = vm_read(SELF, address, BYTES, &made, &count);

    if (result == KERN_SUCCESS)
        copy = made;
    return result;
}

/* The manager has been told of the copy that there is, and of its end. */
static void expect_copy(void)
{
    struct kernel_message message;
    mach_port_t object;

    if (copy != 0)
        CHECK_OK(vm_deallocate(SELF, copy, BYTES));
    for (;;) {
        message_receive(manager.object, &message, copy != 0 ? MANAGER_WAIT : WAIT);
        if (message.id == 0)
            break;
        CHECK_EQ(message.id, ID_COPY);
        object = message.new_object;
        do {
            message_receive(object, &message, MANAGER_WAIT);
            CHECK(message.id == ID_INIT || message.id == ID_TERMINATE);
            if (message.id == ID_TERMINATE) {
                drop_port(message.control);
                drop_port(message.name);
            }
        } while (message.id != ID_TERMINATE);
        drop_port(object);
        if (copy != 0)
            break;
    }
}

TEST(0, a_manager_is_told_of_a_copy_that_is_made_when_an_allocation_fails)
{
    INJECT(copy_by_call, .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE, .prepare = make_call_object,
           .check = expect_copy);
}
