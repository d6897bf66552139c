/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing devices, every refusal, and requests that are answered later. */
#include <device/notify.h>
#include <mach/mach_traps.h>
#include <mig/device.h>
#include <mig/device_request.h>
#include <mig/mach_i386.h>

#include "test.h"

static mach_port_t open_device(const char *name)
{
    mach_port_t device;

    CHECK_OK(device_open(test_device_port, D_READ | D_WRITE, (char *)name, &device));
    return device;
}

/* ---- opening and closing */

TEST(0, a_device_is_open_until_the_last_close)
{
    mach_port_t device = open_device("time"), again = open_device("time"), memory;

    CHECK_EQ(device, again); /* one port for all who have it open */
    CHECK_EQ(port_refs(device, MACH_PORT_RIGHT_SEND), 2);
    CHECK_OK(device_close(device));
    CHECK_OK(device_map(device, VM_PROT_READ, 0, PAGE_SIZE, &memory, 0));
    CHECK_OK(device_close(device));
    CHECK_EQ(port_type(device), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_RETURNS(device_map(device, VM_PROT_READ, 0, PAGE_SIZE, &memory, 0),
                  MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(device_close(device), MACH_SEND_INVALID_DEST);
    again = open_device("time");
    CHECK(again != device);
    CHECK_OK(device_map(again, VM_PROT_READ, 0, PAGE_SIZE, &memory, 0));
    CHECK_OK(device_close(again));
}

TEST(0, a_device_is_closed_when_nobody_has_a_right_to_it)
{
    mach_port_t device = open_device("time");

    open_device("time");
    CHECK_OK(mach_port_mod_refs(mach_task_self(), device, MACH_PORT_RIGHT_SEND, -2));
    device = open_device("time");
    CHECK_OK(device_close(device)); /* the two before are forgotten */
    CHECK_EQ(port_type(device), MACH_PORT_TYPE_DEAD_NAME);
}

static void open_and_die(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 3; i++)
        open_device("time");
}

static boolean_t is_dead(void *name)
{
    return port_type(*(mach_port_t *)name) == MACH_PORT_TYPE_DEAD_NAME;
}

TEST(0, who_dies_with_a_device_open_leaves_it_closed)
{
    struct helper helper;
    mach_port_t device;

    helper_create(&helper, open_and_die, NULL);
    helper_run(&helper);
    CHECK(wait_until(is_dead, &helper.task, CLIENT_WAIT));
    thread_sleep(20); /* its rights go after its port */
    device = open_device("time");
    CHECK_OK(device_close(device));
    CHECK_EQ(port_type(device), MACH_PORT_TYPE_DEAD_NAME);
}

/* ---- refusals */

TEST(0, what_is_no_device_is_told_so_by_every_call)
{
    mach_port_t no = mach_task_self(), port = port_make(TRUE), memory;
    unsigned names = port_name_count();
    io_buf_ptr_inband_t inband = { 0 };
    mach_msg_type_number_t count = IO_INBAND_MAX;
    int status[DEV_GET_SIZE_COUNT] = { 0 }, written;
    filter_t filter[2] = { 0 };
    io_buf_ptr_t data;

    CHECK_RETURNS(device_close(no), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_read(no, 0, 0, 1, &data, &count), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_read_inband(no, 0, 0, 1, inband, &count), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_write(no, 0, 0, inband, 1, &written), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_write_inband(no, 0, 0, inband, 1, &written), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_map(no, VM_PROT_READ, 0, PAGE_SIZE, &memory, 0), D_NO_SUCH_DEVICE);
    count = DEV_GET_SIZE_COUNT;
    CHECK_RETURNS(device_get_status(no, DEV_GET_SIZE, status, &count), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_set_status(no, DEV_GET_SIZE, status, 1), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_set_filter(no, port, MACH_MSG_TYPE_COPY_SEND, 0, filter, 2),
                  D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_intr_register(no, 5, 0, port, MACH_MSG_TYPE_COPY_SEND),
                  D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_intr_ack(no, port, MACH_MSG_TYPE_COPY_SEND), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_open_new(no, D_READ, "time", &memory), D_INVALID_OPERATION);
    CHECK_RETURNS(device_open_new(test_device_port, D_READ, "no", &memory), D_NO_SUCH_DEVICE);
    CHECK_EQ(port_name_count(), names);
    CHECK_EQ(port_refs(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK_OK(mach_port_deallocate(mach_task_self(), port));
    CHECK_EQ(port_status(port).mps_srights, 0); /* no refused call has kept one */
}

TEST(0, each_device_refuses_what_it_cannot_do)
{
    static const struct {
        const char *name;
        boolean_t reads, writes, maps;
    } rows[] = {
        { "console", TRUE, TRUE, FALSE }, { "com0", TRUE, TRUE, FALSE },
        { "com1", FALSE, TRUE, FALSE },   { "initrd", TRUE, FALSE, TRUE },
        { "mem", FALSE, FALSE, TRUE },    { "time", FALSE, FALSE, TRUE },
        { "irq", FALSE, FALSE, FALSE },
    };
    mach_port_t port = port_make(TRUE), memory;
    io_buf_ptr_inband_t inband = { 0 };
    mach_msg_type_number_t count;
    int status[DEV_GET_SIZE_COUNT] = { 0 }, written;
    filter_t filter[2] = { 0 };
    io_buf_ptr_t data;

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mach_port_t device = open_device(rows[i].name);
        unsigned names = port_name_count();

        count = IO_INBAND_MAX;
        if (!rows[i].reads) {
            CHECK_RETURNS(device_read_inband(device, D_NOWAIT, 0, 1, inband, &count),
                          D_INVALID_OPERATION);
            CHECK_RETURNS(device_read(device, D_NOWAIT, 0, 1, &data, &count), D_INVALID_OPERATION);
        } else {
            CHECK_RETURNS(device_read_inband(device, D_NOWAIT, 0, 0, inband, &count),
                          D_INVALID_SIZE);
        }
        if (!rows[i].writes) {
            CHECK_RETURNS(device_write_inband(device, 0, 0, inband, 1, &written),
                          D_INVALID_OPERATION);
            CHECK_RETURNS(device_write(device, 0, 0, inband, 1, &written), D_INVALID_OPERATION);
        } else {
            CHECK_OK(device_write(device, 0, 0, "#\n", 2, &written));
            CHECK_EQ(written, 2);
        }
        if (!rows[i].maps)
            CHECK_RETURNS(device_map(device, VM_PROT_READ, 0, PAGE_SIZE, &memory, 0),
                          D_INVALID_OPERATION);
        CHECK_RETURNS(device_map(device, VM_PROT_READ, 0, (vm_size_t)1 << 60, &memory, 0),
                      rows[i].maps ? D_INVALID_SIZE : D_INVALID_OPERATION);
        CHECK_RETURNS(device_set_filter(device, port, MACH_MSG_TYPE_COPY_SEND, 0, filter, 2),
                      D_INVALID_OPERATION);
        CHECK_RETURNS(device_set_status(device, DEV_GET_SIZE, status, 2), D_INVALID_OPERATION);
        count = DEV_GET_SIZE_COUNT;
        CHECK_RETURNS(device_get_status(device, 12345, status, &count), D_INVALID_OPERATION);
        count = DEV_GET_SIZE_COUNT - 1;
        CHECK_RETURNS(device_get_status(device, DEV_GET_SIZE, status, &count),
                      D_INVALID_OPERATION);
        if (strcmp(rows[i].name, "irq") != 0) {
            CHECK_RETURNS(device_intr_register(device, 5, 0, port, MACH_MSG_TYPE_COPY_SEND),
                          D_INVALID_OPERATION);
            CHECK_RETURNS(device_intr_ack(device, port, MACH_MSG_TYPE_COPY_SEND),
                          D_INVALID_OPERATION);
        }
        CHECK_EQ(port_name_count(), names);
    }
}

TEST(0, a_write_from_nowhere_is_refused_and_nothing_kept)
{
    mach_port_t device = open_device("console");
    int written;

    CHECK_RETURNS(device_write(device, 0, 0, (io_buf_ptr_t)8, 100, &written),
                  MACH_SEND_INVALID_MEMORY);
    CHECK_RETURNS(device_write(device, 0, 0, (io_buf_ptr_t)0xffff800000000000, 100, &written),
                  MACH_SEND_INVALID_MEMORY);
}

/* ---- answers later */

struct reply {
    mach_msg_header_t header;
    char body[512];
};

static mach_msg_return_t receive_reply(mach_port_t port, struct reply *reply, unsigned milliseconds)
{
    return mach_msg(&reply->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *reply, port,
                    milliseconds, MACH_PORT_NULL);
}

TEST(0, requests_are_answered_at_the_port_that_they_name)
{
    static const int first_ids[] = { 2904, 2905 };
    mach_port_t archive = open_device("initrd"), console = open_device("console");
    mach_port_t port = port_make(FALSE);
    io_buf_ptr_inband_t text = "#\n";
    struct reply reply;

    CHECK_OK(device_read_request(archive, port, 0, 0, 6));
    CHECK_OK(device_read_request_inband(archive, port, 0, 0, 6));
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(receive_reply(port, &reply, CLIENT_WAIT));
        CHECK_EQ(reply.header.msgh_id, first_ids[i]);
        mach_msg_destroy(&reply.header);
    }
    CHECK_OK(device_write_request(console, port, 0, 0, "#\n", 2));
    CHECK_OK(receive_reply(port, &reply, CLIENT_WAIT));
    CHECK_EQ(reply.header.msgh_id, 2902);
    CHECK_OK(device_write_request_inband(console, port, 0, 0, text, 2));
    CHECK_OK(receive_reply(port, &reply, CLIENT_WAIT));
    CHECK_EQ(reply.header.msgh_id, 2903);
    CHECK_OK(device_open_request(test_device_port, port, D_READ, "time"));
    CHECK_OK(receive_reply(port, &reply, CLIENT_WAIT));
    CHECK_EQ(reply.header.msgh_id, 2900);
    CHECK(reply.header.msgh_bits & MACH_MSGH_BITS_COMPLEX);
    mach_msg_destroy(&reply.header);
}

static uint64_t read_console(void *device)
{
    mach_port_t port = port_make(FALSE);
    struct reply reply;

    CHECK_OK(device_read_request_inband(*(mach_port_t *)device, port, 0, 0, 1));
    return (uint64_t)mach_msg_trap(&reply.header, MACH_RCV_MSG, 0, sizeof reply, port, 0,
                                   MACH_PORT_NULL);
}

TEST(0, a_read_that_waits_is_ended_by_thread_abort)
{
    mach_port_t device = open_device("console");
    struct client client;

    client_call(&client, read_console, &device);
    client_expect_blocked(&client, 50);
    CHECK_OK(thread_abort(client.thread));
    CHECK_EQ(client_finish(&client), MACH_RCV_INTERRUPTED);
}

TEST(0, a_device_that_is_closed_under_a_waiting_read_keeps_it_waiting)
{
    mach_port_t device = open_device("com0"), port = port_make(FALSE);
    struct reply reply;

    CHECK_OK(device_read_request_inband(device, port, 0, 0, 1));
    CHECK_OK(device_close(device));
    CHECK_RETURNS(receive_reply(port, &reply, 50), MACH_RCV_TIMED_OUT);
    CHECK_OK(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1));
    device = open_device("com0");
    CHECK_OK(device_read_request_inband(device, port_make(FALSE), 0, 0, 1));
}

/* ---- what drivers in tasks use */

TEST(0, io_permissions_are_made_from_the_master_port_for_ranges_that_run_forwards)
{
    unsigned names = port_name_count();
    mach_port_t permission;

    CHECK_RETURNS(i386_io_perm_create(mach_task_self(), 1, 2, &permission), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(i386_io_perm_create(test_device_port, 2, 1, &permission), KERN_INVALID_ARGUMENT);
    CHECK_OK(i386_io_perm_create(test_device_port, 0, 0xffff, &permission));
    CHECK_RETURNS(i386_io_perm_modify(test_host_port, permission, TRUE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(i386_io_perm_modify(mach_task_self(), mach_task_self(), TRUE),
                  KERN_INVALID_ARGUMENT);
    CHECK_OK(i386_io_perm_modify(mach_task_self(), permission, FALSE)); /* never granted */
    CHECK_OK(i386_io_perm_modify(mach_task_self(), permission, TRUE));
    CHECK_OK(i386_io_perm_modify(mach_task_self(), permission, TRUE));
    CHECK_OK(mach_port_deallocate(mach_task_self(), permission));
    CHECK_EQ(port_name_count(), names);
}

static vm_statistics_data_t statistics_now(void)
{
    struct vm_statistics statistics;

    memory_statistics(&statistics);
    return statistics;
}

TEST(0, contiguous_memory_is_what_the_physical_addresses_say)
{
    vm_address_t address = 0, seen = 0;
    rpc_phys_addr_t physical = 0;
    mach_port_t device = open_device("mem"), memory;

    CHECK_RETURNS(vm_allocate_contiguous(mach_host_self(), mach_task_self(), &address, &physical,
                                         PAGE_SIZE, 0, 0, 0),
                  KERN_INVALID_HOST);
    CHECK_OK(vm_allocate_contiguous(test_host_port, mach_task_self(), &address, &physical,
                                    4 * PAGE_SIZE, 0, 0x1000000, PAGE_SIZE));
    CHECK_EQ(physical % PAGE_SIZE, 0);
    CHECK(physical + 4 * PAGE_SIZE <= 0x1000000);
    pattern_fill(address, 4 * PAGE_SIZE, 5, 0);
    CHECK_OK(device_map(device, VM_PROT_READ | VM_PROT_WRITE, physical, 4 * PAGE_SIZE, &memory, 0));
    CHECK_OK(vm_map(mach_task_self(), &seen, 4 * PAGE_SIZE, 0, TRUE, memory, 0, FALSE,
                    VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_NONE));
    pattern_check(seen, 4 * PAGE_SIZE, 5, 0);
    *(volatile uint64_t *)seen = 77;
    CHECK_EQ(*(volatile uint64_t *)address, 77);
    CHECK_OK(vm_deallocate(mach_task_self(), seen, 4 * PAGE_SIZE));
    unsigned before = (unsigned)statistics_now().free_count;
    CHECK_OK(vm_deallocate(mach_task_self(), address, 4 * PAGE_SIZE));
    CHECK((unsigned)statistics_now().free_count >= before + 4);
}

TEST(0, mapped_device_memory_has_its_bounds)
{
    mach_port_t device = open_device("mem"), memory;
    vm_address_t address = 0;

    CHECK_RETURNS(device_map(device, VM_PROT_READ, 0, 0, &memory, 0), D_INVALID_SIZE);
    CHECK_RETURNS(device_map(device, VM_PROT_READ, 123, PAGE_SIZE, &memory, 0), D_INVALID_SIZE);
    CHECK_RETURNS(device_map(device, VM_PROT_READ, UINT64_MAX - PAGE_SIZE + 1, PAGE_SIZE, &memory,
                             0),
                  D_INVALID_SIZE);
    CHECK_OK(device_map(device, VM_PROT_READ, 0xff000, PAGE_SIZE, &memory, 0));
    CHECK_RETURNS(vm_map(mach_task_self(), &address, 2 * PAGE_SIZE, 0, TRUE, memory, 0, FALSE,
                         VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, memory, PAGE_SIZE, FALSE,
                         VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, memory, 0, FALSE,
                         VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, VM_INHERIT_NONE),
                  KERN_PROTECTION_FAILURE);
    CHECK_OK(vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, memory, 0, FALSE, VM_PROT_READ,
                    VM_PROT_ALL, VM_INHERIT_NONE));
    CHECK_RETURNS(vm_protect(mach_task_self(), address, PAGE_SIZE, FALSE,
                             VM_PROT_READ | VM_PROT_WRITE),
                  KERN_PROTECTION_FAILURE);
}
