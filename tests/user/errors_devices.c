/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of devices and of the machine: every error that a description names, and missing successes. */
#include "audit.h"
#include "test.h"

#define SELF      mach_task_self()
#define COPY_SEND MACH_MSG_TYPE_COPY_SEND

static mach_port_t open_device(const char *name)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t wanted;

    strlcpy(wanted, name, sizeof wanted);
    CHECK_OK(device_open(test_device_port, D_READ | D_WRITE, wanted, &device));
    return device;
}

TEST(0, devices_are_opened_by_name_and_master)
{
    dev_name_t none = "no-such-device", time = "time";
    mach_port_t device;

    (void)open_device("time");
    audit_begin();
    REFUSED(device_open(test_device_port, D_READ, none, &device), D_NO_SUCH_DEVICE);
    REFUSED(device_open_new(test_device_port, D_READ, none, &device), D_NO_SUCH_DEVICE);
    REFUSED(device_open(test_host_port, D_READ, time, &device), D_INVALID_OPERATION);
    REFUSED(device_open_new(test_host_port, D_READ, time, &device), D_INVALID_OPERATION);
    CHECK_OK(device_open_new(test_device_port, D_READ, time, &device));
    CHECK_OK(device_close(device));
}

TEST(0, devices_refuse_what_they_cannot)
{
    mach_port_t time = open_device("time"), archive = open_device("initrd");
    mach_port_t irq = open_device("irq");
    io_buf_ptr_inband_t inband;
    io_buf_ptr_t data = NULL;
    mach_msg_type_number_t count = 0;
    int status[4], written;
    mach_port_t pager;

    memset(inband, 0, sizeof inband);
    audit_begin();
    REFUSED(device_write_inband(time, 0, 0, inband, 8, &written), D_INVALID_OPERATION);
    REFUSED(device_write(time, 0, 0, inband, 8, &written), D_INVALID_OPERATION);
    REFUSED(device_read(time, 0, 0, 8, &data, &count), D_INVALID_OPERATION);
    count = sizeof inband;
    REFUSED(device_read_inband(time, 0, 0, 8, inband, &count), D_INVALID_OPERATION);
    REFUSED(device_read_inband(archive, 0, ~0u, 8, inband, &count), D_INVALID_RECNUM);
    REFUSED(device_set_status(time, 0, status, 1), D_INVALID_OPERATION);
    count = 4;
    REFUSED(device_get_status(time, 99, status, &count), D_INVALID_OPERATION);
    REFUSED(device_map(irq, VM_PROT_READ, 0, PAGE_SIZE, &pager, 0), D_INVALID_OPERATION);
    REFUSED(device_map(time, VM_PROT_READ, 0, 1ul << 40, &pager, 0), D_INVALID_SIZE);
}

TEST(0, interrupts_are_asked_for_by_line)
{
    mach_port_t irq = open_device("irq"), time = open_device("time"), port = port_make(TRUE);

    audit_begin();
    REFUSED(device_intr_register(time, 5, 0, port, COPY_SEND), D_INVALID_OPERATION);
    REFUSED(device_intr_register(irq, 5, 1, port, COPY_SEND), D_INVALID_OPERATION);
    REFUSED(device_intr_register(irq, -1, 0, port, COPY_SEND), KERN_INVALID_ARGUMENT);
    REFUSED(device_intr_register(irq, 99, 0, port, COPY_SEND), KERN_INVALID_ARGUMENT);
    REFUSED(device_intr_register(irq, 5, 0, SELF, COPY_SEND), KERN_INVALID_ARGUMENT);
    REFUSED(device_intr_ack(time, port, COPY_SEND), D_INVALID_OPERATION);
    REFUSED(device_intr_ack(irq, port, COPY_SEND), D_INVALID_OPERATION);
    REFUSED(device_intr_ack(irq, MACH_PORT_NULL, COPY_SEND), KERN_INVALID_ARGUMENT);
    CHECK_OK(device_intr_register(irq, 5, 0, port, COPY_SEND));
    audit_begin();
    REFUSED(device_intr_register(irq, 5, 0, port, COPY_SEND), D_ALREADY_OPEN);
}

TEST(0, ports_of_the_machine_are_given_in_order)
{
    mach_port_t permission;
    vm_size_t bytes = 0;

    audit_begin();
    REFUSED(i386_io_perm_create(test_host_port, 0x60, 0x64, &permission), KERN_INVALID_ARGUMENT);
    REFUSED(i386_io_perm_create(test_device_port, 0x64, 0x60, &permission), KERN_INVALID_ARGUMENT);
    REFUSED(i386_io_perm_modify(SELF, test_host_port, TRUE), KERN_INVALID_ARGUMENT);
    CHECK_OK(i386_io_perm_create(test_device_port, 0x60, 0x64, &permission));
    CHECK_OK(i386_io_perm_modify(SELF, permission, TRUE));
    CHECK_OK(i386_io_perm_modify(SELF, permission, FALSE));
    CHECK_OK(i386_get_xstate_size(mach_host_self(), &bytes));
    CHECK(bytes >= 512 + 64);
}
