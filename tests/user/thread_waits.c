/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads inside a wait: what ends it, what they are told, and what is told of them and their times. */
#include <mach/mach_traps.h>

#include "registers.h"
#include "test.h"
#include "wire.h"

/* ---- states */

static void check_info(mach_port_t thread, int state, int suspend_count)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    CHECK_OK(thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count));
    CHECK_EQ(info.run_state, state);
    CHECK_EQ(info.suspend_count, suspend_count);
    CHECK_EQ(info.flags, 0);
}

static volatile uint64_t turns;

static uint64_t turn(void *argument)
{
    for (;;)
        turns++;
    return (uint64_t)argument;
}

static mach_port_t silent;

static uint64_t receive(void *argument)
{
    mach_msg_header_t header;

    (void)argument;
    return (uint64_t)mach_msg_trap(&header, MACH_RCV_MSG, 0, sizeof header, silent, 0,
                                   MACH_PORT_NULL);
}

static void sleep_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        thread_sleep(1000);
}

TEST(0, a_thread_tells_what_it_does_and_who_holds_it)
{
    struct client runner, waiter;
    struct helper helper;
    mach_port_t thread;

    silent = port_make(FALSE);
    CHECK_OK(thread_create(mach_task_self(), &thread));
    check_info(thread, TH_STATE_STOPPED, 1);
    check_info(thread_self(), TH_STATE_RUNNING, 0);
    client_call(&waiter, receive, NULL);
    client_call(&runner, turn, NULL);
    client_expect_blocked(&waiter, 50);
    check_info(waiter.thread, TH_STATE_WAITING, 0);
    check_info(runner.thread, TH_STATE_RUNNING, 0);
    CHECK_OK(thread_suspend(waiter.thread));
    CHECK_OK(thread_suspend(waiter.thread));
    CHECK_OK(thread_suspend(runner.thread));
    check_info(waiter.thread, TH_STATE_STOPPED, 2);
    check_info(runner.thread, TH_STATE_STOPPED, 1);
    CHECK_OK(thread_resume(waiter.thread));
    check_info(waiter.thread, TH_STATE_STOPPED, 1);
    CHECK_OK(thread_resume(waiter.thread));
    check_info(waiter.thread, TH_STATE_WAITING, 0);
    CHECK_RETURNS(thread_resume(waiter.thread), KERN_FAILURE);

    helper_create(&helper, sleep_for_ever, NULL);
    helper_run(&helper);
    thread_sleep(50);
    check_info(helper.thread, TH_STATE_WAITING, 0);
    CHECK_OK(task_suspend(helper.task));
    check_info(helper.thread, TH_STATE_STOPPED, 0);
    CHECK_OK(task_resume(helper.task));
    check_info(helper.thread, TH_STATE_WAITING, 0);
    helper_end(&helper);
    client_end(&waiter);
    client_end(&runner);
}

/* ---- thread_abort */

TEST(0, a_suspended_and_aborted_receive_shows_its_result_at_once)
{
    struct i386_thread_state before, after;
    struct client client;

    silent = port_make(FALSE);
    client_call(&client, receive, NULL);
    client_expect_blocked(&client, 50);
    CHECK_OK(thread_suspend(client.thread));
    registers_get(client.thread, &before);
    CHECK_EQ((int)before.rax, -25);
    CHECK_OK(thread_abort(client.thread));
    registers_get(client.thread, &after);
    CHECK_EQ(after.rip, before.rip);
    CHECK_EQ(after.rax, MACH_RCV_INTERRUPTED);
    CHECK_OK(thread_abort(client.thread)); /* once more does nothing more */
    registers_get(client.thread, &after);
    CHECK_EQ(after.rax, MACH_RCV_INTERRUPTED);
    CHECK_OK(thread_resume(client.thread));
    CHECK_EQ(client_finish(&client), MACH_RCV_INTERRUPTED);
}

static mach_port_t full, carried;
static struct wire wire;

/* Sends a receive right to a port whose queue is full. */
static uint64_t send_to_full(void *argument)
{
    (void)argument;
    wire_begin(&wire, full, MACH_MSG_TYPE_COPY_SEND, 7);
    wire_add_port(&wire, carried, MACH_MSG_TYPE_MOVE_RECEIVE);
    wire.header.msgh_size = wire.size;
    return (uint64_t)mach_msg_trap(&wire.header, MACH_SEND_MSG, wire.size, 0, MACH_PORT_NULL, 0,
                                   MACH_PORT_NULL);
}

TEST(0, an_aborted_send_is_undone)
{
    struct i386_thread_state state;
    struct client client;

    full = port_make(TRUE);
    carried = port_make(FALSE);
    CHECK_OK(mach_port_set_qlimit(mach_task_self(), full, 1));
    CHECK_OK(port_send_empty(full, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    client_call(&client, send_to_full, NULL);
    client_expect_blocked(&client, 50);
    CHECK_EQ(port_type(carried), MACH_PORT_TYPE_NONE);
    CHECK_OK(thread_suspend(client.thread));
    CHECK_OK(thread_abort(client.thread));
    registers_get(client.thread, &state);
    CHECK_EQ(state.rax, MACH_SEND_INTERRUPTED);
    CHECK_EQ(port_status(full).mps_msgcount, 1);
    CHECK_OK(thread_resume(client.thread));
    CHECK_EQ(client_finish(&client), MACH_SEND_INTERRUPTED);
    CHECK_EQ(port_type(wire_port(&wire, 0)), MACH_PORT_TYPE_RECEIVE); /* back, in the message */
}

static mach_port_t server;

static uint64_t request(void *argument)
{
    mach_msg_header_t header = {
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
        .msgh_remote_port = server,
        .msgh_local_port = silent,
    };

    (void)argument;
    return (uint64_t)mach_msg_trap(&header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof header,
                                   sizeof header, silent, 0, MACH_PORT_NULL);
}

TEST(0, a_request_whose_wait_is_aborted_has_been_sent)
{
    struct client client;

    silent = port_make(FALSE);
    server = port_make(TRUE);
    client_call(&client, request, NULL);
    client_expect_blocked(&client, 50);
    CHECK_OK(thread_abort(client.thread));
    CHECK_EQ(client_finish(&client), MACH_RCV_INTERRUPTED);
    CHECK_EQ(port_status(server).mps_msgcount, 1);
    CHECK_EQ(port_status(silent).mps_sorights, 1); /* the server can answer still */
}

TEST(0, an_aborted_page_fault_is_taken_again)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(thread_abort(client.thread));
        client_expect_blocked(&client, 30);
    }
    EXPECT_SILENCE(manager.object, 50); /* the page has been asked for already */
    manager_supply_plain(&manager, 0, PAGE_SIZE, 1);
    CHECK_EQ(client_finish(&client), pattern_word(1, 0));
}

static volatile uint64_t go;

static uint64_t turn_then_receive(void *argument)
{
    while (!go)
        turns++;
    return receive(argument);
}

TEST(0, an_abort_of_a_thread_that_does_not_wait_ends_no_later_wait)
{
    struct client client;

    silent = port_make(TRUE);
    client_call(&client, turn_then_receive, NULL);
    while (turns == 0)
        thread_sleep(10);
    CHECK_OK(thread_abort(client.thread));
    uint64_t before = turns;
    while (turns == before)
        thread_sleep(10); /* it has been in user mode again */
    go = 1;
    client_expect_blocked(&client, 100);
    CHECK_OK(port_send_empty(silent, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    CHECK_EQ(client_finish(&client), MACH_MSG_SUCCESS);
}

TEST(0, only_other_threads_are_aborted)
{
    CHECK_RETURNS(thread_abort(thread_self()), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_abort(mach_task_self()), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_suspend(mach_task_self()), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_resume(mach_task_self()), KERN_INVALID_ARGUMENT);
}

/* ---- times */

static uint64_t nanoseconds(time_value64_t time)
{
    return (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds;
}

static void times_of(mach_port_t thread, uint64_t *user, uint64_t *system)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    CHECK_OK(thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count));
    *user = nanoseconds(info.user_time64);
    *system = nanoseconds(info.system_time64);
}

static uint64_t trap_for_ever(void *argument)
{
    for (;;)
        syscall_vm_deallocate(mach_task_self(), (vm_address_t)argument, 0x7f0000000000);
    return 0;
}

#define MUCH 300000000 /* ns that a thread must have run: many ticks */

/* Lets a client run for long; none of its times may ever go back. */
static void run_long(struct client *client, uint64_t *user, uint64_t *system)
{
    uint64_t last_user = 0, last_system = 0;

    do {
        thread_sleep(10);
        times_of(client->thread, user, system);
        CHECK(*user >= last_user && *system >= last_system);
        last_user = *user, last_system = *system;
    } while (*user + *system < MUCH);
}

/* boot: icount=1 */
TEST(0, times_in_user_mode_and_in_the_kernel_are_told_apart)
{
    struct client turner, trapper;
    uint64_t user, system;

    client_call(&turner, turn, NULL);
    client_call(&trapper, trap_for_ever, NULL);
    thread_sleep(50);
    run_long(&turner, &user, &system);
    CHECK(user > 9 * system);
    run_long(&trapper, &user, &system);
    CHECK(system > user);
    client_end(&turner);
    client_end(&trapper);
}

static uint64_t task_times(void)
{
    struct task_basic_info basic;
    struct task_thread_times_info living;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

    CHECK_OK(task_info(mach_task_self(), TASK_BASIC_INFO, (task_info_t)&basic, &count));
    count = TASK_THREAD_TIMES_INFO_COUNT;
    CHECK_OK(task_info(mach_task_self(), TASK_THREAD_TIMES_INFO, (task_info_t)&living, &count));
    return nanoseconds(basic.user_time64) + nanoseconds(basic.system_time64) +
           nanoseconds(living.user_time64) + nanoseconds(living.system_time64);
}

TEST(0, a_task_keeps_the_times_of_threads_that_are_gone)
{
    struct client client;
    uint64_t user, system, all;

    client_call(&client, turn, NULL);
    thread_sleep(50);
    run_long(&client, &user, &system);
    all = task_times();
    CHECK(all >= user + system);
    client_end(&client);
    thread_sleep(20);
    CHECK(task_times() >= all);
}

/* ---- counters */

static struct task_events_info events(void)
{
    struct task_events_info info;
    mach_msg_type_number_t count = TASK_EVENTS_INFO_COUNT;

    CHECK_OK(task_info(mach_task_self(), TASK_EVENTS_INFO, (task_info_t)&info, &count));
    CHECK_EQ(count, TASK_EVENTS_INFO_COUNT);
    return info;
}

/* Answers requests for ever. */
static uint64_t answer(void *argument)
{
    mach_msg_header_t header = { 0 };
    mach_msg_option_t option = MACH_RCV_MSG;

    for (;;) {
        CHECK_OK(mach_msg_trap(&header, option, sizeof header, sizeof header, server, 0,
                               MACH_PORT_NULL));
        header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
        header.msgh_local_port = MACH_PORT_NULL;
        option = MACH_SEND_MSG | MACH_RCV_MSG;
    }
    return (uint64_t)argument;
}

TEST(0, the_messages_of_a_task_are_counted)
{
    struct task_events_info before, after;
    struct client client;

    server = port_make(TRUE);
    silent = port_make(FALSE);
    client_call(&client, answer, NULL);
    client_expect_blocked(&client, 50);
    before = events();
    after = events();
    CHECK_EQ(after.messages_sent - before.messages_sent, 1); /* the request for them */
    CHECK_EQ(after.messages_received - before.messages_received, 1);
    before = after;
    CHECK_EQ(request(NULL), MACH_MSG_SUCCESS);
    CHECK_EQ(request(NULL), MACH_MSG_SUCCESS);
    after = events();
    CHECK_EQ(after.messages_sent - before.messages_sent, 1 + 4); /* requests and answers */
    CHECK_EQ(after.messages_received - before.messages_received, 1 + 4);
    client_end(&client);
    thread_sleep(20);
    before = events();
    CHECK(before.messages_sent > after.messages_sent); /* those of the dead are kept */
    for (unsigned i = 0; i < 5; i++) {
        mach_msg_header_t header;

        CHECK_OK(mach_port_insert_right(mach_task_self(), silent, silent, MACH_MSG_TYPE_MAKE_SEND));
        CHECK_OK(port_send_empty(silent, MACH_MSG_TYPE_COPY_SEND, 1, 0));
        CHECK_OK(mach_msg(&header, MACH_RCV_MSG, 0, sizeof header, silent, 0, MACH_PORT_NULL));
    }
    after = events();
    CHECK_EQ(after.messages_sent - before.messages_sent, 1 + 2 * 5);
    CHECK_EQ(after.messages_received - before.messages_received, 1 + 2 * 5);
}

TEST(0, the_events_of_a_task_are_counted)
{
    vm_address_t address = 0;
    struct task_events_info before, after;

    CHECK_OK(vm_allocate(mach_task_self(), &address, 10 * PAGE_SIZE, TRUE));
    before = events();
    for (unsigned i = 0; i < 10; i++)
        *(volatile char *)(address + i * PAGE_SIZE) = 1;
    after = events();
    CHECK_EQ(after.faults - before.faults, 10);
    CHECK_EQ(after.zero_fills - before.zero_fills, 10);
}
