/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device_read.h"

#include <mig/device_reply.h>
#include <mig/device_server.h>

#include "ipc/port.h"
#include "kernel/device.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "mm/kmem.h"
#include "mm/vm_copy.h"

#define PENDING_MAX 256u        /* reads that wait, over all devices and users */
#define READ_MAX 0x4000000u     /* bytes that one request reads at most, if there is memory */

/* A read that waits for input. */
struct pending_read {
    struct list_node link;
    struct device *device;
    struct port *reply_port;    /* owns the right */
    mach_msg_type_name_t reply_type;
    uint64_t record;
    unsigned wanted;
    bool inband;
};

static struct kmem_cache pending_cache;
static bool input_came; /* since the answering thread looked last: it may sleep while it answers */
static struct list pending_reads = LIST_INITIALIZER(pending_reads); /* first come first */
static struct wait_queue answerer_queue;

/* Fetches bytes into a copy for an out-of-line answer; *copy is NULL for none. */
static io_return_t fetch_copy(struct device *device, uint64_t record, unsigned wanted,
                              struct vm_copy **copy, unsigned *bytes)
{
    io_buf_ptr_inband_t few;
    const char *data;
    io_return_t result = device->operations->fetch(record, wanted, &data, bytes);

    *copy = NULL;
    if (result != D_SUCCESS || *bytes == 0)
        return result;
    if (*bytes <= sizeof few) /* perhaps of a stream, which goes on while this sleeps */
        data = memcpy(few, data, *bytes);
    *copy = vm_copy_from_bytes(data, *bytes);
    return *copy ? D_SUCCESS : D_NO_MEMORY;
}

/* Forgets reads that nobody waits for any more, so that input goes to those who live. */
static void drop_dead_reads(void)
{
    list_for_each_safe(&pending_reads, node) {
        struct pending_read *pending = list_entry(node, struct pending_read, link);

        if (pending->reply_port->active)
            continue;
        list_remove(&pending->link);
        port_release_right(pending->reply_port, pending->reply_type);
        kmem_cache_free(&pending_cache, pending);
    }
}

/* Answers one read that is on no list, and frees it; consumes the reply right. False: it has to wait. May sleep. */
static bool try_answer(struct pending_read *pending)
{
    struct port *reply = pending->reply_port;
    mach_msg_type_name_t type = pending->reply_type;
    struct vm_copy *copy = NULL;
    const char *data = NULL;
    unsigned bytes = 0;
    io_return_t result;

    if (pending->inband)
        result = pending->device->operations->fetch(pending->record, pending->wanted, &data,
                                                    &bytes);
    else
        result = fetch_copy(pending->device, pending->record, pending->wanted, &copy, &bytes);
    if (result == D_WOULD_BLOCK)
        return false;
    if (pending->inband)
        ds_device_read_reply_inband(reply, type, result, data, bytes);
    else
        ds_device_read_reply(reply, type, result, (io_buf_ptr_t)copy, bytes);
    kmem_cache_free(&pending_cache, pending);
    return true;
}

/* Tries all; those that come meanwhile are tried as well. */
static void answer_all(void)
{
    struct list waiting = LIST_INITIALIZER(waiting);
    struct list_node *node;

    while ((node = list_take_first(&pending_reads)) != NULL)
        if (!try_answer(list_entry(node, struct pending_read, link)))
            list_insert_tail(&waiting, node);
    while ((node = list_take_first(&waiting)) != NULL)
        list_insert_tail(&pending_reads, node);
}

/* The thread that answers reads which had to wait. */
static void answer_reads(void *unused)
{
    static const struct wait_reason reason = {"input for device reads", NULL};

    (void)unused;
    for (;;) {
        drop_dead_reads();
        while (input_came) {
            input_came = false;
            answer_all();
        }
        wait_queue_sleep(&answerer_queue, &reason, NULL, WAIT_UNINTERRUPTIBLE, DEADLINE_NEVER);
    }
}

void device_read_init(void)
{
    wait_queue_init(&answerer_queue);
    kmem_cache_init(&pending_cache, "device reads", sizeof(struct pending_read), 0, PENDING_MAX);
    thread_create_kernel("device input", SCHED_PRIORITY_KERNEL, answer_reads, NULL);
}

void device_read_retry(void)
{
    input_came = true;
    if (!list_empty(&pending_reads))
        wait_queue_wake_one(&answerer_queue, WAIT_AWAKENED);
}

/* Checks what both forms of read have in common, and bounds what is wanted. */
static kern_return_t check_read(struct pending_read *read, int wanted)
{
    int most = read->inband ? IO_INBAND_MAX : READ_MAX;

    if (!read->device)
        return D_NO_SUCH_DEVICE;
    if (!read->device->operations->fetch)
        return D_INVALID_OPERATION;
    if (wanted <= 0)
        return D_INVALID_SIZE;
    read->wanted = (unsigned)(wanted < most ? wanted : most);
    return KERN_SUCCESS;
}

/* Keeps a read for later. MIG_NO_REPLY: the reply right is ours now. */
static kern_return_t defer(const struct pending_read *read, dev_mode_t mode)
{
    struct pending_read *pending;

    if (mode & D_NOWAIT)
        return D_WOULD_BLOCK;
    if (!PORT_VALID(read->reply_port))
        return D_INVALID_OPERATION;
    drop_dead_reads();
    pending = kmem_cache_alloc(&pending_cache);
    if (!pending)
        return D_NO_MEMORY;
    *pending = *read;
    list_insert_tail(&pending_reads, &pending->link);
    return MIG_NO_REPLY;
}

/*
 * Reads at least one byte, or none at the end of the device. Without D_NOWAIT the answer may come
 * later; the caller's thread does not wait here.
 */
kern_return_t ds_device_read(device_t device, ipc_port_t reply_port,
                             mach_msg_type_name_t reply_type, dev_mode_t mode, recnum_t record,
                             int wanted, io_buf_ptr_t *data, mach_msg_type_number_t *count)
{
    struct pending_read read = {.device = device, .reply_port = reply_port,
                                .reply_type = reply_type, .record = record};
    kern_return_t result = check_read(&read, wanted);
    struct vm_copy *copy;

    if (result != KERN_SUCCESS)
        return result;
    result = fetch_copy(device, record, read.wanted, &copy, count);
    if (result == D_WOULD_BLOCK)
        return defer(&read, mode);
    *data = (io_buf_ptr_t)copy;
    return result;
}

kern_return_t ds_device_read_inband(device_t device, ipc_port_t reply_port,
                                    mach_msg_type_name_t reply_type, dev_mode_t mode,
                                    recnum_t record, int wanted, io_buf_ptr_inband_t data,
                                    mach_msg_type_number_t *count)
{
    struct pending_read read = {.device = device, .reply_port = reply_port,
                                .reply_type = reply_type, .record = record, .inband = true};
    kern_return_t result = check_read(&read, wanted);
    const char *bytes;

    if (result != KERN_SUCCESS)
        return result;
    result = device->operations->fetch(record, read.wanted, &bytes, count);
    if (result == D_WOULD_BLOCK)
        return defer(&read, mode);
    if (result == D_SUCCESS)
        memcpy(data, bytes, *count);
    return result;
}
