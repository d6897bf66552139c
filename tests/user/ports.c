/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and rights: section H of spec/checklist.md. */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()

TEST(157, each_kind_of_right_is_allocated_with_its_type)
{
    mach_port_t receive, set, dead, other;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &receive));
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_DEAD_NAME, &dead));
    CHECK_EQ(port_type(receive), MACH_PORT_TYPE_RECEIVE);
    CHECK_EQ(port_type(set), MACH_PORT_TYPE_PORT_SET);
    CHECK_EQ(port_type(dead), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(port_refs(dead, MACH_PORT_RIGHT_DEAD_NAME), 1);
    CHECK_RETURNS(mach_port_allocate(SELF, MACH_PORT_RIGHT_SEND, &other), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_allocate(SELF, MACH_PORT_RIGHT_SEND_ONCE, &other), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_allocate(SELF, 77, &other), KERN_INVALID_VALUE);
}

TEST(158, a_name_of_the_users_choice_is_taken_once)
{
    CHECK_OK(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x1234));
    CHECK_RETURNS(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x1234), KERN_NAME_EXISTS);
    CHECK_OK(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_DEAD_NAME, 0x1235));
    CHECK_RETURNS(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, ~0U), KERN_INVALID_VALUE);
    CHECK_EQ(port_type(0x1234), MACH_PORT_TYPE_RECEIVE);
    CHECK_EQ(port_type(0x1235), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_OK(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_PORT_SET, 0xfffffffe));
    CHECK_OK(mach_port_destroy(SELF, 0xfffffffe));
    CHECK_OK(mach_port_destroy(SELF, 0x1234));
    CHECK_OK(mach_port_destroy(SELF, 0x1235));
}

TEST(158, names_of_the_kernels_choice_avoid_the_users)
{
    enum { CHOSEN = 600 };
    mach_port_t made[CHOSEN];

    for (unsigned i = 1; i < CHOSEN; i++) {
        kern_return_t result = mach_port_allocate_name(SELF, MACH_PORT_RIGHT_DEAD_NAME, i << 8 | 1);

        CHECK(result == KERN_SUCCESS || result == KERN_NAME_EXISTS);
    }
    for (unsigned i = 0; i < CHOSEN; i++) {
        CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &made[i]));
        CHECK_EQ(port_type(made[i]), MACH_PORT_TYPE_RECEIVE);
        CHECK(!((made[i] & 0xff) == 1 && made[i] >> 8 < CHOSEN));
    }
    for (unsigned i = 0; i < CHOSEN; i++) {
        CHECK_OK(mach_port_destroy(SELF, made[i]));
    }
}

/* Sends a right to a port of this task and receives it back; the name it has then. */
static mach_port_name_t pass(mach_port_name_t name, mach_msg_type_name_t disposition)
{
    mach_port_t port = port_make(FALSE);
    struct wire wire;

    wire_begin(&wire, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    wire_add_port(&wire, name, disposition);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_OK(mach_port_destroy(SELF, port));
    return wire_port(&wire, 0);
}

TEST(159, a_send_right_received_twice_has_one_name_and_two_references)
{
    mach_port_t port = port_make(FALSE);

    CHECK_EQ(pass(port, MACH_MSG_TYPE_MAKE_SEND), port);
    CHECK_EQ(pass(port, MACH_MSG_TYPE_COPY_SEND), port);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 2);
    CHECK_OK(mach_port_deallocate(SELF, port));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_OK(mach_port_deallocate(SELF, port));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_RECEIVE);
    CHECK(!port_status(port).mps_srights);
}

TEST(160, two_send_once_rights_have_two_names)
{
    mach_port_t port = port_make(FALSE);
    mach_port_name_t first = pass(port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    mach_port_name_t second = pass(port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    struct wire wire;

    CHECK(first != second && first != port && second != port);
    CHECK_EQ(port_type(first), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQ(port_status(port).mps_sorights, 2);
    CHECK_OK(mach_port_deallocate(SELF, first));
    CHECK_EQ(port_type(first), MACH_PORT_TYPE_NONE);
    CHECK_EQ(port_status(port).mps_msgcount, 1);
    CHECK_EQ(port_status(port).mps_sorights, 2); /* the notification has it until it is received */
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    CHECK_EQ(port_status(port).mps_sorights, 1);
}

TEST(161, references_stay_within_their_bounds)
{
    mach_port_t port = port_make(TRUE);

    CHECK_RETURNS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, 1), KERN_INVALID_VALUE);
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 65534));
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 65535);
    CHECK_RETURNS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 1), KERN_UREFS_OVERFLOW);
    CHECK_RETURNS(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND),
                  KERN_UREFS_OVERFLOW);
    CHECK_RETURNS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -65536), KERN_INVALID_VALUE);
    CHECK_EQ(pass(port, MACH_MSG_TYPE_MAKE_SEND), port);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 65535);
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -65535));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_RECEIVE);
    CHECK(!port_status(port).mps_srights);
    CHECK_RETURNS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 1), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_mod_refs(SELF, port, 5, 1), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_mod_refs(SELF, 0x7777, MACH_PORT_RIGHT_SEND, 1), KERN_INVALID_NAME);
}

TEST(162, what_is_not_a_counted_right_is_not_deallocated)
{
    mach_port_t port = port_make(FALSE), set;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    CHECK_RETURNS(mach_port_deallocate(SELF, port), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_deallocate(SELF, set), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_deallocate(SELF, 0x123456), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_deallocate(SELF, MACH_PORT_NULL), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_deallocate(SELF, MACH_PORT_DEAD), KERN_INVALID_NAME);
}

static void wait_for_ever(void *unused)
{
    struct wire wire;

    (void)unused;
    for (;;) {
        wire_receive(&wire, mach_reply_port(), 60000);
    }
}

TEST(163, rights_in_other_tasks_become_dead_names)
{
    mach_port_t port = port_make(TRUE);
    mach_port_type_t type;
    struct helper helper;

    helper_create(&helper, wait_for_ever, NULL);
    helper_give(&helper, port, MACH_MSG_TYPE_COPY_SEND);
    CHECK_OK(mach_port_mod_refs(helper.task, port, MACH_PORT_RIGHT_SEND, 3));
    helper_run(&helper);
    CHECK_OK(mach_port_type(helper.task, port, &type));
    CHECK_EQ(type, MACH_PORT_TYPE_SEND);
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_OK(mach_port_type(helper.task, port, &type));
    CHECK_EQ(type, MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_DEAD_NAME), 1);
    helper_end(&helper);
}

TEST(164, rename_moves_rights_and_refuses_names_in_use)
{
    mach_port_t port = port_make(TRUE), other = port_make(FALSE), set;

    CHECK_OK(mach_port_rename(SELF, port, 0x4321));
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_NONE);
    CHECK_EQ(port_type(0x4321), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_EQ(pass(0x4321, MACH_MSG_TYPE_COPY_SEND), 0x4321);
    CHECK_RETURNS(mach_port_rename(SELF, 0x4321, other), KERN_NAME_EXISTS);
    CHECK_RETURNS(mach_port_rename(SELF, 0x4321, MACH_PORT_NULL), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_rename(SELF, 0x4321, MACH_PORT_DEAD), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_rename(SELF, port, 0x5000), KERN_INVALID_NAME);
    CHECK_OK(mach_port_mod_refs(SELF, 0x4321, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(port_type(0x4321), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    CHECK_OK(mach_port_move_member(SELF, other, set));
    CHECK_OK(mach_port_rename(SELF, set, 0x777));
    CHECK_EQ(port_status(other).mps_pset, 0x777);
}

TEST(164, references_are_told_for_each_kind)
{
    mach_port_t port = port_make(TRUE);
    mach_port_urefs_t refs;

    CHECK_OK(mach_port_get_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, &refs));
    CHECK_EQ(refs, 1);
    CHECK_OK(mach_port_get_refs(SELF, port, MACH_PORT_RIGHT_SEND, &refs));
    CHECK_EQ(refs, 1);
    CHECK_OK(mach_port_get_refs(SELF, port, MACH_PORT_RIGHT_PORT_SET, &refs));
    CHECK_EQ(refs, 0);
    CHECK_RETURNS(mach_port_get_refs(SELF, port, 5, &refs), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_get_refs(SELF, 0x999, MACH_PORT_RIGHT_SEND, &refs), KERN_INVALID_NAME);
}

TEST(164, rights_are_inserted_and_extracted)
{
    mach_port_t port = port_make(FALSE), copy;
    mach_msg_type_name_t type;

    CHECK_RETURNS(mach_port_insert_right(SELF, port, MACH_PORT_NULL, MACH_MSG_TYPE_MOVE_SEND),
                  KERN_INVALID_CAPABILITY);
    CHECK_RETURNS(mach_port_insert_right(SELF, port, MACH_PORT_DEAD, MACH_MSG_TYPE_MOVE_SEND),
                  KERN_INVALID_CAPABILITY);
    CHECK_RETURNS(mach_port_insert_right(SELF, MACH_PORT_NULL, port, MACH_MSG_TYPE_MAKE_SEND),
                  KERN_INVALID_VALUE);
    CHECK_OK(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    CHECK_EQ(port_status(port).mps_mscount, 2); /* the refused name has made one, too */
    CHECK_OK(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_COPY_SEND, &copy, &type));
    CHECK_EQ(copy, port);
    CHECK_EQ(type, MACH_MSG_TYPE_PORT_SEND);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 2);
    CHECK_OK(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &copy, &type));
    CHECK_EQ(type, MACH_MSG_TYPE_PORT_SEND_ONCE);
    CHECK(copy != port);
    CHECK_RETURNS(mach_port_insert_right(SELF, port, copy, MACH_MSG_TYPE_MOVE_SEND_ONCE),
                  KERN_NAME_EXISTS);
    CHECK_RETURNS(mach_port_extract_right(SELF, port, 15, &copy, &type), KERN_INVALID_VALUE);
    CHECK_RETURNS(mach_port_extract_right(SELF, 0x999, MACH_MSG_TYPE_COPY_SEND, &copy, &type),
                  KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MOVE_SEND_ONCE, &copy, &type),
                  KERN_INVALID_RIGHT);
}

TEST(164, a_receive_right_is_extracted_from_another_task_and_put_back)
{
    mach_port_t port;
    mach_msg_type_name_t type;
    mach_port_type_t there;
    struct helper helper;

    helper_create(&helper, wait_for_ever, NULL);
    CHECK_OK(mach_port_allocate_name(helper.task, MACH_PORT_RIGHT_RECEIVE, 0x8080));
    CHECK_OK(mach_port_extract_right(helper.task, 0x8080, MACH_MSG_TYPE_MOVE_RECEIVE, &port,
                                     &type));
    CHECK_EQ(type, MACH_MSG_TYPE_PORT_RECEIVE);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_RECEIVE);
    CHECK_RETURNS(mach_port_type(helper.task, 0x8080, &there), KERN_INVALID_NAME);
    CHECK_OK(mach_port_insert_right(helper.task, 0x8181, port, MACH_MSG_TYPE_MOVE_RECEIVE));
    CHECK_OK(mach_port_type(helper.task, 0x8181, &there));
    CHECK_EQ(there, MACH_PORT_TYPE_RECEIVE);
    helper_end(&helper);
    CHECK_RETURNS(mach_port_type(helper.task, 0x8181, &there), MACH_SEND_INVALID_DEST);
}

TEST(165, a_second_name_for_a_right_is_refused)
{
    mach_port_t port = port_make(TRUE);

    CHECK_RETURNS(mach_port_insert_right(SELF, 0x6000, port, MACH_MSG_TYPE_COPY_SEND),
                  KERN_RIGHT_EXISTS);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK_OK(mach_port_insert_right(SELF, 0x6000, port, MACH_MSG_TYPE_MAKE_SEND_ONCE));
    CHECK_EQ(port_type(0x6000), MACH_PORT_TYPE_SEND_ONCE);
}

TEST(166, sets_have_members_that_come_and_go)
{
    mach_port_t port = port_make(TRUE), set, other;
    mach_port_name_array_t members = NULL;
    mach_msg_type_number_t count = 0;
    struct wire wire;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &other));
    CHECK_RETURNS(mach_port_move_member(SELF, port, MACH_PORT_NULL), KERN_NOT_IN_SET);
    CHECK_RETURNS(mach_port_move_member(SELF, port, port), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_move_member(SELF, set, other), KERN_INVALID_RIGHT);
    CHECK_RETURNS(mach_port_move_member(SELF, port, 0x999), KERN_INVALID_NAME);
    CHECK_OK(mach_port_move_member(SELF, port, set));
    CHECK_EQ(port_status(port).mps_pset, set);
    CHECK_RETURNS(wire_receive(&wire, port, 0), MACH_RCV_IN_SET);
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, 5, 0));
    CHECK_OK(mach_port_get_set_status(SELF, set, &members, &count));
    CHECK_EQ(count, 1);
    CHECK_EQ(members[0], port);
    vm_deallocate(SELF, (vm_address_t)members, sizeof members[0]);
    CHECK_OK(mach_port_move_member(SELF, port, other));
    CHECK_RETURNS(wire_receive(&wire, set, 0), MACH_RCV_TIMED_OUT);
    CHECK_OK(wire_receive(&wire, other, 0));
    CHECK_EQ(wire.header.msgh_id, 5);
    CHECK_EQ(wire.header.msgh_local_port, port);
    CHECK_OK(mach_port_move_member(SELF, port, MACH_PORT_NULL));
    CHECK_RETURNS(wire_receive(&wire, port, 0), MACH_RCV_TIMED_OUT);
    CHECK_OK(mach_port_move_member(SELF, port, other));
    CHECK_OK(mach_port_destroy(SELF, other));
    CHECK_EQ(port_status(port).mps_pset, MACH_PORT_NULL);
}

static uint64_t receive_code(void *argument)
{
    struct wire wire;

    return wire_receive(&wire, *(mach_port_t *)argument, 20000);
}

TEST(167, a_waiting_receiver_is_told_what_became_of_its_port)
{
    mach_port_t port = port_make(TRUE), set;
    struct client client;

    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    client_call(&client, receive_code, &port);
    client_expect_blocked(&client, 20);
    CHECK_OK(mach_port_move_member(SELF, port, set));
    CHECK_EQ(client_finish(&client), (uint64_t)MACH_RCV_PORT_CHANGED);
    client_end(&client);
    CHECK_OK(mach_port_move_member(SELF, port, MACH_PORT_NULL));

    client_call(&client, receive_code, &port);
    client_expect_blocked(&client, 20);
    CHECK_OK(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(client_finish(&client), (uint64_t)MACH_RCV_PORT_DIED);
    client_end(&client);

    client_call(&client, receive_code, &set);
    client_expect_blocked(&client, 20);
    CHECK_OK(mach_port_destroy(SELF, set));
    CHECK_EQ(client_finish(&client), (uint64_t)MACH_RCV_PORT_DIED);
    client_end(&client);
    CHECK_EQ(receive_code(&set), (uint64_t)MACH_RCV_INVALID_NAME);
}

TEST(168, an_old_name_does_not_hit_a_new_right)
{
    mach_port_t old = port_make(FALSE), fresh;

    CHECK_OK(mach_port_destroy(SELF, old));
    for (unsigned i = 0; i < 100; i++) {
        CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &fresh));
        CHECK(fresh != old);
        CHECK_EQ(port_type(old), MACH_PORT_TYPE_NONE);
        CHECK_OK(mach_port_destroy(SELF, fresh));
    }
}

TEST(168, names_listed_are_names_in_use)
{
    enum { MANY = 3000 };
    static mach_port_t made[MANY];
    unsigned before = port_name_count();

    for (unsigned i = 0; i < MANY; i++) {
        CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &made[i]));
    }
    CHECK_EQ(port_name_count(), before + MANY);
    for (unsigned i = 0; i < MANY; i++) {
        CHECK_OK(mach_port_destroy(SELF, made[i]));
    }
    CHECK_EQ(port_name_count(), before);
}
