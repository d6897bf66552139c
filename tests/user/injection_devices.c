/* SPDX-License-Identifier: BSD-2-Clause */
/* Each allocation that fails in turn (injection.h): devices. */
#include <mig/device.h>
#include <mig/device_request.h>

#include "audit.h"
#include "injection.h"
#include "test.h"

#define SELF     mach_task_self()
#define SHORTAGE .codes = {KERN_RESOURCE_SHORTAGE, D_NO_MEMORY}, .must_refuse = TRUE

static mach_port_t archive, clock_device, interrupts, port;

static mach_port_t open_device(const char *name)
{
    mach_port_t device = MACH_PORT_NULL;

    CHECK_OK(device_open(test_device_port, D_READ | D_WRITE, (char *)name, &device));
    return device;
}

static kern_return_t open_and_close(void)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t name = "null";
    kern_return_t result;

    strlcpy(name, "console", sizeof name);
    result = device_open(test_device_port, D_READ | D_WRITE, name, &device);
    if (result == KERN_SUCCESS)
        UNDO(device_close(device));
    if (device != MACH_PORT_NULL)
        UNDO(mach_port_deallocate(SELF, device));
    return result;
}

static kern_return_t read_archive(void)
{
    io_buf_ptr_t data = NULL;
    mach_msg_type_number_t count = 0;
    kern_return_t result = device_read(archive, 0, 0, 3 * PAGE_SIZE, &data, &count);

    if (result != KERN_SUCCESS)
        return result;
    CHECK(memcmp(data, "070701", 6) == 0);
    UNDO(vm_deallocate(SELF, (vm_address_t)data, count));
    return KERN_SUCCESS;
}

static kern_return_t map_device(mach_port_t device, vm_size_t size)
{
    mach_port_t memory = MACH_PORT_NULL;
    vm_address_t at = 0;
    kern_return_t result = device_map(device, VM_PROT_READ, 0, size, &memory, 0);

    if (result != KERN_SUCCESS)
        return result;
    result = vm_map(SELF, &at, size, 0, TRUE, memory, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                    VM_INHERIT_NONE);
    if (result == KERN_SUCCESS) {
        (void)*(volatile uint64_t *)at;
        UNDO(vm_deallocate(SELF, at, size));
    }
    UNDO(mach_port_deallocate(SELF, memory));
    return result;
}

static kern_return_t map_time(void)
{
    return map_device(clock_device, PAGE_SIZE);
}

static kern_return_t map_archive(void)
{
    return map_device(archive, 2 * PAGE_SIZE);
}

TEST(0, devices_are_opened_read_and_mapped_or_not_when_an_allocation_fails)
{
    archive = open_device("initrd");
    clock_device = open_device("time");
    INJECT(open_and_close, SHORTAGE);
    INJECT(read_archive, SHORTAGE);
    INJECT(map_time, SHORTAGE);
    INJECT(map_archive, SHORTAGE);
}

static kern_return_t write_console(void)
{
    static char line[] = "# written\n";
    int written = 0;

    return device_write(archive, 0, 0, line, sizeof line - 1, &written);
}

/* A read that waits for input: its request is remembered, and given up when its reply port goes. */
static kern_return_t begin_read(void)
{
    mach_port_t reply = MACH_PORT_NULL;
    kern_return_t result = mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &reply);

    if (result != KERN_SUCCESS)
        return result;
    result = device_read_request(clock_device, reply, 0, 0, 10);
    UNDO(mach_port_mod_refs(SELF, reply, MACH_PORT_RIGHT_RECEIVE, -1));
    return result;
}

TEST(0, input_is_waited_for_or_not_when_an_allocation_fails)
{
    clock_device = archive = open_device("console");
    INJECT(begin_read, .codes = {KERN_RESOURCE_SHORTAGE, D_NO_MEMORY, MACH_SEND_NO_BUFFER}, .uncounted = TRUE);
    INJECT(write_console, .codes = {KERN_RESOURCE_SHORTAGE, D_NO_MEMORY, MACH_SEND_NO_BUFFER});
}

static void make_user(void)
{
    if (port != MACH_PORT_NULL)
        CHECK_OK(mach_port_destroy(SELF, port));
    port = port_make(TRUE);
}

static kern_return_t take_line(void)
{
    kern_return_t result = device_intr_register(interrupts, 5, 0, port, MACH_MSG_TYPE_MAKE_SEND);

    return result == D_ALREADY_OPEN ? KERN_SUCCESS : result;
}

TEST(0, a_line_is_given_or_not_when_an_allocation_fails)
{
    interrupts = open_device("irq");
    INJECT(take_line, SHORTAGE, .prepare = make_user);
}
