/* SPDX-License-Identifier: BSD-2-Clause */
/* Rights in message bodies: checks 179 and 183 to 188 of spec/checklist.md. */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()

static void expect_notification(mach_port_t port, mach_msg_id_t id)
{
    struct wire wire;

    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_EQ(wire.header.msgh_id, id);
}

static void expect_nothing(mach_port_t port)
{
    struct wire wire;

    CHECK_RETURNS(wire_receive(&wire, port, 10), MACH_RCV_TIMED_OUT);
}

TEST(179, a_bad_right_anywhere_in_an_array_destroys_the_earlier_ones_once)
{
    enum { NUMBER = 8 };
    mach_port_t port = port_make(TRUE), watched = port_make(FALSE);

    for (unsigned bad = 0; bad < NUMBER; bad++) {
        mach_msg_type_t type = { .msgt_name = MACH_MSG_TYPE_MAKE_SEND_ONCE, .msgt_size = 64,
                                 .msgt_inline = TRUE, .msgt_number = NUMBER };
        struct wire wire;
        uint64_t *slots;

        wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
        slots = wire_add(&wire, type, NUMBER * 8, TRUE);
        for (unsigned i = 0; i < NUMBER; i++) {
            slots[i] = i == bad ? 0x9999 : watched;
        }
        CHECK_RETURNS(wire_send(&wire, 0), MACH_SEND_INVALID_RIGHT);
        for (unsigned i = 0; i < bad; i++) {
            expect_notification(watched, MACH_NOTIFY_SEND_ONCE);
        }
        expect_nothing(watched);
    }
    CHECK_EQ(port_status(watched).mps_sorights, 0);
    CHECK_EQ(port_status(port).mps_msgcount, 0);
}

TEST(179, a_body_error_destroys_header_rights_and_earlier_items_too)
{
    mach_port_t port = port_make(TRUE), watched = port_make(FALSE), moved = port_make(FALSE);
    vm_address_t memory = 0;
    unsigned char byte;
    struct wire wire;

    CHECK_OK(vm_allocate(SELF, &memory, vm_page_size, TRUE));
    wire_begin(&wire, port, MACH_MSG_TYPE_MOVE_SEND, 1);
    wire_reply_port(&wire, watched, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    wire_add_port(&wire, moved, MACH_MSG_TYPE_MOVE_RECEIVE);
    wire_add_memory(&wire, (void *)memory, 100, TRUE);
    wire_add_port(&wire, 0x9999, MACH_MSG_TYPE_COPY_SEND);
    CHECK_RETURNS(wire_send(&wire, 0), MACH_SEND_INVALID_RIGHT);
    expect_notification(watched, MACH_NOTIFY_SEND_ONCE);
    CHECK_EQ(port_type(moved), MACH_PORT_TYPE_NONE);
    CHECK_EQ(port_type(port), MACH_PORT_TYPE_RECEIVE);
    CHECK(vm_read(SELF, memory, 1, (void *)&byte, &(mach_msg_type_number_t){ 0 }) != KERN_SUCCESS);
}

static mach_msg_return_t send_type(mach_port_t port, mach_msg_type_t type, uint32_t bytes)
{
    struct wire wire;

    wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
    memset(wire_add(&wire, type, bytes, TRUE), 0, bytes);
    return wire_send_timed(&wire, 0);
}

TEST(179, descriptors_that_make_no_sense_are_refused)
{
    mach_port_t port = port_make(TRUE);
    mach_msg_type_t right = { .msgt_name = MACH_MSG_TYPE_COPY_SEND, .msgt_size = 64,
                              .msgt_inline = TRUE, .msgt_number = 1 };
    mach_msg_type_t type;

    type = right, type.msgt_unused = 1;
    CHECK_RETURNS(send_type(port, type, 8), MACH_SEND_INVALID_TYPE);
    type = right, type.msgt_deallocate = TRUE;
    CHECK_RETURNS(send_type(port, type, 8), MACH_SEND_INVALID_TYPE);
    type = right, type.msgt_size = 32;
    CHECK_RETURNS(send_type(port, type, 8), MACH_SEND_INVALID_TYPE);
    type = right, type.msgt_inline = FALSE;
    CHECK_RETURNS(send_type(port, type, 8), MACH_SEND_INVALID_TYPE);
    type = right, type.msgt_number = 2;
    CHECK_RETURNS(send_type(port, type, 8), MACH_SEND_MSG_TOO_SMALL);
    type = right, type.msgt_number = ~0U, type.msgt_size = 0xffff, type.msgt_name = 0;
    CHECK_RETURNS(send_type(port, type, 8), MACH_SEND_MSG_TOO_SMALL);
    CHECK_RETURNS(send_type(port, right, 0), MACH_SEND_MSG_TOO_SMALL);
    CHECK_EQ(port_status(port).mps_msgcount, 0);
}

/* An array of names at the end of its page, with a page that must stay behind it. */
static void send_array(mach_port_t port, mach_port_t right, uint32_t number)
{
    vm_size_t bytes = number * sizeof(mach_port_name_t);
    vm_size_t pages = (bytes + vm_page_size - 1) / vm_page_size * vm_page_size;
    mach_port_name_t *names, *got;
    vm_address_t memory = 0;
    struct wire wire;

    CHECK_OK(vm_allocate(SELF, &memory, 3 * pages, TRUE));
    *(uint64_t *)(memory + pages) = 12345;
    names = (mach_port_name_t *)memory;
    for (uint32_t i = 0; i < number; i++) {
        names[i] = right;
    }
    wire_begin(&wire, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    wire_add_ports(&wire, names, number, MACH_MSG_TYPE_MAKE_SEND, TRUE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_EQ(*(uint64_t *)(memory + pages), 12345);
    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_EQ(wire_type(&wire, 0)->msgt_number, number);
    CHECK_EQ(wire_type(&wire, 0)->msgt_size, 32);
    CHECK_EQ(wire_type(&wire, 0)->msgt_name, MACH_MSG_TYPE_PORT_SEND);
    got = *(mach_port_name_t **)wire_data(&wire, 0);
    for (uint32_t i = 0; i < number; i++) {
        CHECK_EQ(got[i], right);
    }
    CHECK_EQ(port_refs(right, MACH_PORT_RIGHT_SEND), number);
    CHECK_OK(mach_port_mod_refs(SELF, right, MACH_PORT_RIGHT_SEND, -(int)number));
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)got, bytes));
    CHECK_OK(vm_deallocate(SELF, memory + pages, 2 * pages));
}

TEST(183, arrays_of_rights_out_of_line_arrive_and_leave_their_neighbours_alone)
{
    mach_port_t port = port_make(FALSE), right = port_make(FALSE);

    send_array(port, right, 1);
    send_array(port, right, 257);
    send_array(port, right, 5000);
}

TEST(184, null_and_dead_names_arrive_as_such)
{
    mach_port_t port = port_make(FALSE), dying = port_make(TRUE);
    mach_port_name_t names[2] = { MACH_PORT_DEAD, MACH_PORT_NULL };
    struct wire wire;

    wire_begin(&wire, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    wire_add_port(&wire, MACH_PORT_DEAD, MACH_MSG_TYPE_COPY_SEND);
    wire_add_port(&wire, MACH_PORT_NULL, MACH_MSG_TYPE_MOVE_SEND);
    wire_add_port(&wire, dying, MACH_MSG_TYPE_COPY_SEND);
    wire_add_ports(&wire, names, 2, MACH_MSG_TYPE_COPY_SEND, FALSE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(mach_port_destroy(SELF, dying));
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire_port(&wire, 0), MACH_PORT_DEAD);
    CHECK_EQ(wire_port(&wire, 1), MACH_PORT_NULL);
    CHECK_EQ(wire_port(&wire, 2), MACH_PORT_DEAD);
    CHECK_EQ((*(mach_port_name_t **)wire_data(&wire, 3))[0], MACH_PORT_DEAD);
    CHECK_EQ((*(mach_port_name_t **)wire_data(&wire, 3))[1], MACH_PORT_NULL);
}

TEST(185, bits_that_are_the_kernels_are_cleared)
{
    mach_port_t port = port_make(TRUE);
    struct wire wire;

    wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire.header.msgh_bits |= MACH_MSGH_BITS_CIRCULAR | MACH_MSGH_BITS_COMPLEX_PORTS |
                             MACH_MSGH_BITS_COMPLEX_DATA | MACH_MSGH_BITS_MIGRATED |
                             MACH_MSGH_BITS_UNUSED;
    wire.header.msgh_size = 7; /* ignored */
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, port, 0));
    CHECK_EQ(wire.header.msgh_bits, MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND));
    CHECK_EQ(wire.header.msgh_size, 32);
}

/* Sends the receive right of one port to another. */
static void send_receive_right(mach_port_t destination, mach_port_t right)
{
    struct wire wire;

    wire_begin(&wire, destination, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_port(&wire, right, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_OK(wire_send(&wire, 0));
}

TEST(186, receive_rights_in_a_circle_are_destroyed)
{
    for (unsigned i = 0; i < 2000; i++) {
        mach_port_t one = port_make(TRUE), two = port_make(TRUE);

        send_receive_right(one, one);
        CHECK_EQ(port_type(one), MACH_PORT_TYPE_DEAD_NAME);
        CHECK_OK(mach_port_deallocate(SELF, one));
        one = port_make(TRUE);
        send_receive_right(two, one);
        CHECK_EQ(port_type(one), MACH_PORT_TYPE_SEND);
        send_receive_right(one, two);
        CHECK_EQ(port_type(one), MACH_PORT_TYPE_DEAD_NAME);
        CHECK_EQ(port_type(two), MACH_PORT_TYPE_DEAD_NAME);
        CHECK_OK(mach_port_deallocate(SELF, one));
        CHECK_OK(mach_port_deallocate(SELF, two));
    }
}

/* boot: memory=256 timeout=60 */
TEST(187, a_chain_of_100000_ports_dies_without_end_of_stack)
{
    mach_port_t head = port_make(TRUE);
    struct vm_statistics before, after;

    memory_statistics(&before);
    for (unsigned i = 0; i < 100000; i++) {
        mach_port_t next = port_make(TRUE);

        send_receive_right(next, head);
        CHECK_OK(mach_port_deallocate(SELF, head));
        head = next;
    }
    CHECK_OK(mach_port_destroy(SELF, head));
    memory_statistics(&after);
    CHECK(after.free_count + 200 > before.free_count);
}

TEST(188, a_buffer_that_cannot_be_written_leaks_nothing)
{
    mach_port_t port = port_make(TRUE), carried = port_make(FALSE);
    unsigned names = port_name_count();
    struct wire wire;

    for (unsigned i = 0; i < 3; i++) {
        wire_begin(&wire, port, MACH_MSG_TYPE_COPY_SEND, 1);
        wire_reply_port(&wire, carried, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        wire_add_port(&wire, carried, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        wire_add_port(&wire, carried, MACH_MSG_TYPE_MAKE_SEND);
        wire_add_ports(&wire, &carried, 1, MACH_MSG_TYPE_MAKE_SEND_ONCE, FALSE);
        wire_add_memory(&wire, "memory", 7, FALSE);
        CHECK_OK(wire_send(&wire, 0));
        CHECK_RETURNS(mach_msg_trap((mach_msg_header_t *)0x8, MACH_RCV_MSG, 0, 4096, port, 0,
                                    MACH_PORT_NULL),
                      MACH_RCV_INVALID_DATA);
        CHECK_EQ(port_name_count(), names);
        CHECK_EQ(port_type(carried), MACH_PORT_TYPE_RECEIVE);
        for (unsigned n = 0; n < 3; n++) {
            expect_notification(carried, MACH_NOTIFY_SEND_ONCE);
        }
        expect_nothing(carried);
        CHECK_EQ(port_status(carried).mps_sorights, 0);
    }
}
