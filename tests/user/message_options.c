/* SPDX-License-Identifier: BSD-2-Clause */
/* MACH_RCV_NOTIFY, MACH_SEND_CANCEL, and protected payloads; MACH_SEND_NOTIFY: msg_accepted.c. */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()

/* The id of the next notification on a port; 0 if none comes. */
static mach_msg_id_t next_notification(mach_port_t port)
{
    struct wire wire;

    return wire_receive(&wire, port, 20) == MACH_MSG_SUCCESS ? wire.header.msgh_id : 0;
}

TEST(0, receive_with_notify_watches_a_new_reply_right)
{
    mach_port_t port = port_make(TRUE), reply = port_make(FALSE), notify = port_make(FALSE);
    mach_port_name_t name;
    struct wire wire;

    for (unsigned i = 0; i < 2; i++) {
        wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
        wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        CHECK_OK(wire_send(&wire, 0));
    }
    CHECK_RETURNS(mach_msg_trap(&wire.header, MACH_RCV_MSG | MACH_RCV_NOTIFY, 0, 256, port, 0,
                                0x9999),
                  MACH_RCV_INVALID_NOTIFY);
    CHECK_OK(mach_msg_trap(&wire.header, MACH_RCV_MSG | MACH_RCV_NOTIFY, 0, 256, port, 0, notify));
    name = wire.header.msgh_remote_port;
    CHECK_EQ(port_type(name), MACH_PORT_TYPE_SEND_ONCE | MACH_PORT_TYPE_DNREQUEST);
    CHECK_OK(mach_port_destroy(SELF, reply));
    CHECK_EQ(next_notification(notify), MACH_NOTIFY_DEAD_NAME);
    CHECK_EQ(port_refs(name, MACH_PORT_RIGHT_DEAD_NAME), 2);
    CHECK_OK(mach_msg_trap(&wire.header, MACH_RCV_MSG | MACH_RCV_NOTIFY, 0, 256, port, 0, notify));
    CHECK_EQ(wire.header.msgh_remote_port, MACH_PORT_DEAD);
    CHECK_EQ(port_status(notify).mps_sorights, 0);
}

/* A send-once right with a dead-name request to the notify port. */
static mach_port_t watched_right(mach_port_t port, mach_port_t notify)
{
    mach_port_t once, previous;
    mach_msg_type_name_t type;

    CHECK_OK(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &type));
    CHECK_OK(mach_port_request_notification(SELF, once, MACH_NOTIFY_DEAD_NAME, 0, notify,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    return once;
}

TEST(0, send_with_cancel_tells_nothing_of_the_name_that_it_uses_up)
{
    mach_port_t port = port_make(FALSE), notify = port_make(FALSE), other = port_make(FALSE);
    struct wire wire;

    wire_begin(&wire, watched_right(port, notify), MACH_MSG_TYPE_MOVE_SEND_ONCE, 1);
    CHECK_RETURNS(mach_msg_trap(&wire.header, MACH_SEND_MSG | MACH_SEND_CANCEL, wire.size, 0, 0, 0,
                                0x9999),
                  MACH_SEND_INVALID_NOTIFY);
    CHECK_OK(mach_msg_trap(&wire.header, MACH_SEND_MSG | MACH_SEND_CANCEL, wire.size, 0, 0, 0,
                           notify));
    CHECK_EQ(next_notification(notify), 0);
    CHECK_EQ(port_status(notify).mps_sorights, 0);
    wire_begin(&wire, watched_right(port, notify), MACH_MSG_TYPE_MOVE_SEND_ONCE, 1);
    CHECK_OK(mach_msg_trap(&wire.header, MACH_SEND_MSG | MACH_SEND_CANCEL, wire.size, 0, 0, 0,
                           other));
    CHECK_EQ(next_notification(notify), MACH_NOTIFY_PORT_DELETED);
    CHECK_EQ(port_status(port).mps_msgcount, 2);
}

#define PAYLOAD 0x123456789abcdef0

static uint64_t serve_once(void *port)
{
    static struct wire wire;

    CHECK_OK(wire_receive(&wire, *(mach_port_t *)port, 100000));
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(wire.header.msgh_bits), MACH_MSG_TYPE_PROTECTED_PAYLOAD);
    CHECK_EQ(MACH_MSGH_BITS_REMOTE(wire.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND_ONCE);
    CHECK(*(uint64_t *)((char *)&wire.header + 16) == PAYLOAD); /* all 8 bytes of the slot */
    CHECK_OK(port_send_empty(wire.header.msgh_remote_port, MACH_MSG_TYPE_MOVE_SEND_ONCE, 101, 0));
    return 0;
}

/* Handed over to a waiting receiver, by a request as MIG's stubs send it. */
TEST(0, a_protected_payload_comes_with_a_request_handed_over)
{
    mach_port_t port = port_make(TRUE), reply = mach_reply_port();
    static struct client server;
    struct wire wire;

    CHECK_OK(mach_port_set_protected_payload(SELF, port, PAYLOAD));
    client_call(&server, serve_once, &port);
    client_expect_blocked(&server, 50);
    wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_OK(mach_msg_trap(&wire.header, MACH_SEND_MSG | MACH_RCV_MSG, wire.size, 256, reply, 0, 0));
    CHECK_EQ(wire.header.msgh_id, 101);
    CHECK_EQ(client_finish(&server), 0);
    /* A reply port may have one too: the answer of a kernel object brings it. */
    CHECK_OK(mach_port_set_protected_payload(SELF, reply, PAYLOAD));
    wire_begin(&wire, mach_task_self(), MACH_MSG_TYPE_COPY_SEND, 99999);
    wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_OK(mach_msg_trap(&wire.header, MACH_SEND_MSG | MACH_RCV_MSG, wire.size, 256, reply, 0, 0));
    CHECK_EQ(wire.header.msgh_id, 100099);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(wire.header.msgh_bits), MACH_MSG_TYPE_PROTECTED_PAYLOAD);
    CHECK(wire.header.msgh_protected_payload == PAYLOAD);
}

TEST(0, protected_payloads_belong_to_receive_rights)
{
    mach_port_t port = port_make(TRUE), set, send, carrier = port_make(FALSE);
    struct wire wire;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    send = mach_host_self();
    CHECK_RETURNS(mach_port_set_protected_payload(SELF, 0x9999, 1), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_clear_protected_payload(SELF, 0x9999), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_set_protected_payload(SELF, set, 1), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_clear_protected_payload(SELF, set), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_set_protected_payload(SELF, send, 1), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_set_protected_payload(send, port, 1), KERN_INVALID_TASK);
    CHECK_RETURNS(mach_port_clear_protected_payload(send, port), KERN_INVALID_TASK);
    /* It does not go along with the receive right: the new receiver has never heard of it. */
    CHECK_OK(mach_port_set_protected_payload(SELF, port, PAYLOAD));
    wire_begin(&wire, carrier, MACH_MSG_TYPE_MAKE_SEND, 1);
    wire_add_port(&wire, port, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, carrier, 1000));
    CHECK_EQ(wire_port(&wire, 0), port);
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_EQ(wire.header.msgh_local_port, port);
}

TEST(0, a_protected_payload_stands_for_the_name)
{
    mach_port_t port = port_make(TRUE);
    struct wire wire;

    CHECK_OK(mach_port_set_protected_payload(SELF, port, 0x123456789abcdef0));
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(wire.header.msgh_bits), MACH_MSG_TYPE_PROTECTED_PAYLOAD);
    CHECK(wire.header.msgh_protected_payload == 0x123456789abcdef0);
    CHECK_OK(mach_port_clear_protected_payload(SELF, port));
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_local_port, port);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(wire.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND);
}
