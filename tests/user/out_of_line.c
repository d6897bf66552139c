/* SPDX-License-Identifier: BSD-2-Clause */
/* Out-of-line memory in messages. */
#include "test.h"

#define SELF mach_task_self()

struct ool_message {
    mach_msg_header_t header;
    mach_msg_type_long_t type;
    vm_address_t data;
};

struct ool_received {
    struct ool_message message;
    char room[64];
};

static vm_address_t allocate(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(SELF, &address, size, TRUE));
    return address;
}

static mach_msg_return_t ool_send(mach_port_t port, vm_address_t data, vm_size_t size,
                                  boolean_t deallocate)
{
    struct ool_message message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = port,
                   .msgh_id = 7},
        .data = data,
    };

    message.type.msgtl_header.msgt_inline = FALSE;
    message.type.msgtl_header.msgt_longform = TRUE;
    message.type.msgtl_header.msgt_deallocate = deallocate;
    message.type.msgtl_name = MACH_MSG_TYPE_BYTE;
    message.type.msgtl_size = 8;
    message.type.msgtl_number = (natural_t)size;
    return mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0,
                    MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* Receives one; the address of the data. */
static vm_address_t ool_receive(mach_port_t port, vm_size_t size)
{
    struct ool_received received;

    CHECK_RETURNS(mach_msg(&received.message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                           sizeof received, port, 2000, MACH_PORT_NULL),
                  MACH_MSG_SUCCESS);
    CHECK_EQ(received.message.type.msgtl_number, size);
    return received.message.data;
}

static boolean_t is_mapped(vm_address_t address)
{
    vm_offset_t data;
    mach_msg_type_number_t count;

    if (vm_read(SELF, address, 1, &data, &count) != KERN_SUCCESS)
        return FALSE;
    CHECK_OK(vm_deallocate(SELF, data, count));
    return TRUE;
}

TEST(180, no_bytes_arrive_at_address_nothing)
{
    mach_port_t port = port_make(TRUE);

    CHECK_OK(ool_send(port, 0x12345, 0, FALSE));
    CHECK_EQ(ool_receive(port, 0), 0);
    CHECK_OK(ool_send(port, 0x12345, 0, TRUE));
    CHECK_EQ(ool_receive(port, 0), 0);
}

TEST(180, one_byte_arrives)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = allocate(PAGE_SIZE), received;

    *(char *)(address + 77) = 42;
    CHECK_OK(ool_send(port, address + 77, 1, FALSE));
    received = ool_receive(port, 1);
    CHECK_EQ(*(char *)received, 42);
    CHECK_OK(vm_deallocate(SELF, received, 1));
}

TEST(180, four_gigabytes_less_one_arrive)
{
    mach_port_t port = port_make(TRUE);
    vm_size_t size = 0xffffffff;
    vm_address_t address = allocate(size), received;

    *(volatile char *)(address + 1) = 1;
    *(volatile char *)(address + size - 1) = 2;
    CHECK_OK(ool_send(port, address, size, FALSE));
    received = ool_receive(port, size);
    CHECK_EQ(*(volatile char *)(received + 1), 1);
    CHECK_EQ(*(volatile char *)(received + size - 1), 2);
    CHECK_EQ(*(volatile char *)(received + size / 2), 0);
    CHECK_OK(vm_deallocate(SELF, received, size));
    CHECK_OK(ool_send(port, address, size, TRUE));
    received = ool_receive(port, size);
    CHECK_EQ(*(volatile char *)(received + size - 1), 2);
}

TEST(180, unmapped_memory_and_addresses_that_wrap_are_invalid_memory)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = allocate(3 * PAGE_SIZE);

    CHECK_OK(vm_deallocate(SELF, address + PAGE_SIZE, PAGE_SIZE));
    CHECK_RETURNS(ool_send(port, address, 3 * PAGE_SIZE, FALSE), MACH_SEND_INVALID_MEMORY);
    CHECK_RETURNS(ool_send(port, ~(vm_address_t)0 - 5, 10, FALSE), MACH_SEND_INVALID_MEMORY);
    CHECK_RETURNS(ool_send(port, ~(vm_address_t)0 - 5, 0xffffffff, FALSE), MACH_SEND_INVALID_MEMORY);
    CHECK_RETURNS(ool_send(port, 0xffffffff80200000, 4096, FALSE), MACH_SEND_INVALID_MEMORY);
    CHECK_OK(vm_protect(SELF, address, PAGE_SIZE, FALSE, VM_PROT_NONE));
    CHECK_RETURNS(ool_send(port, address, PAGE_SIZE, FALSE), MACH_SEND_INVALID_MEMORY);
    EXPECT_SILENCE(port, 10);
}

static void check_snapshot(vm_size_t size)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = allocate(size), received;

    pattern_fill(address, size, 1, 0);
    CHECK_OK(ool_send(port, address, size, FALSE));
    pattern_fill(address, size, 2, 0);
    received = ool_receive(port, size);
    pattern_check(received, size, 1, 0);
    CHECK_OK(ool_send(port, address, size, FALSE));
    pattern_fill(received, size, 3, 0);
    pattern_check(address, size, 2, 0);
    received = ool_receive(port, size);
    pattern_fill(received, size, 4, 0);
    pattern_check(address, size, 2, 0);
    pattern_fill(address, size, 5, 0);
    pattern_check(received, size, 4, 0);
}

TEST(181, later_writes_of_sender_and_receiver_are_their_own)
{
    check_snapshot(PAGE_SIZE);
    check_snapshot(2 * PAGE_SIZE);
    check_snapshot(16 * PAGE_SIZE);
    check_snapshot(200 * PAGE_SIZE);
}

TEST(181, memory_given_away_is_gone_and_arrives)
{
    mach_port_t port = port_make(TRUE);

    for (unsigned pages = 1; pages < 40; pages += 6) {
        vm_address_t address = allocate((pages + 2) * PAGE_SIZE), received;
        vm_address_t middle = address + PAGE_SIZE;

        pattern_fill(address, (pages + 2) * PAGE_SIZE, pages, 0);
        CHECK_OK(ool_send(port, middle, pages * PAGE_SIZE, TRUE));
        CHECK(!is_mapped(middle) && !is_mapped(middle + (pages - 1) * PAGE_SIZE));
        pattern_check(address, PAGE_SIZE, pages, 0);
        pattern_check(middle + pages * PAGE_SIZE, PAGE_SIZE, pages, (pages + 1) * PAGE_SIZE);
        received = ool_receive(port, pages * PAGE_SIZE);
        pattern_check(received, pages * PAGE_SIZE, pages, PAGE_SIZE);
        pattern_fill(address, PAGE_SIZE, 77, 0);
        pattern_check(received, pages * PAGE_SIZE, pages, PAGE_SIZE);
    }
}

TEST(181, odd_memory_given_away_takes_its_pages)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = allocate(8 * PAGE_SIZE), received;

    memset((void *)address, 5, 8 * PAGE_SIZE);
    CHECK_OK(ool_send(port, address + PAGE_SIZE + 10, 5 * PAGE_SIZE, TRUE));
    CHECK(is_mapped(address) && is_mapped(address + 7 * PAGE_SIZE));
    for (unsigned page = 1; page < 7; page++)
        CHECK(!is_mapped(address + page * PAGE_SIZE));
    received = ool_receive(port, 5 * PAGE_SIZE);
    for (unsigned i = 0; i < 5 * PAGE_SIZE; i++)
        CHECK_EQ(((char *)received)[i], 5);
}

TEST(181, given_and_kept_memory_cost_no_frames_in_the_end)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = allocate(64 * PAGE_SIZE), received;
    struct vm_statistics before, after;

    for (unsigned round = 0; round < 50; round++) {
        if (round == 5)
            memory_statistics(&before);
        pattern_fill(address, 64 * PAGE_SIZE, round, 0);
        CHECK_OK(ool_send(port, address, 64 * PAGE_SIZE, round % 2 == 0));
        received = ool_receive(port, 64 * PAGE_SIZE);
        pattern_check(received, 64 * PAGE_SIZE, round, 0);
        if (round % 2 != 0)
            CHECK_OK(vm_deallocate(SELF, address, 64 * PAGE_SIZE));
        address = received;
    }
    memory_statistics(&after);
    CHECK(after.free_count + 70 > before.free_count);
}

static void check_edges(vm_size_t pages, vm_size_t head, vm_size_t size, boolean_t deallocate)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = allocate(pages * PAGE_SIZE), received, at;

    memset((void *)address, 0xff, pages * PAGE_SIZE);
    CHECK_OK(ool_send(port, address + head, size, deallocate));
    received = ool_receive(port, size);
    for (at = trunc_page(received); at < round_page(received + size); at++)
        CHECK_EQ(*(unsigned char *)at, at >= received && at < received + size ? 0xff : 0);
}

TEST(182, bytes_beyond_the_data_are_zero_in_the_receiver)
{
    check_edges(1, 0, 10, FALSE);
    check_edges(1, 100, 10, FALSE);
    check_edges(2, 4090, 10, FALSE);
    check_edges(3, 100, 2 * PAGE_SIZE, FALSE);
    check_edges(16, 100, 12 * PAGE_SIZE, FALSE);
    check_edges(16, 0, 12 * PAGE_SIZE + 1, FALSE);
    check_edges(16, 4095, 12 * PAGE_SIZE + 2, FALSE);
    check_edges(16, 100, 12 * PAGE_SIZE, TRUE);
    check_edges(16, 0, 12 * PAGE_SIZE + 1, TRUE);
}

TEST(0, a_sender_that_reuses_its_buffer_makes_no_growing_chain)
{
    mach_port_t port = port_make(TRUE);
    vm_address_t address = allocate(64 * PAGE_SIZE), received;
    struct vm_statistics before, after;

    memset((void *)address, 1, 64 * PAGE_SIZE);
    for (unsigned round = 0; round < 400; round++) {
        if (round == 10)
            memory_statistics(&before);
        *(volatile unsigned *)(address + 16 * PAGE_SIZE) = round;
        CHECK_OK(ool_send(port, address + 16 * PAGE_SIZE, 8 * PAGE_SIZE, FALSE));
        received = ool_receive(port, 8 * PAGE_SIZE);
        CHECK_EQ(*(volatile unsigned *)received, round);
        CHECK_OK(vm_deallocate(SELF, received, 8 * PAGE_SIZE));
    }
    memory_statistics(&after);
    CHECK(after.free_count + 16 > before.free_count);
}
