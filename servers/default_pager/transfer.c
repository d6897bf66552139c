/* SPDX-License-Identifier: BSD-2-Clause */
#include "transfer.h"

#include <stddef.h>

#include <mach.h>
#include <device/device_types.h>
#include <mig/device.h>

#include "statistics.h"
#include "sync.h"

static struct store_place locate(block_t block)
{
    pager_lock();
    struct store_place place = store_locate(block);
    pager_unlock();
    return place;
}

kern_return_t transfer_read(block_t block, uint32_t pages, vm_address_t *data)
{
    struct store_place place = locate(block);
    vm_size_t bytes = pages * PAGER_PAGE;
    io_buf_ptr_t buffer = NULL;
    mach_msg_type_number_t count = 0;
    kern_return_t result = device_read(place.device, 0, place.record, (int)bytes, &buffer, &count);
    if (result == KERN_SUCCESS && count != bytes) {
        vm_deallocate(mach_task_self(), (vm_address_t)buffer, count);
        result = KERN_FAILURE;
    }
    pager_lock();
    store_note_read(block, pages, result != KERN_SUCCESS);
    statistics.read_errors += result != KERN_SUCCESS;
    pager_unlock();
    *data = (vm_address_t)buffer;
    return result;
}

kern_return_t transfer_write(block_t block, uint32_t pages, vm_address_t data)
{
    struct store_place place = locate(block);
    vm_size_t bytes = pages * PAGER_PAGE;
    int written = 0;
    kern_return_t result = device_write(
        place.device, 0, place.record, (io_buf_ptr_t)data, (mach_msg_type_number_t)bytes, &written);
    if (result == KERN_SUCCESS && (vm_size_t)written != bytes)
        result = KERN_FAILURE;
    pager_lock();
    store_note_write(block, pages, result != KERN_SUCCESS);
    statistics.write_errors += result != KERN_SUCCESS;
    pager_unlock();
    return result;
}
