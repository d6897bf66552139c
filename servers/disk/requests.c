/* SPDX-License-Identifier: BSD-2-Clause */
#include "requests.h"

#include <string.h>

#include <mach.h>
#include <mig/device_reply.h>

#include "virtio.h"

#define BLOCK_SECTORS 8u

uint64_t requests_failing_block = UINT64_MAX;

static struct request requests[SLOT_COUNT]; /* by slot */
static unsigned requests_in_use;

static bool is_write(const struct request *request)
{
    return request->kind == WRITE_REQUEST;
}

static uint32_t piece_bytes(const struct request *request)
{
    uint32_t left = request->bytes - request->done;
    return left < SLOT_BYTES ? left : SLOT_BYTES;
}

bool requests_full(void)
{
    return requests_in_use == SLOT_COUNT;
}

static bool must_fail(const struct request *request)
{
    uint64_t first = request->sector / BLOCK_SECTORS;
    uint64_t last = (request->sector + request->bytes / SECTOR_BYTES - 1) / BLOCK_SECTORS;
    return requests_failing_block >= first && requests_failing_block <= last;
}

static kern_return_t validate(const struct request *request)
{
    uint64_t sectors = virtio_sectors();
    if (request->bytes == 0 || request->bytes % SECTOR_BYTES != 0 ||
        request->bytes > REQUEST_BYTES_MAX)
        return D_INVALID_SIZE;
    if (request->sector >= sectors || request->bytes / SECTOR_BYTES > sectors - request->sector)
        return D_INVALID_RECNUM;
    if (is_write(request) && virtio_read_only())
        return D_READ_ONLY;
    return must_fail(request) ? D_IO_ERROR : KERN_SUCCESS;
}

static unsigned free_slot(void)
{
    unsigned slot = 0;
    while (requests[slot].kind != REQUEST_UNUSED)
        slot++;
    return slot;
}

/* Hands the next piece to the device; that of a write is copied first. */
static void submit(unsigned slot)
{
    struct request *request = &requests[slot];
    uint32_t bytes = piece_bytes(request);
    if (is_write(request))
        memcpy(virtio_buffer(slot), (const void *)(request->data + request->done), bytes);
    virtio_submit(slot, is_write(request), request->sector + request->done / SECTOR_BYTES, bytes);
}

static void release_data(struct request *request)
{
    if (request->data != 0)
        vm_deallocate(mach_task_self(), request->data, request->bytes);
    request->data = 0;
}

/*
 * Conditions: not requests_full(). A write's data is copied to the device's buffer at once and then
 * deallocated, if one piece holds it: the frames go back before the disk is waited for.
 */
kern_return_t requests_start(const struct request *wanted)
{
    kern_return_t result = validate(wanted);
    if (result != KERN_SUCCESS)
        return result;
    unsigned slot = free_slot();
    struct request *request = &requests[slot];
    *request = *wanted;
    if (request->kind == READ_REQUEST &&
        vm_allocate(mach_task_self(), &request->data, request->bytes, TRUE) != KERN_SUCCESS) {
        request->kind = REQUEST_UNUSED;
        return D_NO_MEMORY;
    }
    requests_in_use++;
    submit(slot);
    if (is_write(request) && request->bytes <= SLOT_BYTES)
        release_data(request);
    return KERN_SUCCESS;
}

/* Sends the answer; consumes the reply right, whatever becomes of the message. */
static void answer(const struct request *request, unsigned slot, kern_return_t result)
{
    mach_port_t port = request->reply_port;
    mach_msg_type_name_t type = request->reply_type;
    uint32_t bytes = result == KERN_SUCCESS ? request->bytes : 0;
    kern_return_t sent = KERN_SUCCESS;
    switch (request->kind) {
    case READ_REQUEST:
        sent = ds_device_read_reply(port, type, result, (io_buf_ptr_t)request->data, bytes);
        break;
    case READ_INBAND:
        sent = ds_device_read_reply_inband(
            port, type, result, virtio_buffer(slot), bytes != 0 ? request->inband : 0);
        break;
    case WRITE_REQUEST:
        sent = ds_device_write_reply(port, type, result, (int)bytes);
        break;
    case REQUEST_UNUSED:
        return;
    }
    if (sent != KERN_SUCCESS) {
        if (request->kind == READ_REQUEST && bytes != 0)
            vm_deallocate(mach_task_self(), request->data, bytes);
        mach_port_deallocate(mach_task_self(), port);
    }
}

/* The request is over, well or not. */
static void finish(unsigned slot, kern_return_t result)
{
    struct request *request = &requests[slot];
    if (result != KERN_SUCCESS || is_write(request))
        release_data(request);
    answer(request, slot, result);
    request->kind = REQUEST_UNUSED;
    requests_in_use--;
}

static void piece_done(unsigned slot, bool good)
{
    struct request *request = &requests[slot];
    uint32_t bytes = piece_bytes(request);
    if (!good) {
        finish(slot, D_IO_ERROR);
        return;
    }
    if (request->kind == READ_REQUEST)
        memcpy((void *)(request->data + request->done), virtio_buffer(slot), bytes);
    request->done += bytes;
    if (request->done == request->bytes)
        finish(slot, KERN_SUCCESS);
    else
        submit(slot);
}

void requests_harvest(void)
{
    unsigned slot;
    bool good;
    while (virtio_harvest(&slot, &good))
        piece_done(slot, good);
}
