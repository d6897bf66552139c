/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications: section J of spec/checklist.md. */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()

/* Receives a notification, byte for byte what the interface says (198); its value. */
static uint32_t expect(mach_port_t notify, mach_msg_id_t id, mach_msg_type_name_t type)
{
    struct wire wire;
    mach_msg_type_t *descriptor;

    CHECK_OK(wire_receive(&wire, notify, 1000));
    CHECK_EQ(wire.header.msgh_id, id);
    CHECK_EQ(wire.header.msgh_remote_port, MACH_PORT_NULL);
    CHECK_EQ(wire.header.msgh_local_port, notify);
    CHECK_EQ(wire.header.msgh_bits & ~MACH_MSGH_BITS_COMPLEX,
             MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE));
    CHECK_EQ(((uint32_t *)&wire.header)[3], 0);
    CHECK_EQ(((uint32_t *)&wire.header)[5], 0);
    if (id == MACH_NOTIFY_SEND_ONCE) {
        CHECK_EQ(wire.header.msgh_size, sizeof(mach_msg_header_t));
        return 0;
    }
    CHECK_EQ(wire.header.msgh_size, sizeof(mach_dead_name_notification_t));
    descriptor = wire_type(&wire, 0);
    CHECK_EQ(descriptor->msgt_name, type);
    CHECK_EQ(descriptor->msgt_size, type == MACH_MSG_TYPE_PORT_RECEIVE ? 64 : 32);
    CHECK_EQ(descriptor->msgt_number, 1);
    CHECK(descriptor->msgt_inline && !descriptor->msgt_longform && !descriptor->msgt_deallocate);
    return wire_port(&wire, 0);
}

static void expect_nothing(mach_port_t notify)
{
    struct wire wire;

    CHECK_RETURNS(wire_receive(&wire, notify, 10), MACH_RCV_TIMED_OUT);
}

TEST(190, a_dead_name_is_told_of_and_gains_a_reference)
{
    mach_port_t port = port_make(TRUE), notify = port_watch(port, MACH_NOTIFY_DEAD_NAME, 0);

    CHECK_EQ(port_type(port), MACH_PORT_TYPE_SEND_RECEIVE | MACH_PORT_TYPE_DNREQUEST);
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(expect(notify, MACH_NOTIFY_DEAD_NAME, MACH_MSG_TYPE_PORT_NAME), port);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_DEAD_NAME), 2);
    expect_nothing(notify);
}

TEST(190, a_name_that_is_dead_already_is_told_of_at_once_if_asked_so)
{
    mach_port_t port = port_make(TRUE), notify = port_make(FALSE), previous;

    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_RETURNS(mach_port_request_notification(SELF, port, MACH_NOTIFY_DEAD_NAME, 0, notify,
                                                 MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
                  KERN_INVALID_ARGUMENT);
    expect(notify, MACH_NOTIFY_SEND_ONCE, 0);
    CHECK_OK(mach_port_request_notification(SELF, port, MACH_NOTIFY_DEAD_NAME, 1, notify,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    CHECK_EQ(previous, MACH_PORT_NULL);
    CHECK_EQ(expect(notify, MACH_NOTIFY_DEAD_NAME, MACH_MSG_TYPE_PORT_NAME), port);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_DEAD_NAME), 2);
}

TEST(191, a_name_that_goes_is_told_of)
{
    mach_port_t port = port_make(TRUE), notify = port_watch(port, MACH_NOTIFY_DEAD_NAME, 0), once;
    mach_msg_type_name_t type;

    CHECK_OK(mach_port_destroy(SELF, port));
    CHECK_EQ(expect(notify, MACH_NOTIFY_PORT_DELETED, MACH_MSG_TYPE_PORT_NAME), port);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_NONE);

    port = port_make(FALSE);
    CHECK_OK(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &type));
    notify = port_watch(once, MACH_NOTIFY_DEAD_NAME, 0);
    CHECK_OK(port_send_empty(once, MACH_MSG_TYPE_MOVE_SEND_ONCE, 1, 0));
    CHECK_EQ(expect(notify, MACH_NOTIFY_PORT_DELETED, MACH_MSG_TYPE_PORT_NAME), once);
}

TEST(192, no_senders_now_is_told_of_at_once)
{
    mach_port_t port = port_make(TRUE), notify;

    CHECK_OK(mach_port_deallocate(SELF, port));
    notify = port_watch(port, MACH_NOTIFY_NO_SENDERS, 1);
    CHECK_EQ(expect(notify, MACH_NOTIFY_NO_SENDERS, MACH_MSG_TYPE_INTEGER_32), 1);
    CHECK(!port_status(port).mps_nsrequest);
    notify = port_watch(port, MACH_NOTIFY_NO_SENDERS, 2);
    expect_nothing(notify);
    CHECK(port_status(port).mps_nsrequest);
}

TEST(193, the_last_send_right_is_told_of_also_in_a_message)
{
    mach_port_t port = port_make(TRUE), carrier = port_make(FALSE), notify;
    struct wire wire;

    notify = port_watch(port, MACH_NOTIFY_NO_SENDERS, 0);
    wire_begin(&wire, carrier, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    wire_add_port(&wire, port, MACH_MSG_TYPE_MOVE_SEND);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_RECEIVE);
    expect_nothing(notify);
    CHECK_OK(mach_port_destroy(SELF, carrier));
    CHECK_EQ(expect(notify, MACH_NOTIFY_NO_SENDERS, MACH_MSG_TYPE_INTEGER_32), 1);
    expect_nothing(notify);
}

TEST(193, a_message_received_uses_up_the_last_send_right)
{
    mach_port_t port = port_make(TRUE), notify = port_watch(port, MACH_NOTIFY_NO_SENDERS, 0);
    struct wire wire;

    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_MOVE_SEND, 1, 0));
    expect_nothing(notify);
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(expect(notify, MACH_NOTIFY_NO_SENDERS, MACH_MSG_TYPE_INTEGER_32), 1);
}

static void replace(mach_port_t port, mach_msg_id_t id)
{
    mach_port_t first = port_watch(port, id, 0), second = port_make(FALSE), previous;

    CHECK_OK(mach_port_request_notification(SELF, port, id, 0, second,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    CHECK_EQ(port_type(previous), MACH_PORT_TYPE_SEND_ONCE);
    expect_nothing(first);
    CHECK_OK(mach_port_deallocate(SELF, previous));
    expect(first, MACH_NOTIFY_SEND_ONCE, 0);
    CHECK_OK(mach_port_request_notification(SELF, port, id, 0, MACH_PORT_NULL,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    CHECK_OK(mach_port_deallocate(SELF, previous));
    expect(second, MACH_NOTIFY_SEND_ONCE, 0);
    CHECK_OK(mach_port_request_notification(SELF, port, id, 0, MACH_PORT_NULL,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    CHECK_EQ(previous, MACH_PORT_NULL);
}

TEST(194, a_request_replaced_comes_back_and_does_not_fire)
{
    mach_port_t port = port_make(TRUE);

    replace(port, MACH_NOTIFY_DEAD_NAME);
    replace(port, MACH_NOTIFY_NO_SENDERS);
    replace(port, MACH_NOTIFY_PORT_DESTROYED);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_SEND_RECEIVE);
}

TEST(194, requests_that_make_no_sense_are_refused)
{
    mach_port_t port = port_make(FALSE), set, previous;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
#define REQUEST(name, id, sync, notify)                                                            \
    mach_port_request_notification(SELF, name, id, sync, notify, MACH_MSG_TYPE_MAKE_SEND_ONCE,     \
                                   &previous)
    CHECK_RETURNS(REQUEST(port, 99, 0, MACH_PORT_NULL), KERN_INVALID_VALUE);
    CHECK_RETURNS(REQUEST(port, MACH_NOTIFY_PORT_DESTROYED, 1, MACH_PORT_NULL), KERN_INVALID_VALUE);
    CHECK_RETURNS(REQUEST(0x999, MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_NULL), KERN_INVALID_NAME);
    CHECK_RETURNS(REQUEST(set, MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_NULL), KERN_INVALID_RIGHT);
    CHECK_RETURNS(REQUEST(set, MACH_NOTIFY_DEAD_NAME, 0, MACH_PORT_NULL), KERN_INVALID_RIGHT);
    CHECK_RETURNS(REQUEST(port, MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_DEAD),
                  KERN_INVALID_CAPABILITY);
#undef REQUEST
}

/* Sends the receive right to another port and receives it there. */
static mach_port_t move(mach_port_t port)
{
    mach_port_t carrier = port_make(FALSE);
    struct wire wire;

    wire_begin(&wire, carrier, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    wire_add_port(&wire, port, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, carrier, 0));
    return wire_port(&wire, 0);
}

TEST(195, a_no_senders_request_moves_with_its_port)
{
    mach_port_t port = port_make(TRUE), notify = port_watch(port, MACH_NOTIFY_NO_SENDERS, 0);

    CHECK_EQ(move(port), port);
    CHECK(port_status(port).mps_nsrequest);
    expect_nothing(notify);
    CHECK_OK(mach_port_deallocate(SELF, port));
    CHECK_EQ(expect(notify, MACH_NOTIFY_NO_SENDERS, MACH_MSG_TYPE_INTEGER_32), 0);
}

static void hold(void *unused)
{
    struct wire wire;

    (void)unused;
    for (;;) {
        wire_receive(&wire, mach_reply_port(), 60000);
    }
}

TEST(196, a_send_once_right_destroyed_unused_is_told_of_once)
{
    mach_port_t port = port_make(FALSE), carrier = port_make(FALSE), once;
    mach_msg_type_name_t type;
    struct helper helper;
    struct wire wire;

    CHECK_OK(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &type));
    CHECK_OK(mach_port_mod_refs(SELF, once, MACH_PORT_RIGHT_SEND_ONCE, -1));
    expect(port, MACH_NOTIFY_SEND_ONCE, 0);

    wire_begin(&wire, carrier, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    wire_add_port(&wire, port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(mach_port_destroy(SELF, carrier));
    expect(port, MACH_NOTIFY_SEND_ONCE, 0);

    helper_create(&helper, hold, NULL);
    CHECK_OK(mach_port_insert_right(helper.task, 0x9090, port, MACH_MSG_TYPE_MAKE_SEND_ONCE));
    helper_run(&helper);
    expect_nothing(port);
    helper_end(&helper);
    expect(port, MACH_NOTIFY_SEND_ONCE, 0);
    expect_nothing(port);
    CHECK_EQ(port_status(port).mps_sorights, 0);
}

TEST(197, a_port_that_would_be_destroyed_is_sent_with_its_queue)
{
    mach_port_t port = port_make(TRUE), notify = port_watch(port, MACH_NOTIFY_PORT_DESTROYED, 0);
    struct wire wire;

    CHECK(port_status(port).mps_pdrequest);
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 55, 0));
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_SEND);
    CHECK_EQ(expect(notify, MACH_NOTIFY_PORT_DESTROYED, MACH_MSG_TYPE_PORT_RECEIVE), port);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK(!port_status(port).mps_pdrequest);
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_id, 55);
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_DEAD_NAME);
}

TEST(197, a_port_that_asked_to_be_sent_to_itself_dies)
{
    mach_port_t port = port_make(TRUE), previous;

    CHECK_OK(mach_port_request_notification(SELF, port, MACH_NOTIFY_PORT_DESTROYED, 0, port,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_DEAD_NAME);
}

/* The layouts are checked by every expect() above; here that all kinds have been seen in one
   run. */
TEST(198, notifications_have_the_layout_of_the_interface)
{
    CHECK_EQ(sizeof(mach_port_deleted_notification_t), 48);
    CHECK_EQ(sizeof(mach_no_senders_notification_t), 48);
    CHECK_EQ(sizeof(mach_port_destroyed_notification_t), 48);
    CHECK_EQ(sizeof(mach_send_once_notification_t), 32);

    mach_port_t port = port_make(TRUE), notify = port_watch(port, MACH_NOTIFY_DEAD_NAME, 0);
    mach_port_t senders = port_watch(port, MACH_NOTIFY_NO_SENDERS, 0);

    CHECK_OK(mach_port_deallocate(SELF, port));
    CHECK_EQ(expect(senders, MACH_NOTIFY_NO_SENDERS, MACH_MSG_TYPE_INTEGER_32), 1);
    CHECK_OK(mach_port_destroy(SELF, port));
    CHECK_EQ(expect(notify, MACH_NOTIFY_PORT_DELETED, MACH_MSG_TYPE_PORT_NAME), port);
}
