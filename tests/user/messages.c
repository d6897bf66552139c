/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_msg: section I of spec/checklist.md, but for memory out of line (out_of_line.c). */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()

static mach_msg_return_t send_sized(mach_port_t port, mach_msg_bits_t bits, mach_msg_size_t size)
{
    struct wire wire;

    wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire.header.msgh_bits = bits;
    wire.size = size;
    return wire_send_timed(&wire, 0);
}

TEST(169, malformed_sends_are_refused)
{
    mach_port_t port = port_make(TRUE);
    mach_msg_bits_t copy = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);

    CHECK_RETURNS(send_sized(port, copy, 31), MACH_SEND_MSG_TOO_SMALL);
    CHECK_RETURNS(send_sized(port, copy, 33), MACH_SEND_MSG_TOO_SMALL);
    CHECK_RETURNS(send_sized(port, copy, 0), MACH_SEND_MSG_TOO_SMALL);
    CHECK_RETURNS(send_sized(MACH_PORT_NULL, copy, 32), MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(send_sized(MACH_PORT_DEAD, copy, 32), MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(send_sized(0x9999, copy, 32), MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(send_sized(port, MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_RECEIVE, 0), 32),
                  MACH_SEND_INVALID_HEADER);
    CHECK_RETURNS(send_sized(port, MACH_MSGH_BITS(0, 0), 32), MACH_SEND_INVALID_HEADER);
    CHECK_RETURNS(send_sized(port, MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0), 32),
                  MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(send_sized(port, copy, 1 << 20), MACH_SEND_TOO_LARGE);
    CHECK_RETURNS(mach_msg_trap((mach_msg_header_t *)0x10, MACH_SEND_MSG, 32, 0, 0, 0, 0),
                  MACH_SEND_INVALID_DATA);
    CHECK_RETURNS(mach_msg_trap((mach_msg_header_t *)-64L, MACH_SEND_MSG, 32, 0, 0, 0, 0),
                  MACH_SEND_INVALID_DATA);
    CHECK_OK(mach_msg_trap(NULL, MACH_MSG_OPTION_NONE, 0, 0, 0, 0, 0));
    CHECK_EQ(port_status(port).mps_msgcount, 0);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 1);
}

TEST(169, reply_ports_are_checked_before_anything_moves)
{
    mach_port_t port = port_make(TRUE);
    struct wire wire;

    wire_begin(&wire, port, MACH_MSG_TYPE_MOVE_SEND, 1);
    wire_reply_port(&wire, 0x9999, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_RETURNS(wire_send(&wire, 0), MACH_SEND_INVALID_REPLY);
    wire_begin(&wire, port, MACH_MSG_TYPE_MOVE_SEND, 1);
    wire.header.msgh_local_port = port; /* a port without a type */
    CHECK_RETURNS(wire_send(&wire, 0), MACH_SEND_INVALID_HEADER);
    wire_begin(&wire, port, MACH_MSG_TYPE_MOVE_SEND, 1);
    wire_reply_port(&wire, port, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_RETURNS(wire_send(&wire, 0), MACH_SEND_INVALID_HEADER);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 1);
    wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_reply_port(&wire, MACH_PORT_DEAD, MACH_MSG_TYPE_COPY_SEND);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_remote_port, MACH_PORT_DEAD);
}

TEST(170, queue_limits_have_their_bounds)
{
    mach_port_t port = port_make(TRUE);

    CHECK_RETURNS(mach_port_set_qlimit(SELF, port, 17), KERN_INVALID_VALUE);
    CHECK_OK(mach_port_set_qlimit(SELF, port, 16));
    CHECK_EQ(port_status(port).mps_qlimit, 16);
    CHECK_OK(mach_port_set_qlimit(SELF, port, 0));
    CHECK_RETURNS(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0), MACH_SEND_TIMED_OUT);
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 2, 0));
    CHECK_RETURNS(mach_port_set_qlimit(SELF, 0x999, 1), KERN_INVALID_NAME);
}

static mach_port_t shared_port;

static uint64_t send_one(void *id)
{
    return port_send_empty(shared_port, MACH_MSG_TYPE_COPY_SEND, (mach_msg_id_t)(long)id, 20000);
}

TEST(170, waiting_senders_come_in_when_the_limit_is_raised_first_come_first)
{
    struct client clients[4];
    struct wire wire;

    shared_port = port_make(TRUE);
    CHECK_OK(mach_port_set_qlimit(SELF, shared_port, 0));
    for (long i = 0; i < 4; i++) {
        client_call(&clients[i], send_one, (void *)(100 + i));
        client_expect_blocked(&clients[i], 10);
    }
    CHECK_OK(mach_port_set_qlimit(SELF, shared_port, 2));
    CHECK_EQ(client_finish(&clients[0]), MACH_MSG_SUCCESS);
    CHECK_EQ(client_finish(&clients[1]), MACH_MSG_SUCCESS);
    client_expect_blocked(&clients[2], 20);
    for (long i = 0; i < 4; i++) {
        CHECK_OK(wire_receive(&wire, shared_port, 1000));
        CHECK_EQ(wire.header.msgh_id, 100 + i);
    }
    CHECK_EQ(client_finish(&clients[2]), MACH_MSG_SUCCESS);
    CHECK_EQ(client_finish(&clients[3]), MACH_MSG_SUCCESS);
}

TEST(171, a_message_that_finds_no_room_in_time_comes_back)
{
    mach_port_t port = port_make(TRUE), carried = port_make(FALSE), reply = port_make(FALSE);
    unsigned names = port_name_count();
    struct wire wire;
    char *memory = malloc(64);

    memcpy(memory, "kept", 5);
    for (unsigned i = 0; i < 5; i++) {
        CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    }
    wire_begin(&wire, port, MACH_MSG_TYPE_MOVE_SEND, 7);
    wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    wire_add_port(&wire, carried, MACH_MSG_TYPE_MOVE_RECEIVE);
    wire_add_memory(&wire, memory, 5, FALSE);
    CHECK_RETURNS(wire_send_timed(&wire, 0), MACH_SEND_TIMED_OUT);
    CHECK_EQ(wire.header.msgh_remote_port, port);
    CHECK_EQ(MACH_MSGH_BITS_REMOTE(wire.header.msgh_bits), MACH_MSG_TYPE_MOVE_SEND);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(wire.header.msgh_bits), MACH_MSG_TYPE_MOVE_SEND_ONCE);
    CHECK_EQ(port_type(wire.header.msgh_local_port), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQ(port_type(wire_port(&wire, 0)), MACH_PORT_TYPE_RECEIVE);
    CHECK(memcmp(*(char **)wire_data(&wire, 1), "kept", 5) == 0);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK_EQ(port_name_count(), names + 1);
    CHECK_RETURNS(wire_send_timed(&wire, 30), MACH_SEND_TIMED_OUT);
    CHECK_EQ(port_status(port).mps_msgcount, 5);
}

TEST(172, a_send_once_message_finds_room_in_a_full_queue)
{
    mach_port_t port = port_make(TRUE);

    for (unsigned i = 0; i < 5; i++) {
        CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    }
    for (unsigned i = 0; i < 20; i++) {
        CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 2, 0));
    }
    CHECK_EQ(port_status(port).mps_msgcount, 25);
}

static mach_port_t carried_port;

static uint64_t send_carrying(void *unused)
{
    struct wire wire;

    (void)unused;
    wire_begin(&wire, shared_port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_port(&wire, carried_port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    return wire_send(&wire, 0);
}

TEST(173, a_sender_that_waits_succeeds_when_the_port_dies_and_its_message_is_destroyed_once)
{
    struct client client;
    struct wire wire;

    shared_port = port_make(TRUE);
    carried_port = port_make(FALSE);
    CHECK_OK(mach_port_set_qlimit(SELF, shared_port, 0));
    client_call(&client, send_carrying, NULL);
    client_expect_blocked(&client, 20);
    CHECK_OK(mach_port_mod_refs(SELF, shared_port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(client_finish(&client), MACH_MSG_SUCCESS);
    CHECK_OK(wire_receive(&wire, carried_port, 1000));
    CHECK_EQ(wire.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    CHECK_RETURNS(wire_receive(&wire, carried_port, 20), MACH_RCV_TIMED_OUT);
    CHECK_EQ(port_status(carried_port).mps_sorights, 0);
}

static mach_msg_return_t send_pair(mach_port_t name, mach_msg_type_name_t dest,
                                   mach_msg_type_name_t reply)
{
    struct wire wire;

    wire_begin(&wire, name, dest, 1);
    wire_reply_port(&wire, name, reply);
    return wire_send(&wire, 0);
}

TEST(174, destination_and_reply_of_one_name_are_taken_as_if_at_once)
{
    mach_port_t port = port_make(TRUE), once, keeper;
    mach_msg_type_name_t type;
    struct wire wire;

    CHECK_RETURNS(send_pair(port, MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_MOVE_SEND),
                  MACH_SEND_INVALID_DEST);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK_OK(send_pair(port, MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_COPY_SEND));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_RECEIVE);
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_remote_port, port);
    CHECK_OK(send_pair(port, MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MOVE_SEND));
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_OK(send_pair(port, MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_COPY_SEND));
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 2);
    CHECK_OK(send_pair(port, MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_MOVE_SEND));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_RECEIVE);
    CHECK_OK(wire_receive(&wire, port, 0));

    keeper = port_make(FALSE);
    CHECK_OK(mach_port_extract_right(SELF, keeper, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &type));
    CHECK_RETURNS(send_pair(once, MACH_MSG_TYPE_MOVE_SEND_ONCE, MACH_MSG_TYPE_MOVE_SEND_ONCE),
                  MACH_SEND_INVALID_DEST);
    CHECK_EQ(port_type(once), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQ(port_status(keeper).mps_msgcount, 0);
}

static mach_msg_return_t receive_small(mach_port_t port, mach_msg_option_t option,
                                       mach_msg_size_t size, mach_msg_header_t *header)
{
    return mach_msg_trap(header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | option, 0, size, port, 100,
                         MACH_PORT_NULL);
}

TEST(175, a_message_too_large_stays_or_is_destroyed)
{
    mach_port_t port = port_make(TRUE), reply = port_make(FALSE);
    struct wire wire, got;

    wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 9);
    wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    wire_add_number(&wire, 1);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_RETURNS(receive_small(port, MACH_RCV_LARGE, 32, &got.header), MACH_RCV_TOO_LARGE);
    CHECK_EQ(got.header.msgh_size, 48);
    CHECK_EQ(port_status(port).mps_msgcount, 1);
    CHECK_EQ(port_status(port).mps_seqno, 0);
    CHECK_RETURNS(receive_small(port, 0, 32, &got.header), MACH_RCV_TOO_LARGE);
    CHECK_EQ(got.header.msgh_remote_port, MACH_PORT_NULL);
    CHECK_EQ(got.header.msgh_local_port, port);
    CHECK_EQ(got.header.msgh_id, 9);
    CHECK_EQ(port_status(port).mps_msgcount, 0);
    CHECK_EQ(port_status(port).mps_seqno, 1);
    CHECK_OK(wire_receive(&got, reply, 1000));
    CHECK_EQ(got.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
}

static uint64_t receive_large(void *unused)
{
    struct wire wire;

    (void)unused;
    return receive_small(shared_port, MACH_RCV_LARGE, 32, &wire.header);
}

static uint64_t receive_whole(void *unused)
{
    struct wire wire;

    (void)unused;
    return wire_receive(&wire, shared_port, 5000);
}

TEST(175, a_message_that_stays_goes_to_the_next_who_waits)
{
    struct client small, whole;
    struct wire wire;

    shared_port = port_make(TRUE);
    client_call(&small, receive_large, NULL);
    client_expect_blocked(&small, 10);
    client_call(&whole, receive_whole, NULL);
    client_expect_blocked(&whole, 10);
    wire_begin(&wire, shared_port, MACH_MSG_TYPE_COPY_SEND, 9);
    wire_add_number(&wire, 1);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_EQ(client_finish(&small), (uint64_t)MACH_RCV_TOO_LARGE);
    CHECK_EQ(client_finish(&whole), MACH_MSG_SUCCESS);
}

TEST(176, sequence_numbers_count_what_is_received_and_restart_with_a_move)
{
    mach_port_t port = port_make(TRUE), other = port_make(FALSE), set;
    struct wire wire;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    }
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_seqno, 0);
    CHECK_OK(mach_port_move_member(SELF, port, set));
    CHECK_OK(wire_receive(&wire, set, 0));
    CHECK_EQ(wire.header.msgh_seqno, 1);
    CHECK_OK(mach_port_set_seqno(SELF, port, 40));
    CHECK_OK(wire_receive(&wire, set, 0));
    CHECK_EQ(wire.header.msgh_seqno, 40);
    CHECK_EQ(port_status(port).mps_seqno, 41);
    CHECK_OK(mach_port_move_member(SELF, port, MACH_PORT_NULL));

    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 5, 0));
    wire_begin(&wire, other, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    wire_add_port(&wire, port, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_SEND);
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 6, 0));
    CHECK_OK(wire_receive(&wire, other, 0));
    CHECK_EQ(wire_port(&wire, 0), port);
    CHECK_EQ(port_status(port).mps_mscount, 0);
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_id, 5);
    CHECK_EQ(wire.header.msgh_seqno, 0);
}

static uint64_t microseconds(void)
{
    time_value_t time;

    CHECK_OK(host_get_time(mach_host_self(), &time));
    return (uint64_t)time.seconds * 1000000 + time.microseconds;
}

TEST(177, a_receive_of_50_ms_takes_50_ms)
{
    mach_port_t port = port_make(FALSE);
    uint64_t start = microseconds(), took;
    struct wire wire;

    CHECK_RETURNS(wire_receive(&wire, port, 50), MACH_RCV_TIMED_OUT);
    took = microseconds() - start;
    CHECK(took >= 50000 - 1000);
    CHECK(took <= 50000 + 200000);
}

static uint64_t send_thousand(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        if (port_send_empty(shared_port, MACH_MSG_TYPE_COPY_SEND, i, 20000) != MACH_MSG_SUCCESS) {
            return 1;
        }
    }
    return 0;
}

TEST(178, messages_of_one_sender_arrive_in_order)
{
    struct client client;
    struct wire wire;

    shared_port = port_make(TRUE);
    client_call(&client, send_thousand, NULL);
    for (int i = 0; i < 1000; i++) {
        CHECK_OK(wire_receive(&wire, shared_port, 5000));
        CHECK_EQ(wire.header.msgh_id, i);
        CHECK_EQ(wire.header.msgh_seqno, i);
    }
    CHECK_EQ(client_finish(&client), 0);
}

TEST(178, a_flooded_member_does_not_starve_another)
{
    mach_port_t flooded = port_make(TRUE), quiet = port_make(TRUE), set;
    struct wire wire;
    unsigned before = 0;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    CHECK_OK(mach_port_move_member(SELF, flooded, set));
    CHECK_OK(mach_port_move_member(SELF, quiet, set));
    for (unsigned i = 0; i < 50; i++) {
        CHECK_OK(port_send_empty(flooded, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1, 0));
    }
    CHECK_OK(port_send_empty(quiet, MACH_MSG_TYPE_MAKE_SEND_ONCE, 2, 0));
    do {
        CHECK_OK(wire_receive(&wire, set, 0));
        before++;
    } while (wire.header.msgh_local_port != quiet);
    CHECK(before <= 3);
}

TEST(189, kernel_objects_answer_wrong_requests_with_a_code)
{
    mach_port_t reply = port_make(FALSE);
    struct wire wire;

    wire_begin(&wire, SELF, MACH_MSG_TYPE_COPY_SEND, 3299);
    wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, reply, 1000));
    CHECK_EQ(wire.header.msgh_id, 3399);
    CHECK_EQ(((mig_reply_header_t *)&wire.header)->RetCode, MIG_BAD_ID);

    wire_begin(&wire, SELF, MACH_MSG_TYPE_COPY_SEND, 3201);
    wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, reply, 1000));
    CHECK_EQ(wire.header.msgh_id, 3301);
    CHECK_EQ(((mig_reply_header_t *)&wire.header)->RetCode, MIG_BAD_ARGUMENTS);
    CHECK_EQ(wire.header.msgh_size, sizeof(mig_reply_header_t));
    CHECK_EQ(port_status(reply).mps_sorights, 0);
}
