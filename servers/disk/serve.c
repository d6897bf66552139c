/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device protocol that the driver speaks: device_open at its service port, the rest at the
 * device's port. Reads and writes are answered when the device has finished (MIG_NO_REPLY until
 * then).
 */
#include "serve.h"

#include <string.h>

#include <mach.h>
#include <mach/mig_errors.h>
#include <mig/device_server.h>

#include "requests.h"
#include "virtio.h"

struct serve_ports serve_ports;

kern_return_t ds_device_open(mach_port_t master, mach_port_t reply_port,
    mach_msg_type_name_t reply_type, dev_mode_t mode, const_dev_name_t name, mach_port_t *device,
    mach_msg_type_name_t *device_type)
{
    (void)reply_port, (void)reply_type, (void)mode;
    if (master != serve_ports.service)
        return D_INVALID_OPERATION;
    if (strncmp(name, "disk0", sizeof(dev_name_t)) != 0)
        return D_NO_SUCH_DEVICE;
    *device = serve_ports.device;
    *device_type = MACH_MSG_TYPE_MAKE_SEND;
    return KERN_SUCCESS;
}

kern_return_t ds_device_open_new(mach_port_t master, mach_port_t reply_port,
    mach_msg_type_name_t reply_type, dev_mode_t mode, const_dev_name_t name, mach_port_t *device,
    mach_msg_type_name_t *device_type)
{
    return ds_device_open(master, reply_port, reply_type, mode, name, device, device_type);
}

/* Who opened the device gives its right up; there is nothing else to close. */
kern_return_t ds_device_close(mach_port_t device)
{
    return device == serve_ports.device ? KERN_SUCCESS : D_INVALID_OPERATION;
}

/* An answer must never have to wait for room in its port: only a send-once right always has it. */
static kern_return_t start(mach_port_t device, const struct request *request)
{
    if (device != serve_ports.device || request->reply_type != MACH_MSG_TYPE_PORT_SEND_ONCE)
        return D_INVALID_OPERATION;
    kern_return_t result = requests_start(request);
    return result == KERN_SUCCESS ? MIG_NO_REPLY : result;
}

kern_return_t ds_device_write(mach_port_t device, mach_port_t reply_port,
    mach_msg_type_name_t reply_type, dev_mode_t mode, recnum_t recnum, io_buf_ptr_t data,
    mach_msg_type_number_t count, int *bytes_written)
{
    (void)mode, (void)bytes_written;
    struct request request = {.kind = WRITE_REQUEST,
        .reply_port = reply_port,
        .reply_type = reply_type,
        .sector = recnum,
        .bytes = count,
        .data = (vm_address_t)data};
    return start(device, &request);
}

/* What a message holds in line is less than a sector. */
kern_return_t ds_device_write_inband(mach_port_t device, mach_port_t reply_port,
    mach_msg_type_name_t reply_type, dev_mode_t mode, recnum_t recnum,
    const io_buf_ptr_inband_t data, mach_msg_type_number_t count, int *bytes_written)
{
    (void)reply_port, (void)reply_type, (void)mode, (void)recnum, (void)data, (void)count;
    (void)bytes_written;
    return device == serve_ports.device ? D_INVALID_SIZE : D_INVALID_OPERATION;
}

kern_return_t ds_device_read(mach_port_t device, mach_port_t reply_port,
    mach_msg_type_name_t reply_type, dev_mode_t mode, recnum_t recnum, int bytes_wanted,
    io_buf_ptr_t *data, mach_msg_type_number_t *count)
{
    (void)mode, (void)data, (void)count;
    struct request request = {.kind = READ_REQUEST,
        .reply_port = reply_port,
        .reply_type = reply_type,
        .sector = recnum,
        .bytes = bytes_wanted > 0 ? (uint32_t)bytes_wanted : 0};
    return start(device, &request);
}

/* The first bytes of one record. */
kern_return_t ds_device_read_inband(mach_port_t device, mach_port_t reply_port,
    mach_msg_type_name_t reply_type, dev_mode_t mode, recnum_t recnum, int bytes_wanted,
    io_buf_ptr_inband_t data, mach_msg_type_number_t *count)
{
    (void)mode, (void)data, (void)count;
    if (bytes_wanted <= 0 || bytes_wanted > IO_INBAND_MAX)
        return D_INVALID_SIZE;
    struct request request = {.kind = READ_INBAND,
        .reply_port = reply_port,
        .reply_type = reply_type,
        .sector = recnum,
        .bytes = SECTOR_BYTES,
        .inband = (uint32_t)bytes_wanted};
    return start(device, &request);
}

static int saturated(uint64_t value)
{
    return value > INT32_MAX ? 0 : (int)value; /* 0: unknown */
}

kern_return_t ds_device_get_status(
    mach_port_t device, dev_flavor_t flavor, dev_status_t status, mach_msg_type_number_t *count)
{
    if (device != serve_ports.device)
        return D_INVALID_OPERATION;
    if ((flavor != DEV_GET_SIZE && flavor != DEV_GET_RECORDS) || *count < DEV_GET_SIZE_COUNT)
        return D_INVALID_OPERATION;
    uint64_t sectors = virtio_sectors();
    status[DEV_GET_SIZE_DEVICE_SIZE] =
        saturated(flavor == DEV_GET_SIZE ? sectors * SECTOR_BYTES : sectors);
    status[DEV_GET_SIZE_RECORD_SIZE] = SECTOR_BYTES;
    *count = DEV_GET_SIZE_COUNT;
    return KERN_SUCCESS;
}

kern_return_t ds_device_set_status(mach_port_t device, dev_flavor_t flavor,
    const dev_status_t status, mach_msg_type_number_t count)
{
    (void)device, (void)flavor, (void)status, (void)count;
    return D_INVALID_OPERATION;
}

kern_return_t ds_device_map(mach_port_t device, vm_prot_t protection, vm_offset_t offset,
    vm_size_t size, mach_port_t *pager, int unmap)
{
    (void)device, (void)protection, (void)offset, (void)size, (void)pager, (void)unmap;
    return D_INVALID_OPERATION;
}

kern_return_t ds_device_set_filter(mach_port_t device, mach_port_t receive_port, int priority,
    const filter_array_t filter, mach_msg_type_number_t count)
{
    (void)device, (void)receive_port, (void)priority, (void)filter, (void)count;
    return D_INVALID_OPERATION;
}

kern_return_t ds_device_intr_register(
    mach_port_t device, int id, int flags, mach_port_t receive_port)
{
    (void)device, (void)id, (void)flags, (void)receive_port;
    return D_INVALID_OPERATION;
}

kern_return_t ds_device_intr_ack(mach_port_t device, mach_port_t receive_port)
{
    (void)device, (void)receive_port;
    return D_INVALID_OPERATION;
}
