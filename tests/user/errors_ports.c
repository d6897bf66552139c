/* SPDX-License-Identifier: BSD-2-Clause */
/* Every error that the description of a mach_port call names (spec/ipc.md 2); nothing changes by any. */
#include "audit.h"
#include "test.h"

#define SELF        mach_task_self()
#define UREFS_MAX   65535
#define NO_NAME     0x00abcd00 /* that nothing has */
#define RECEIVE     MACH_PORT_RIGHT_RECEIVE
#define MAKE_SEND   MACH_MSG_TYPE_MAKE_SEND
#define COPY_SEND   MACH_MSG_TYPE_COPY_SEND
#define MAKE_ONCE   MACH_MSG_TYPE_MAKE_SEND_ONCE

/* One name of each kind. */
static mach_port_t receive, both, send, send_once, set, dead;

static void make_names(void)
{
    mach_msg_type_name_t type;

    receive = port_make(FALSE);
    both = port_make(TRUE);
    CHECK_OK(mach_port_extract_right(SELF, receive, MAKE_ONCE, &send_once, &type));
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_DEAD_NAME, &dead));
    send = test_host_port;
    audit_begin();
}

TEST(164, names_are_refused_that_are_none)
{
    mach_port_type_t type;
    mach_port_urefs_t refs;

    make_names();
    REFUSED(mach_port_type(SELF, NO_NAME, &type), KERN_INVALID_NAME);
    REFUSED(mach_port_type(SELF, MACH_PORT_NULL, &type), KERN_INVALID_NAME);
    REFUSED(mach_port_type(SELF, MACH_PORT_DEAD, &type), KERN_INVALID_NAME);
    REFUSED(mach_port_rename(SELF, NO_NAME, NO_NAME + 0x100), KERN_INVALID_NAME);
    REFUSED(mach_port_rename(SELF, both, MACH_PORT_NULL), KERN_INVALID_VALUE);
    REFUSED(mach_port_rename(SELF, both, MACH_PORT_DEAD), KERN_INVALID_VALUE);
    REFUSED(mach_port_rename(SELF, both, set), KERN_NAME_EXISTS);
    REFUSED(mach_port_destroy(SELF, NO_NAME), KERN_INVALID_NAME);
    REFUSED(mach_port_deallocate(SELF, NO_NAME), KERN_INVALID_NAME);
    REFUSED(mach_port_deallocate(SELF, receive), KERN_INVALID_RIGHT);
    REFUSED(mach_port_deallocate(SELF, set), KERN_INVALID_RIGHT);
    REFUSED(mach_port_get_refs(SELF, NO_NAME, RECEIVE, &refs), KERN_INVALID_NAME);
    REFUSED(mach_port_get_refs(SELF, both, MACH_PORT_RIGHT_NUMBER, &refs), KERN_INVALID_VALUE);
}

TEST(158, rights_of_kinds_that_cannot_be_made_are_refused)
{
    mach_port_t name;

    make_names();
    REFUSED(mach_port_allocate(SELF, MACH_PORT_RIGHT_SEND, &name), KERN_INVALID_VALUE);
    REFUSED(mach_port_allocate(SELF, MACH_PORT_RIGHT_SEND_ONCE, &name), KERN_INVALID_VALUE);
    REFUSED(mach_port_allocate(SELF, MACH_PORT_RIGHT_NUMBER, &name), KERN_INVALID_VALUE);
    REFUSED(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_SEND, NO_NAME), KERN_INVALID_VALUE);
    REFUSED(mach_port_allocate_name(SELF, 99, NO_NAME), KERN_INVALID_VALUE);
    REFUSED(mach_port_allocate_name(SELF, RECEIVE, MACH_PORT_NULL), KERN_INVALID_VALUE);
    REFUSED(mach_port_allocate_name(SELF, RECEIVE, MACH_PORT_DEAD), KERN_INVALID_VALUE);
    REFUSED(mach_port_allocate_name(SELF, RECEIVE, both), KERN_NAME_EXISTS);
}

TEST(161, counts_of_references_are_not_changed_to_what_cannot_be)
{
    make_names();
    REFUSED(mach_port_mod_refs(SELF, both, MACH_PORT_RIGHT_NUMBER, 1), KERN_INVALID_VALUE);
    REFUSED(mach_port_mod_refs(SELF, NO_NAME, MACH_PORT_RIGHT_SEND, 1), KERN_INVALID_NAME);
    REFUSED(mach_port_mod_refs(SELF, receive, MACH_PORT_RIGHT_SEND, 1), KERN_INVALID_RIGHT);
    REFUSED(mach_port_mod_refs(SELF, both, MACH_PORT_RIGHT_PORT_SET, -1), KERN_INVALID_RIGHT);
    REFUSED(mach_port_mod_refs(SELF, both, RECEIVE, 1), KERN_INVALID_VALUE);
    REFUSED(mach_port_mod_refs(SELF, both, RECEIVE, -2), KERN_INVALID_VALUE);
    REFUSED(mach_port_mod_refs(SELF, set, MACH_PORT_RIGHT_PORT_SET, 1), KERN_INVALID_VALUE);
    REFUSED(mach_port_mod_refs(SELF, send_once, MACH_PORT_RIGHT_SEND_ONCE, 1), KERN_INVALID_VALUE);
    REFUSED(mach_port_mod_refs(SELF, both, MACH_PORT_RIGHT_SEND, -2), KERN_INVALID_VALUE);
    REFUSED(mach_port_mod_refs(SELF, dead, MACH_PORT_RIGHT_DEAD_NAME, -2), KERN_INVALID_VALUE);
    REFUSED(mach_port_mod_refs(SELF, both, MACH_PORT_RIGHT_SEND, UREFS_MAX), KERN_UREFS_OVERFLOW);
    REFUSED(mach_port_mod_refs(SELF, dead, MACH_PORT_RIGHT_DEAD_NAME, UREFS_MAX), KERN_UREFS_OVERFLOW);
}

TEST(164, what_is_for_receivers_is_refused_to_others)
{
    mach_port_status_t status;
    mach_port_name_array_t members;
    mach_msg_type_number_t count;

    make_names();
    REFUSED(mach_port_set_qlimit(SELF, NO_NAME, 1), KERN_INVALID_NAME);
    REFUSED(mach_port_set_qlimit(SELF, send, 1), KERN_INVALID_RIGHT);
    REFUSED(mach_port_set_qlimit(SELF, both, MACH_PORT_QLIMIT_MAX + 1), KERN_INVALID_VALUE);
    REFUSED(mach_port_set_mscount(SELF, NO_NAME, 1), KERN_INVALID_NAME);
    REFUSED(mach_port_set_mscount(SELF, set, 1), KERN_INVALID_RIGHT);
    REFUSED(mach_port_set_seqno(SELF, NO_NAME, 1), KERN_INVALID_NAME);
    REFUSED(mach_port_set_seqno(SELF, dead, 1), KERN_INVALID_RIGHT);
    REFUSED(mach_port_get_receive_status(SELF, NO_NAME, &status), KERN_INVALID_NAME);
    REFUSED(mach_port_get_receive_status(SELF, send_once, &status), KERN_INVALID_RIGHT);
    REFUSED(mach_port_set_protected_payload(SELF, NO_NAME, 1), KERN_INVALID_NAME);
    REFUSED(mach_port_set_protected_payload(SELF, send, 1), KERN_INVALID_RIGHT);
    REFUSED(mach_port_clear_protected_payload(SELF, NO_NAME), KERN_INVALID_NAME);
    REFUSED(mach_port_clear_protected_payload(SELF, send), KERN_INVALID_RIGHT);
    REFUSED(mach_port_get_set_status(SELF, NO_NAME, &members, &count), KERN_INVALID_NAME);
    REFUSED(mach_port_get_set_status(SELF, both, &members, &count), KERN_INVALID_RIGHT);
    REFUSED(mach_port_move_member(SELF, NO_NAME, set), KERN_INVALID_NAME);
    REFUSED(mach_port_move_member(SELF, both, NO_NAME), KERN_INVALID_NAME);
    REFUSED(mach_port_move_member(SELF, send, set), KERN_INVALID_RIGHT);
    REFUSED(mach_port_move_member(SELF, both, receive), KERN_INVALID_RIGHT);
    REFUSED(mach_port_move_member(SELF, both, MACH_PORT_NULL), KERN_NOT_IN_SET);
}

/* The right to be told at is destroyed with a refused request, which its port is told. */
static kern_return_t request(mach_port_t name, mach_msg_id_t id, mach_port_mscount_t sync)
{
    mach_port_t previous;
    kern_return_t result = mach_port_request_notification(SELF, name, id, sync, receive, MAKE_ONCE,
                                                          &previous);

    bait_difference(receive);
    return result;
}

TEST(196, requests_for_notifications_that_cannot_be_are_refused)
{
    mach_port_t previous;

    make_names();
    REFUSED(request(both, MACH_NOTIFY_SEND_ONCE, 0), KERN_INVALID_VALUE);
    REFUSED(request(both, MACH_NOTIFY_PORT_DESTROYED, 1), KERN_INVALID_VALUE);
    REFUSED(request(NO_NAME, MACH_NOTIFY_NO_SENDERS, 0), KERN_INVALID_NAME);
    REFUSED(request(NO_NAME, MACH_NOTIFY_PORT_DESTROYED, 0), KERN_INVALID_NAME);
    REFUSED(request(NO_NAME, MACH_NOTIFY_DEAD_NAME, 0), KERN_INVALID_NAME);
    REFUSED(request(send, MACH_NOTIFY_NO_SENDERS, 0), KERN_INVALID_RIGHT);
    REFUSED(request(set, MACH_NOTIFY_PORT_DESTROYED, 0), KERN_INVALID_RIGHT);
    REFUSED(request(set, MACH_NOTIFY_DEAD_NAME, 0), KERN_INVALID_RIGHT);
    REFUSED(request(dead, MACH_NOTIFY_DEAD_NAME, 0), KERN_INVALID_ARGUMENT);
    REFUSED(mach_port_request_notification(SELF, both, MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_DEAD,
                                           MACH_MSG_TYPE_MOVE_SEND_ONCE, &previous),
            KERN_INVALID_CAPABILITY);
    CHECK_OK(mach_port_mod_refs(SELF, dead, MACH_PORT_RIGHT_DEAD_NAME, UREFS_MAX - 1));
    audit_begin();
    REFUSED(request(dead, MACH_NOTIFY_DEAD_NAME, 1), KERN_UREFS_OVERFLOW);
}

TEST(165, rights_are_not_inserted_or_extracted_against_the_rules)
{
    mach_port_t right;
    mach_msg_type_name_t type;

    make_names();
    REFUSED(mach_port_insert_right(SELF, MACH_PORT_NULL, both, COPY_SEND), KERN_INVALID_VALUE);
    REFUSED(mach_port_insert_right(SELF, NO_NAME, both, 0), KERN_INVALID_VALUE);
    REFUSED(mach_port_insert_right(SELF, NO_NAME, both, COPY_SEND), KERN_RIGHT_EXISTS);
    REFUSED(mach_port_insert_right(SELF, NO_NAME, MACH_PORT_NULL, COPY_SEND), KERN_INVALID_CAPABILITY);
    REFUSED(mach_port_insert_right(SELF, NO_NAME, MACH_PORT_DEAD, COPY_SEND), KERN_INVALID_CAPABILITY);
    REFUSED(mach_port_extract_right(SELF, both, MACH_MSG_TYPE_PORT_NAME, &right, &type),
            KERN_INVALID_VALUE);
    REFUSED(mach_port_extract_right(SELF, NO_NAME, COPY_SEND, &right, &type), KERN_INVALID_NAME);
    REFUSED(mach_port_extract_right(SELF, receive, COPY_SEND, &right, &type), KERN_INVALID_RIGHT);
    REFUSED(mach_port_extract_right(SELF, send, MAKE_SEND, &right, &type), KERN_INVALID_RIGHT);
    CHECK_OK(mach_port_mod_refs(SELF, both, MACH_PORT_RIGHT_SEND, UREFS_MAX - 1));
    audit_begin();
    REFUSED(mach_port_insert_right(SELF, both, both, COPY_SEND), KERN_UREFS_OVERFLOW);
}

TEST(176, the_counts_of_a_receive_right_can_be_set)
{
    make_names();
    CHECK_OK(mach_port_set_mscount(SELF, receive, 77));
    CHECK_EQ(port_status(receive).mps_mscount, 77);
    CHECK_OK(mach_port_set_seqno(SELF, receive, 88));
    CHECK_EQ(port_status(receive).mps_seqno, 88);
    CHECK_OK(mach_port_destroy(SELF, dead));
    CHECK_EQ(port_type(dead), MACH_PORT_TYPE_NONE);
}
