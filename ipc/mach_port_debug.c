/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking into kernel objects and pending requests (mach_debug 3011, 3018). Results as GNU Mach's. */
#include <mig/mach_debug_server.h>

#include "ipc/msg_accepted.h"
#include "ipc/right.h"
#include "mm/record_list.h"

/* The numbers by which GNU Mach tells kinds of kernel objects. */
static const unsigned char object_types[KOBJECT_TYPES] = {
    [KOBJECT_THREAD] = 1,
    [KOBJECT_TASK] = 2,
    [KOBJECT_HOST] = 3,
    [KOBJECT_HOST_PRIV] = 4,
    [KOBJECT_PROCESSOR] = 5,
    [KOBJECT_PROCESSOR_SET] = 6,
    [KOBJECT_PROCESSOR_SET_NAME] = 7,
    [KOBJECT_MEMORY_CONTROL] = 9,
    [KOBJECT_DEVICE] = 10,
    [KOBJECT_DEVICE_MEMORY] = 8,
    [KOBJECT_IO_PERMISSION] = 10,
    [KOBJECT_MEMORY_NAME] = 16,
    [KOBJECT_DEVICE_MASTER] = 19,
    [KOBJECT_MEMORY_PROXY] = 27,
};
#define OBJECT_TYPE_PAGER 8

/* What a port stands for in the kernel: its kind, and an address that only identifies it. */
kern_return_t mach_port_kernel_object(ipc_space_t space, mach_port_name_t name, unsigned *type,
                                      vm_offset_t *address)
{
    struct name_entry *entry;
    struct port *port;
    kern_return_t status = right_find(space, name, &entry);

    if (status != KERN_SUCCESS)
        return status;
    if (!(entry->bits & MACH_PORT_TYPE_SEND_RECEIVE))
        return KERN_INVALID_RIGHT;
    port = entry->port;
    *type = port->memory_object ? OBJECT_TYPE_PAGER : object_types[port->kobject_type];
    *address = (vm_offset_t)(port->memory_object ? (void *)port->memory_object : port->kobject);
    return KERN_SUCCESS;
}

/* How the requests to be told that a message was accepted (MACH_SEND_NOTIFY) lie in their hash. */
kern_return_t host_ipc_marequest_info(host_t host, unsigned *max_requests,
                                      hash_info_bucket_array_t *info,
                                      mach_msg_type_number_t *count)
{
    struct record_list list;

    if (!host)
        return KERN_INVALID_HOST;
    record_list_init(&list, sizeof(hash_info_bucket_t), MSG_ACCEPTED_BUCKETS);
    for (unsigned i = 0; i < MSG_ACCEPTED_BUCKETS; i++) {
        hash_info_bucket_t bucket = {.hib_count = msg_accepted_count(i)};

        record_list_add(&list, &bucket);
    }
    *max_requests = UINT32_MAX;
    return record_list_answer(&list, info, count);
}
