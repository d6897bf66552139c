/* SPDX-License-Identifier: BSD-2-Clause */
/* MACH_SEND_NOTIFY: a message beyond the limit of a queue, and the notification that follows. */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()

static struct wire wire;

/* Sends an empty message so; the trap's code. */
static mach_msg_return_t send_with(mach_port_t port, mach_msg_id_t id, mach_msg_option_t option,
                                   unsigned milliseconds, mach_port_t notify)
{
    wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, id);
    return mach_msg_trap(&wire.header, MACH_SEND_MSG | option, wire.size, 0, MACH_PORT_NULL,
                         milliseconds, notify);
}

static mach_msg_return_t force(mach_port_t port, mach_msg_id_t id, mach_port_t notify)
{
    return send_with(port, id, MACH_SEND_NOTIFY, 0, notify);
}

/* A port with a full queue. */
static mach_port_t full_port(void)
{
    mach_port_t port = port_make(TRUE);

    CHECK_OK(mach_port_set_qlimit(SELF, port, 1));
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    return port;
}

/* The next message must be this one. */
static void expect(mach_port_t port, mach_msg_id_t id)
{
    CHECK_OK(wire_receive(&wire, port, 5000));
    CHECK_EQ(wire.header.msgh_id, id);
}

/* The notification must come, to a port or a set, with that name. */
static void expect_accepted(mach_port_t notify, mach_port_name_t name)
{
    expect(notify, MACH_NOTIFY_MSG_ACCEPTED);
    CHECK_EQ(wire.header.msgh_size, 48);
    CHECK_EQ(wire.header.msgh_remote_port, MACH_PORT_NULL);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(wire.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND_ONCE);
    CHECK_EQ(wire_type(&wire, 0)->msgt_name, MACH_MSG_TYPE_PORT_NAME);
    CHECK_EQ(*(mach_port_name_t *)wire_data(&wire, 0), name);
}

static void expect_silence(mach_port_t notify)
{
    CHECK_RETURNS(wire_receive(&wire, notify, 20), MACH_RCV_TIMED_OUT);
}

TEST(0, a_forced_message_waits_beyond_the_limit_and_is_told_of)
{
    mach_port_t port = full_port(), notify = port_make(FALSE);

    CHECK_RETURNS(force(port, 2, notify), MACH_SEND_WILL_NOTIFY);
    CHECK_EQ(port_status(port).mps_msgcount, 2);
    CHECK(port_type(port) & MACH_PORT_TYPE_MAREQUEST);
    CHECK_EQ(port_status(notify).mps_sorights, 1);
    expect(port, 1);
    expect_silence(notify);
    expect(port, 2);
    expect_accepted(notify, port);
    CHECK_EQ(port_status(notify).mps_sorights, 0);
    CHECK(!(port_type(port) & MACH_PORT_TYPE_MAREQUEST));
    CHECK_EQ(port_status(port).mps_srights, 1);
    expect_silence(notify);
}

TEST(0, with_room_in_the_queue_nothing_is_told)
{
    mach_port_t port = port_make(TRUE), notify = port_make(FALSE);

    CHECK_OK(force(port, 1, notify));
    CHECK_OK(force(port, 2, MACH_PORT_NULL)); /* the notify port is not looked at */
    expect(port, 1);
    expect(port, 2);
    expect_silence(notify);
    CHECK_EQ(port_status(notify).mps_sorights, 0);
    CHECK_OK(force(mach_task_self(), 99999, notify)); /* nor do the kernel's own ports have a queue */
}

TEST(0, one_forced_message_for_a_task_and_a_port)
{
    mach_port_t port = full_port(), other = full_port(), notify = port_make(FALSE);

    CHECK_RETURNS(force(port, 2, notify), MACH_SEND_WILL_NOTIFY);
    CHECK_RETURNS(force(port, 3, notify), MACH_SEND_NOTIFY_IN_PROGRESS);
    CHECK_EQ(port_status(port).mps_msgcount, 2);
    CHECK_EQ(port_status(port).mps_srights, 1);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 2); /* put back: the copy came in again */
    CHECK_RETURNS(force(other, 2, notify), MACH_SEND_WILL_NOTIFY);
    expect(port, 1);
    expect(port, 2);
    expect_accepted(notify, port);
    CHECK_OK(force(port, 4, notify));
    CHECK_RETURNS(force(port, 5, notify), MACH_SEND_WILL_NOTIFY); /* and so on */
    expect(port, 4);
    expect(port, 5);
    expect_accepted(notify, port);
    expect(other, 1);
    expect(other, 2);
    expect_accepted(notify, other);
}

TEST(0, a_bad_notify_port_is_refused_and_the_message_put_back)
{
    mach_port_t port = full_port(), send_only = port_make(TRUE);
    mach_port_t bad[] = {MACH_PORT_NULL, MACH_PORT_DEAD, 0x9999, mach_task_self()};

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 7);
        wire_add_port(&wire, send_only, MACH_MSG_TYPE_MOVE_SEND);
        CHECK_RETURNS(mach_msg_trap(&wire.header, MACH_SEND_MSG | MACH_SEND_NOTIFY, wire.size, 0, 0,
                                    0, bad[i]),
                      MACH_SEND_INVALID_NOTIFY);
        CHECK_EQ(wire_port(&wire, 0), send_only); /* pseudo-receive: the right is back */
        CHECK_EQ(port_refs(send_only, MACH_PORT_RIGHT_SEND), 1);
        CHECK_EQ(port_status(port).mps_msgcount, 1);
        CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 2);
        CHECK_OK(mach_port_deallocate(SELF, port));
    }
}

struct timed {
    mach_port_t port, notify;
    unsigned milliseconds;
};

static uint64_t force_timed(void *argument)
{
    static struct wire own;
    struct timed *timed = argument;

    wire_begin(&own, timed->port, MACH_MSG_TYPE_COPY_SEND, 2);
    return (uint32_t)mach_msg_trap(&own.header, MACH_SEND_MSG | MACH_SEND_NOTIFY | MACH_SEND_TIMEOUT,
                                   own.size, 0, 0, timed->milliseconds, timed->notify);
}

TEST(0, a_timeout_comes_before_force)
{
    struct timed timed = {full_port(), port_make(FALSE), 100000};
    static struct client client;

    client_call(&client, force_timed, &timed);
    client_expect_blocked(&client, 30);
    expect(timed.port, 1); /* makes room in time */
    CHECK_EQ(client_finish(&client), MACH_MSG_SUCCESS);
    timed.milliseconds = 30;
    CHECK_EQ(force_timed(&timed), MACH_SEND_WILL_NOTIFY);
    expect(timed.port, 2);
    expect(timed.port, 2);
    expect_accepted(timed.notify, timed.port);
    timed.milliseconds = 100000;
    CHECK_OK(port_send_empty(timed.port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    client_call(&client, force_timed, &timed);
    client_expect_blocked(&client, 30);
    CHECK_OK(thread_abort(client.thread));
    CHECK_EQ(client_finish(&client), MACH_SEND_INTERRUPTED);
    CHECK_EQ(port_status(timed.port).mps_msgcount, 1);
}

TEST(0, the_death_of_the_port_is_told_like_acceptance)
{
    mach_port_t port = full_port(), notify = port_make(FALSE);

    CHECK_RETURNS(force(port, 2, notify), MACH_SEND_WILL_NOTIFY);
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    expect_accepted(notify, port);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_DEAD_NAME);
}

TEST(0, the_name_told_is_the_one_that_the_port_has_now)
{
    mach_port_t port = full_port(), notify = port_make(FALSE), renamed = 0x123456;

    CHECK_RETURNS(force(port, 2, notify), MACH_SEND_WILL_NOTIFY);
    CHECK_OK(mach_port_rename(SELF, port, renamed));
    CHECK(port_type(renamed) & MACH_PORT_TYPE_MAREQUEST);
    expect(renamed, 1);
    expect(renamed, 2);
    expect_accepted(notify, renamed);
}

/* Gives the receive right away, and with it this task's name. */
static void gives_receive_away(mach_port_t port, mach_port_t to)
{
    wire_begin(&wire, to, MACH_MSG_TYPE_MAKE_SEND, 1);
    wire_add_port(&wire, port, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_OK(wire_send(&wire, 0));
}

TEST(0, without_a_right_the_name_told_is_null)
{
    mach_port_t port = full_port(), notify = port_make(FALSE), carrier = port_make(FALSE);
    mach_port_name_t name;

    CHECK_RETURNS(force(port, 2, notify), MACH_SEND_WILL_NOTIFY);
    gives_receive_away(port, carrier);
    CHECK(port_type(port) & MACH_PORT_TYPE_MAREQUEST);
    CHECK_OK(mach_port_destroy(SELF, port));
    expect_silence(notify);
    CHECK_OK(mach_port_destroy(SELF, carrier)); /* the port dies in transit */
    expect_accepted(notify, MACH_PORT_NULL);

    port = full_port();
    carrier = port_make(FALSE);
    CHECK_RETURNS(force(port, 2, notify), MACH_SEND_WILL_NOTIFY);
    gives_receive_away(port, carrier);
    CHECK_OK(wire_receive(&wire, carrier, 1000)); /* the queue came along */
    name = wire_port(&wire, 0);
    CHECK_EQ(name, port);
    expect(name, 1);
    expect(name, 2);
    expect_accepted(notify, name);
}

TEST(0, notify_and_destination_may_be_one_port)
{
    mach_port_t port = full_port(), set;

    CHECK_RETURNS(force(port, 2, port), MACH_SEND_WILL_NOTIFY);
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    CHECK_OK(mach_port_move_member(SELF, port, set));
    expect(set, 1);
    expect(set, 2);
    expect_accepted(set, port);
    CHECK_EQ(port_status(port).mps_msgcount, 0);
}

TEST(0, a_dead_notify_port_hears_nothing)
{
    mach_port_t port = full_port(), notify = port_make(FALSE);

    CHECK_RETURNS(force(port, 2, notify), MACH_SEND_WILL_NOTIFY);
    CHECK_OK(mach_port_destroy(SELF, notify));
    expect(port, 1);
    expect(port, 2);
    CHECK_EQ(port_status(port).mps_msgcount, 0);
}

/* A limit of 0 makes ordinary senders wait although somebody waits to receive. */
static uint64_t receive_one(void *port)
{
    static struct wire own;

    CHECK_OK(wire_receive(&own, *(mach_port_t *)port, 100000));
    return (uint64_t)own.header.msgh_id;
}

TEST(170, with_a_limit_of_0_a_forced_message_goes_to_who_waits)
{
    mach_port_t port = port_make(TRUE), notify = port_make(FALSE);
    static struct client client;

    CHECK_OK(mach_port_set_qlimit(SELF, port, 0));
    client_call(&client, receive_one, &port);
    client_expect_blocked(&client, 50);
    CHECK_RETURNS(force(port, 7, notify), MACH_SEND_WILL_NOTIFY);
    CHECK_EQ(client_finish(&client), 7);
    expect_accepted(notify, port);
}

static mach_port_t shared_port, shared_notify;

static void force_and_die(void *unused)
{
    (void)unused;
    CHECK_RETURNS(force(shared_port, 2, shared_notify), MACH_SEND_INVALID_NOTIFY);
    mach_port_t own = port_make(FALSE);

    CHECK_RETURNS(force(shared_port, 2, own), MACH_SEND_WILL_NOTIFY);
    CHECK_RETURNS(force(shared_port, 3, own), MACH_SEND_NOTIFY_IN_PROGRESS);
    task_terminate(mach_task_self());
}

TEST(0, a_sender_may_die_before_its_message_is_accepted)
{
    static struct helper helper;

    shared_port = full_port();
    shared_notify = port_make(FALSE);
    CHECK_RETURNS(force(shared_port, 5, shared_notify), MACH_SEND_WILL_NOTIFY);
    helper_create(&helper, force_and_die, NULL);
    helper_give(&helper, shared_port, MACH_MSG_TYPE_MAKE_SEND);
    helper_run(&helper);
    while (port_status(shared_port).mps_msgcount < 3)
        thread_sleep(2);
    while (port_type(helper.task) != MACH_PORT_TYPE_DEAD_NAME)
        thread_sleep(2);
    expect(shared_port, 1);
    expect(shared_port, 5);
    expect_accepted(shared_notify, shared_port);
    expect(shared_port, 2);
    expect_silence(shared_notify);
}
