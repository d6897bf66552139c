/* SPDX-License-Identifier: BSD-2-Clause */
/* device: opening, reading, writing and mapping, also by requests whose replies a server takes. */
#include "module.h"

#include <device/device_types.h>

#include "device.h"
#include "device_reply_server.h"
#include "device_request.h"
#include "mach.h"
#include "mach_port.h"

static struct {
    kern_return_t code;
    mach_port_t device;
    int count;
} told;

kern_return_t device_open_reply(mach_port_t port, kern_return_t code, mach_port_t device)
{
    (void)port;
    told.code = code;
    told.device = device;
    return KERN_SUCCESS;
}

kern_return_t device_write_reply(mach_port_t port, kern_return_t code, int count)
{
    (void)port;
    told.code = code;
    told.count = count;
    return KERN_SUCCESS;
}

kern_return_t device_write_reply_inband(mach_port_t port, kern_return_t code, int count)
{
    return device_write_reply(port, code, count);
}

kern_return_t device_read_reply(mach_port_t port, kern_return_t code, io_buf_ptr_t data,
                                mach_msg_type_number_t count)
{
    (void)port, (void)data;
    told.code = code;
    told.count = (int)count;
    return KERN_SUCCESS;
}

kern_return_t device_read_reply_inband(mach_port_t port, kern_return_t code,
                                       const io_buf_ptr_inband_t data, mach_msg_type_number_t count)
{
    return device_read_reply(port, code, (io_buf_ptr_t)data, count);
}

static mach_port_t open_device(dev_mode_t mode, const char *name)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t wanted;

    memset(wanted, 0, sizeof wanted);
    memcpy(wanted, name, strlen(name));
    check_ok(device_open(device_master, mode, wanted, &device), name);
    check(device != MACH_PORT_NULL, "opens");
    return device;
}

static void opening(void)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t none = "nothing0", console = "console";

    check_code(device_open(device_master, D_READ, none, &device), D_NO_SUCH_DEVICE,
               "no such device");
    check_code(device_open(self, D_READ, console, &device), D_INVALID_OPERATION,
               "a task is no device master");
    device = open_device(D_WRITE, "console");
    check_ok(device_close(device), "device_close");
    check_ok(mach_port_deallocate(self, device), "its right goes");
}

static void writing(void)
{
    mach_port_t device = open_device(D_WRITE, "console");
    vm_address_t text = 0;
    io_buf_ptr_inband_t inband = "inband\n";
    int written = 0;
    int status[DEV_STATUS_MAX];
    mach_msg_type_number_t count = DEV_GET_SIZE_COUNT;

    check_ok(device_write_inband(device, 0, 0, inband, 7, &written), "device_write_inband");
    check(written == 7, "all bytes");
    check_ok(vm_allocate(self, &text, PAGE, TRUE), "a page");
    memcpy((void *)text, "out of line\n", 12);
    check_ok(device_write(device, 0, 0, (io_buf_ptr_t)text, 12, &written), "device_write");
    check(written == 12, "all bytes");
    check(device_get_status(device, 999, status, &count) != KERN_SUCCESS, "no such status");
    check_ok(mach_port_deallocate(self, device), "its right goes");
}

static void requests(void)
{
    mach_port_t reply = port_make(0), device;
    dev_name_t console = "console", none = "nothing0";
    io_buf_ptr_inband_t text = "asked\n";
    mig_reply_header_t refusal;

    check_ok(device_open_request(device_master, reply, D_WRITE, console), "device_open_request");
    serve_one(device_reply_server, reply);
    check_code(told.code, D_SUCCESS, "device_open_reply arrives");
    device = told.device;
    check(port_type(device) & MACH_PORT_TYPE_SEND, "with a send right");
    check_ok(device_write_request_inband(device, reply, 0, 0, text, 6),
             "device_write_request_inband");
    serve_one(device_reply_server, reply);
    check(told.code == D_SUCCESS && told.count == 6, "device_write_reply_inband arrives");
    check_ok(mach_port_deallocate(self, device), "the device's right goes");
    check_ok(device_open_request(device_master, reply, D_WRITE, none), "no such device");
    check_ok(receive(reply, &refusal, sizeof refusal, NEVER), "is answered");
    check(refusal.Head.msgh_id == 2900 && refusal.RetCode == D_NO_SUCH_DEVICE,
          "by MIG's short reply, which has the code alone");
    check_ok(mach_port_destroy(self, reply), "the port goes");
}

/* A page of time: the reference's mapped_time_value. */
static void mapped_time(void)
{
    mach_port_t device = open_device(D_READ, "time"), pager = MACH_PORT_NULL;
    vm_address_t at = 0;
    volatile struct mapped_time_value *time;

    check_ok(device_map(device, VM_PROT_READ, 0, PAGE, &pager, 0), "device_map");
    check_ok(vm_map(self, &at, PAGE, 0, TRUE, pager, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                    VM_INHERIT_NONE), "vm_map of what it gave");
    time = (struct mapped_time_value *)at;
    check(time->seconds == time->check_seconds && time->microseconds < 1000000, "shows the time");
    check_ok(vm_deallocate(self, at, PAGE), "the mapping goes");
    check_ok(mach_port_deallocate(self, pager), "its pager's right too");
    check_ok(mach_port_deallocate(self, device), "and the device's");
}

void module(void)
{
    unsigned before = port_names();

    opening();
    writing();
    requests();
    mapped_time();
    check(port_names() == before, "as many names as before");
}
