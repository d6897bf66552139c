/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes on the wire: checks 222 to 226 of spec/checklist.md. */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()
#define OFFSET 0x1122334455667000UL

/*
 * This program's own mach_msg stands in front of the library's, so that what a stub has built can
 * be looked at before any kernel sees it: names need not exist then.
 */
static boolean_t capturing;
static uint8_t captured[256];
static mach_msg_size_t captured_size;

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size, mach_msg_size_t rcv_size,
                           mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                           mach_port_name_t notify)
{
    if (!capturing) {
        return mach_msg_trap(msg, option, send_size, rcv_size, rcv_name, timeout, notify);
    }
    captured_size = send_size;
    memcpy(captured, msg, send_size < sizeof captured ? send_size : sizeof captured);
    return MACH_MSG_SUCCESS;
}

/* Size of the message that the statement sends. */
#define SIZE_OF(statement) (capturing = TRUE, (void)(statement), capturing = FALSE, captured_size)

static unsigned nibble(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* Compares with bytes in hexadecimal; an x stands for what nobody has written. */
static void expect_bytes(const char *golden)
{
    unsigned at = 0;

    for (; *golden; golden++) {
        if (*golden == ' ') {
            continue;
        }
        if (*golden != 'x' && captured[at] != (nibble(golden[0]) << 4 | nibble(golden[1]))) {
            FAIL("byte %u is %#x, expected %c%c", at, captured[at], golden[0], golden[1]);
        }
        golden++;
        at++;
    }
    CHECK_EQ(at, captured_size);
}

TEST(222, a_supply_has_the_golden_bytes)
{
    CHECK_EQ(SIZE_OF(memory_object_data_supply_poly(0x103, OFFSET, 0x7f0011223000, 0x3000, TRUE,
                                                    VM_PROT_WRITE, TRUE, 0x207,
                                                    MACH_MSG_TYPE_MAKE_SEND_ONCE)),
             112);
    expect_bytes("13000080 70000000 03010000 xxxxxxxx"
                 "00000000 xxxxxxxx 00000000 2d080000"
                 "0b400020 01000000 00706655 44332211"
                 "090800c0 00300000 00302211 007f0000"
                 "02200020 01000000 02000000 xxxxxxxx"
                 "00200020 01000000 01000000 xxxxxxxx"
                 "15400020 01000000 07020000 xxxxxxxx");
}

TEST(222, a_completion_has_the_golden_bytes)
{
    CHECK_EQ(SIZE_OF(memory_object_supply_completed(0x207, MACH_MSG_TYPE_MOVE_SEND_ONCE, 0x103,
                                                    OFFSET, 0x1000, 23, OFFSET + 0x1000)),
             112);
    expect_bytes("12000080 70000000 07020000 xxxxxxxx"
                 "00000000 xxxxxxxx 00000000 9f080000"
                 "14400020 01000000 03010000 xxxxxxxx"
                 "0b400020 01000000 00706655 44332211"
                 "0b400020 01000000 00100000 00000000"
                 "02200020 01000000 17000000 xxxxxxxx"
                 "0b400020 01000000 00806655 44332211");
}

TEST(223, messages_to_managers_have_their_sizes)
{
    mach_msg_type_name_t once = MACH_MSG_TYPE_MOVE_SEND_ONCE;

    CHECK_EQ(SIZE_OF(memory_object_init(1, 2, 3, 4096)), 80);
    CHECK_EQ(SIZE_OF(memory_object_terminate(1, 2, 3)), 64);
    CHECK_EQ(SIZE_OF(memory_object_copy(1, 2, 0, 0, 3)), 96);
    CHECK_EQ(SIZE_OF(memory_object_data_request(1, 2, 0, 0, 0)), 96);
    CHECK_EQ(SIZE_OF(memory_object_data_unlock(1, 2, 0, 0, 0)), 96);
    CHECK_EQ(SIZE_OF(memory_object_lock_completed(1, once, 2, 0, 0)), 80);
    CHECK_EQ(SIZE_OF(memory_object_supply_completed(1, once, 2, 0, 0, 0, 0)), 112);
    CHECK_EQ(SIZE_OF(memory_object_data_return(1, 2, 0, 0, 0, TRUE, TRUE)), 112);
    CHECK_EQ(SIZE_OF(memory_object_change_completed(1, once, TRUE, 0)), 64);
    CHECK_EQ(SIZE_OF(memory_object_create(1, 2, 0, 3, 4, 4096)), 112);
    CHECK_EQ(SIZE_OF(memory_object_data_initialize(1, 2, 0, 0, 0)), 80);
    CHECK_EQ(SIZE_OF(memory_object_data_unavailable(1, 0, 0)), 64);
    CHECK_EQ(SIZE_OF(memory_object_data_error(1, 0, 0, 0)), 80);
    CHECK_EQ(SIZE_OF(memory_object_lock_request_poly(1, 0, 0, 0, 0, 0, 0, once)), 128);
    CHECK_EQ(SIZE_OF(memory_object_ready(1, TRUE, 0)), 64);
    CHECK_EQ(SIZE_OF(memory_object_change_attributes_poly(1, TRUE, 0, 0, once)), 80);
}

/* Receives and finds zero where no sender writes: header pads, upper halves of slots and
   scalars. */
static void expect_clean(struct wire *wire)
{
    const uint32_t *words = (const uint32_t *)wire;

    CHECK_EQ(words[3], 0);
    CHECK_EQ(words[5], 0);
    for (uint32_t offset = sizeof wire->header; offset < wire->header.msgh_size;) {
        mach_msg_type_t *type = (mach_msg_type_t *)((uint8_t *)wire + offset);
        uint64_t bytes = (uint64_t)type->msgt_number * type->msgt_size / 8;

        CHECK(type->msgt_inline);
        offset += sizeof *type;
        if (bytes == 4 || MACH_MSG_TYPE_PORT_ANY(type->msgt_name)) {
            CHECK_EQ(words[offset / 4 + 1], 0);
        }
        offset += (uint32_t)((bytes + 7) & ~7UL);
    }
}

TEST(224, what_the_kernel_sends_or_passes_on_has_no_leftovers)
{
    mach_port_t port = port_make(FALSE), carried = port_make(FALSE);
    vm_address_t address = 0;
    struct wire wire;

    /* From a task: names in header and body. */
    wire_begin(&wire, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    ((uint32_t *)&wire)[3] = ((uint32_t *)&wire)[5] = 0xdeadbeef;
    wire_reply_port(&wire, carried, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    wire_add_port(&wire, carried, MACH_MSG_TYPE_MAKE_SEND);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, port, 1000));
    expect_clean(&wire);

    /* A kernel object's reply. */
    wire_begin(&wire, SELF, MACH_MSG_TYPE_COPY_SEND, 3217);
    wire_reply_port(&wire, port, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    mach_msg_type_t name_type = { .msgt_name = MACH_MSG_TYPE_PORT_NAME, .msgt_size = 32,
                                  .msgt_inline = TRUE, .msgt_number = 1 };
    *(uint32_t *)wire_add(&wire, name_type, 4, FALSE) = port;
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_EQ(((mig_reply_header_t *)&wire)->RetCode, KERN_SUCCESS);
    expect_clean(&wire);

    /* What the kernel sends by itself. */
    mach_port_t object = port_make(TRUE);

    CHECK_OK(vm_map(SELF, &address, vm_page_size, 0, TRUE, object, 0, FALSE, VM_PROT_ALL,
                    VM_PROT_ALL, VM_INHERIT_NONE));
    CHECK_OK(wire_receive(&wire, object, 1000));
    CHECK_EQ(wire.header.msgh_id, 2200);
    CHECK_EQ(wire.header.msgh_size, 80);
    expect_clean(&wire);
}

TEST(225, garbage_in_the_upper_half_of_a_slot_is_not_part_of_the_name)
{
    mach_port_t port = port_make(FALSE), carried = port_make(TRUE);
    struct wire wire;

    wire_begin(&wire, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1);
    ((uint32_t *)&wire)[3] = ((uint32_t *)&wire)[5] = 0xdeadbeef;
    wire_add_port(&wire, carried, MACH_MSG_TYPE_MOVE_SEND);
    wire_add_port(&wire, carried, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_EQ(port_type(carried), MACH_PORT_TYPE_NONE);
    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_EQ(wire_port(&wire, 0), wire_port(&wire, 1));
    CHECK_EQ(port_type(wire_port(&wire, 0)), MACH_PORT_TYPE_SEND_RECEIVE);
}

/* The supply of spec/ipc.md 4.3 in the layout of before 2023, to a real control port. */
TEST(226, a_message_of_the_other_layout_is_refused)
{
    static const uint32_t old_supply[] = {
        0x80000013, 88, 0, 0, 0, 0, 0, 0x82d, 0x1001400b, 0x55667000, 0x11223344, 0x60000000,
        0x00080009, 0x3000, 0x11223000, 0x7f00, 0x10012002, 2, 0x10012000, 1, 0x10012015, 0,
    };
    mach_port_t object = port_make(TRUE), reply = port_make(FALSE), control;
    vm_address_t address = 0;
    mach_msg_return_t result;
    struct wire wire;

    CHECK_OK(vm_map(SELF, &address, vm_page_size, 0, TRUE, object, 0, FALSE, VM_PROT_ALL,
                    VM_PROT_ALL, VM_INHERIT_NONE));
    CHECK_OK(wire_receive(&wire, object, 1000));
    control = wire_port(&wire, 0);
    memcpy(&wire, old_supply, sizeof old_supply);
    wire.size = sizeof old_supply;
    wire.header.msgh_remote_port = control;
    ((uint32_t *)&wire)[21] = reply;
    result = wire_send(&wire, 0);
    CHECK(result == MACH_SEND_MSG_TOO_SMALL || result == MACH_SEND_INVALID_TYPE);
    CHECK_EQ(port_refs(control, MACH_PORT_RIGHT_SEND), 1);
    CHECK_EQ(port_type(reply), MACH_PORT_TYPE_RECEIVE);
    CHECK_EQ(port_status(reply).mps_sorights, 0);

    /* A simple request of the old size to a task. */
    wire_begin(&wire, SELF, MACH_MSG_TYPE_COPY_SEND, 3201);
    wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    wire.size = 40;
    CHECK_OK(wire_send(&wire, 0));
    CHECK_OK(wire_receive(&wire, reply, 1000));
    CHECK_EQ(((mig_reply_header_t *)&wire)->RetCode, MIG_BAD_ARGUMENTS);
}
