/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device.h"

#include <mig/device_server.h>

#include "ipc/port.h"
#include "kernel/device_initrd.h"
#include "kernel/device_map.h"
#include "kernel/device_read.h"
#include "kernel/mig/mig_types.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/vm_copy.h"

#define WRITE_MAX 65536u /* bytes that one request writes at most */
#define WRITE_CHUNK 512u

struct port *device_master;

static struct device devices[] = {
    {"console", &device_console, NULL, 0}, {"com0", &device_console, NULL, 0},
    {"com1", &device_report, NULL, 0},     {"initrd", &device_initrd, NULL, 0},
    {"mem", &device_memory, NULL, 0},      {"time", &device_time, NULL, 0},
    {"irq", &device_irq, NULL, 0},
};
#define DEVICES (sizeof devices / sizeof devices[0])

void device_init(uint64_t initrd_start, uint64_t initrd_end)
{
    device_master = port_create_kernel(KOBJECT_DEVICE_MASTER, devices);
    if (!device_master)
        panic("no memory for the port that opens devices");
    device_initrd_init(initrd_start, initrd_end);
    device_read_init();
    device_map_init();
}

bool device_is_master(struct port *port)
{
    return port_kobject(port, KOBJECT_DEVICE_MASTER) != NULL;
}

device_t convert_port_to_device(mach_port_t port)
{
    return port_kobject(port, KOBJECT_DEVICE);
}

mach_port_t convert_device_to_port(device_t device)
{
    return device ? port_make_send(device->port) : NULL;
}

/* Counts an opening; the first makes the port. D_NO_MEMORY. */
static kern_return_t begin(struct device *device)
{
    if (!device->port) {
        device->port = port_create_kernel(KOBJECT_DEVICE, device);
        if (!device->port)
            return D_NO_MEMORY;
        /* The kernel asks itself to be told when the last send right goes: kobject_serve() hears it. */
        device->port->no_senders_request = port_make_send_once(device->port);
    }
    device->openings++;
    return KERN_SUCCESS;
}

static void end(struct device *device)
{
    struct port *port = device->port;

    device->port = NULL;
    device->openings = 0;
    port_destroy_kernel(port);
}

void device_no_senders(struct port *port)
{
    end(port->kobject);
}

/*
 * Opens a device by name; only holders of the master port can. The name need not be ended.
 * Results: D_INVALID_OPERATION for another port; D_NO_SUCH_DEVICE; D_NO_MEMORY.
 */
kern_return_t ds_device_open(ipc_port_t master, ipc_port_t reply_port,
                             mach_msg_type_name_t reply_type, dev_mode_t mode,
                             const_dev_name_t name, device_t *device)
{
    (void)reply_port;
    (void)reply_type;
    (void)mode;
    if (!device_is_master(master))
        return D_INVALID_OPERATION;
    for (unsigned i = 0; i < DEVICES; i++) {
        if (strncmp(devices[i].name, name, sizeof(dev_name_t)) == 0) {
            *device = &devices[i];
            return begin(*device);
        }
    }
    return D_NO_SUCH_DEVICE;
}

kern_return_t ds_device_open_new(ipc_port_t master, ipc_port_t reply_port,
                                 mach_msg_type_name_t reply_type, dev_mode_t mode,
                                 const_dev_name_t name, device_t *device)
{
    return ds_device_open(master, reply_port, reply_type, mode, name, device);
}

/* The last close ends the port: whoever else holds it has a dead name. */
kern_return_t ds_device_close(device_t device)
{
    if (!device)
        return D_NO_SUCH_DEVICE;
    if (--device->openings == 0)
        end(device);
    return KERN_SUCCESS;
}

/* Consumes the data exactly when it succeeds; writes at most WRITE_MAX bytes of it. */
kern_return_t ds_device_write(device_t device, ipc_port_t reply_port,
                              mach_msg_type_name_t reply_type, dev_mode_t mode, recnum_t record,
                              io_buf_ptr_t data, mach_msg_type_number_t count, int *written)
{
    struct vm_copy *copy = (struct vm_copy *)data;
    unsigned total = count < WRITE_MAX ? count : WRITE_MAX;
    char chunk[WRITE_CHUNK];

    (void)reply_port;
    (void)reply_type;
    (void)mode;
    (void)record;
    if (!device)
        return D_NO_SUCH_DEVICE;
    if (!device->operations->store)
        return D_INVALID_OPERATION;
    for (unsigned done = 0; done < total;) {
        unsigned bytes = total - done < WRITE_CHUNK ? total - done : WRITE_CHUNK;
        kern_return_t result = vm_copy_read(copy, done, chunk, bytes, WAIT_INTERRUPTIBLE);

        if (result != KERN_SUCCESS)
            return result;
        device->operations->store(chunk, bytes);
        done += bytes;
    }
    vm_copy_discard(copy);
    *written = (int)total;
    return KERN_SUCCESS;
}

kern_return_t ds_device_write_inband(device_t device, ipc_port_t reply_port,
                                     mach_msg_type_name_t reply_type, dev_mode_t mode,
                                     recnum_t record, const io_buf_ptr_inband_t data,
                                     mach_msg_type_number_t count, int *written)
{
    (void)reply_port;
    (void)reply_type;
    (void)mode;
    (void)record;
    if (!device)
        return D_NO_SUCH_DEVICE;
    if (!device->operations->store)
        return D_INVALID_OPERATION;
    device->operations->store(data, count);
    *written = (int)count;
    return KERN_SUCCESS;
}

/* Answers DEV_GET_SIZE (in bytes) and DEV_GET_RECORDS; sizes over 2 GiB do not fit the
   interface. */
kern_return_t ds_device_get_status(device_t device, dev_flavor_t flavor, dev_status_t status,
                                   mach_msg_type_number_t *count)
{
    uint64_t bytes = 0;
    unsigned record_bytes = 1;

    if (!device)
        return D_NO_SUCH_DEVICE;
    if ((flavor != DEV_GET_SIZE && flavor != DEV_GET_RECORDS) || *count < DEV_GET_SIZE_COUNT)
        return D_INVALID_OPERATION;
    if (device->operations->size)
        device->operations->size(&bytes, &record_bytes);
    status[DEV_GET_SIZE_DEVICE_SIZE] =
        (int)(flavor == DEV_GET_SIZE ? bytes : bytes / record_bytes);
    status[DEV_GET_SIZE_RECORD_SIZE] = (int)record_bytes;
    *count = DEV_GET_SIZE_COUNT;
    return KERN_SUCCESS;
}

/* No device has anything to set. */
kern_return_t ds_device_set_status(device_t device, dev_flavor_t flavor, const dev_status_t status,
                                   mach_msg_type_number_t count)
{
    (void)flavor;
    (void)status;
    (void)count;
    return device ? D_INVALID_OPERATION : D_NO_SUCH_DEVICE;
}

/* Only networks have packets to filter, and there are none here. */
kern_return_t ds_device_set_filter(device_t device, ipc_port_t receive_port, int priority,
                                   const filter_array_t filter, mach_msg_type_number_t count)
{
    (void)receive_port;
    (void)priority;
    (void)filter;
    (void)count;
    return device ? D_INVALID_OPERATION : D_NO_SUCH_DEVICE;
}

/* A memory object for vm_map that shows the device's memory, from an offset of the device on. */
kern_return_t ds_device_map(device_t device, vm_prot_t protection, vm_offset_t offset,
                            vm_size_t size, ipc_port_t *memory_object, int unmap)
{
    uint64_t physical;
    io_return_t result;

    (void)unmap;
    if (!device)
        return D_NO_SUCH_DEVICE;
    if (!device->operations->map)
        return D_INVALID_OPERATION;
    result = device->operations->map(offset, size, &physical);
    if (result != D_SUCCESS)
        return result;
    return device_map_create(physical, size, protection, memory_object);
}
