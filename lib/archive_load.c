/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the boot archive from the kernel's device. */
#include <mach.h>
#include <porthole/archive.h>
#include <string.h>

/* Copies the device's bytes, in the pieces that it gives, to fresh memory. */
static kern_return_t read_all(mach_port_t device, vm_address_t *archive, vm_size_t size)
{
    kern_return_t result = vm_allocate(mach_task_self(), archive, size, TRUE);

    for (vm_size_t done = 0; result == KERN_SUCCESS && done < size;) {
        io_buf_ptr_t piece;
        mach_msg_type_number_t bytes;

        result = device_read(device, 0, (recnum_t)done, (int)(size - done), &piece, &bytes);
        if (result != KERN_SUCCESS) {
            break;
        }
        memcpy((char *)*archive + done, piece, bytes);
        vm_deallocate(mach_task_self(), (vm_address_t)piece, bytes);
        done += bytes;
        if (bytes == 0) {
            result = D_IO_ERROR;
        }
    }
    return result;
}

kern_return_t archive_load(mach_port_t device_master, const void **archive, size_t *bytes)
{
    mach_port_t device;
    int status[DEV_GET_SIZE_COUNT];
    mach_msg_type_number_t count = DEV_GET_SIZE_COUNT;
    vm_address_t address = 0;
    kern_return_t result = device_open(device_master, D_READ, "initrd", &device);

    if (result != KERN_SUCCESS) {
        return result;
    }
    result = device_get_status(device, DEV_GET_SIZE, status, &count);
    if (result == KERN_SUCCESS) {
        *bytes = (size_t)status[DEV_GET_SIZE_DEVICE_SIZE];
        result = read_all(device, &address, *bytes);
    }
    mach_port_deallocate(mach_task_self(), device);
    *archive = (const void *)address;
    return result;
}
