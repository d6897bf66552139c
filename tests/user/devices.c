/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own devices. */
#include "test.h"

static mach_port_t open_device(const char *name)
{
    mach_port_t device;

    CHECK_OK(device_open(test_device_port, D_READ | D_WRITE, (char *)name, &device));
    return device;
}

TEST(0, only_the_master_port_opens_devices)
{
    mach_port_t device;

    CHECK_RETURNS(device_open(test_device_port, D_READ, "nothing", &device), D_NO_SUCH_DEVICE);
    CHECK_RETURNS(device_open(mach_host_self(), D_READ, "console", &device), D_INVALID_OPERATION);
    CHECK_EQ(open_device("console") != MACH_PORT_NULL, 1);
}

TEST(0, the_archive_is_read_by_offset)
{
    mach_port_t device = open_device("initrd");
    int status[DEV_GET_SIZE_COUNT];
    mach_msg_type_number_t count = DEV_GET_SIZE_COUNT, bytes = IO_INBAND_MAX;
    io_buf_ptr_inband_t inband;
    io_buf_ptr_t data;

    CHECK_OK(device_get_status(device, DEV_GET_SIZE, status, &count));
    CHECK(status[DEV_GET_SIZE_DEVICE_SIZE] > 1000);
    CHECK_EQ(status[DEV_GET_SIZE_RECORD_SIZE], 1);
    CHECK_OK(device_read_inband(device, 0, 0, 6, inband, &bytes));
    CHECK_EQ(bytes, 6);
    CHECK_EQ(memcmp(inband, "070701", 6), 0);
    CHECK_OK(device_read(device, 0, 0, 5000, &data, &bytes));
    CHECK_EQ(bytes, 5000);
    CHECK_EQ(memcmp(data, "070701", 6), 0);
    bytes = IO_INBAND_MAX;
    CHECK_OK(device_read_inband(device, 0, 1, 5, inband, &bytes));
    CHECK_EQ(memcmp(inband, data + 1, 5), 0);
    bytes = IO_INBAND_MAX;
    CHECK_OK(device_read_inband(device, 0, (recnum_t)status[0], 5, inband, &bytes));
    CHECK_EQ(bytes, 0);
    CHECK_RETURNS(device_read_inband(device, 0, (recnum_t)status[0] + 1, 5, inband, &bytes),
                  D_INVALID_RECNUM);
    CHECK_RETURNS(device_read_inband(device, 0, 0, -1, inband, &bytes), D_INVALID_SIZE);
    CHECK_RETURNS(device_write_inband(device, 0, 0, inband, 1, status), D_INVALID_OPERATION);
}

TEST(0, the_archive_can_be_mapped)
{
    mach_port_t device = open_device("initrd"), memory;
    vm_address_t address = 0;

    CHECK_OK(device_map(device, VM_PROT_READ, 0, PAGE_SIZE, &memory, 0));
    CHECK_OK(vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, memory, 0, FALSE, VM_PROT_READ,
                    VM_PROT_READ, VM_INHERIT_NONE));
    CHECK_EQ(memcmp((void *)address, "070701", 6), 0);
    CHECK_OK(mach_port_deallocate(mach_task_self(), memory));
    CHECK_EQ(memcmp((void *)address, "070701", 6), 0); /* the mapping needs no right */
    CHECK_RETURNS(device_map(device, VM_PROT_READ, 1, PAGE_SIZE, &memory, 0), D_INVALID_SIZE);
    CHECK_RETURNS(device_map(device, VM_PROT_READ, 0, (vm_size_t)1 << 60, &memory, 0),
                  D_INVALID_SIZE);
}

TEST(0, the_mapped_time_goes_on)
{
    mach_port_t device = open_device("time"), memory;
    vm_address_t address = 0;
    const volatile mapped_time_value_t *shown;
    time_value64_t now;

    CHECK_OK(device_map(device, VM_PROT_READ, 0, PAGE_SIZE, &memory, 0));
    CHECK_OK(vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, memory, 0, FALSE, VM_PROT_READ,
                    VM_PROT_READ, VM_INHERIT_NONE));
    shown = (const volatile mapped_time_value_t *)address;
    CHECK_OK(host_get_time64(mach_host_self(), &now));
    CHECK(shown->time_value.seconds >= now.seconds - 1 &&
          shown->time_value.seconds <= now.seconds + 1);
    CHECK_EQ(shown->seconds, (integer_t)shown->time_value.seconds);
    int64_t before = shown->uptime_value.seconds * 1000000000 + shown->uptime_value.nanoseconds;
    thread_sleep(50);
    int64_t after = shown->uptime_value.seconds * 1000000000 + shown->uptime_value.nanoseconds;
    CHECK(after - before >= 30000000 && after - before < 1000000000);
}

TEST(0, device_memory_shows_what_is_there)
{
    mach_port_t device = open_device("mem"), memory;
    vm_address_t address = 0;

    /* The processor's first instruction, in the firmware: a far jump. */
    CHECK_OK(device_map(device, VM_PROT_READ, 0xff000, PAGE_SIZE, &memory, 0));
    CHECK_OK(vm_map(mach_task_self(), &address, PAGE_SIZE, 0, TRUE, memory, 0, FALSE, VM_PROT_READ,
                    VM_PROT_READ, VM_INHERIT_NONE));
    CHECK_EQ(*(volatile uint8_t *)(address + 0xff0), 0xea);
    CHECK_RETURNS(device_map(device, VM_PROT_READ, (vm_offset_t)1 << 60, PAGE_SIZE, &memory, 0),
                  D_INVALID_SIZE);
    CHECK_RETURNS(device_map(open_device("console"), VM_PROT_READ, 0, PAGE_SIZE, &memory, 0),
                  D_INVALID_OPERATION);
}

static uint64_t read_console(void *device)
{
    io_buf_ptr_inband_t data;
    mach_msg_type_number_t bytes = sizeof data;

    return (uint64_t)device_read_inband(*(mach_port_t *)device, 0, 0, 1, data, &bytes);
}

TEST(0, a_console_read_waits_without_holding_others_up)
{
    mach_port_t device = open_device("console");
    io_buf_ptr_inband_t data = "text\n";
    mach_msg_type_number_t bytes = sizeof data;
    struct client client;
    int written;

    CHECK_RETURNS(device_read_inband(device, D_NOWAIT, 0, 1, data, &bytes), D_WOULD_BLOCK);
    client_call(&client, read_console, &device);
    client_expect_blocked(&client, 100);
    CHECK_OK(device_write_inband(device, 0, 0, data, 5, &written));
    CHECK_EQ(written, 5);
    CHECK_RETURNS(device_read_inband(device, D_NOWAIT, 0, 1, data, &bytes), D_WOULD_BLOCK);
    client_end(&client);
}

TEST(0, reads_by_the_dead_do_not_fill_the_kernel)
{
    mach_port_t device = open_device("console");

    /* More than may wait at once: each one's reply port dies before the next. */
    for (unsigned i = 0; i < 600; i++) {
        mach_port_t reply = port_make(FALSE);

        CHECK_OK(device_read_request_inband(device, reply, 0, 0, 1));
        CHECK_OK(mach_port_mod_refs(mach_task_self(), reply, MACH_PORT_RIGHT_RECEIVE, -1));
    }
}

TEST(0, a_line_interrupts_by_message_until_its_user_dies)
{
    mach_port_t device = open_device("irq"), port = port_make(TRUE);

    CHECK_RETURNS(device_intr_register(device, 99, 0, port, MACH_MSG_TYPE_COPY_SEND),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(device_intr_register(device, 5, 1, port, MACH_MSG_TYPE_COPY_SEND),
                  D_INVALID_OPERATION);
    CHECK_OK(device_intr_register(device, 5, 0, port, MACH_MSG_TYPE_COPY_SEND));
    CHECK_RETURNS(device_intr_register(device, 5, 0, port, MACH_MSG_TYPE_COPY_SEND),
                  D_ALREADY_OPEN);
    CHECK_RETURNS(device_intr_ack(device, port, MACH_MSG_TYPE_COPY_SEND), D_INVALID_OPERATION);
    CHECK_OK(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1));
    port = port_make(TRUE);
    CHECK_OK(device_intr_register(device, 5, 0, port, MACH_MSG_TYPE_COPY_SEND));
}
