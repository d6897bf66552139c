/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking into rights (mach_debug 3007, 3009, 3011, 3018). Results as GNU Mach's. */
#include <mig/mach_debug_server.h>

#include "ipc/dead_name.h"
#include "ipc/msg_accepted.h"
#include "ipc/right.h"
#include "ipc/space_table.h"
#include "mm/record_list.h"

/* The port whose receive right has that name, borrowed. */
static kern_return_t find_receive(struct space *space, mach_port_name_t name, struct port **port)
{
    struct name_entry *entry;

    if (!space || !space->active)
        return KERN_INVALID_TASK;
    entry = right_lookup(space, name);
    if (!entry)
        return KERN_INVALID_NAME;
    if (!(entry->bits & MACH_PORT_TYPE_RECEIVE))
        return KERN_INVALID_RIGHT;
    *port = entry->port;
    return KERN_SUCCESS;
}

/* Send rights that exist anywhere, those in messages and in the kernel included. */
kern_return_t mach_port_get_srights(ipc_space_t space, mach_port_name_t name,
                                    mach_port_rights_t *send_rights)
{
    struct port *port;
    kern_return_t result = find_receive(space, name, &port);

    if (result == KERN_SUCCESS)
        *send_rights = port->send_rights;
    return result;
}

/* Dead-name requests on a port: they are a list, so that the room for them is what is used. */
kern_return_t mach_port_dnrequest_info(ipc_space_t space, mach_port_name_t name, unsigned *total,
                                       unsigned *used)
{
    struct port *port;
    kern_return_t result = find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    *used = 0;
    list_for_each(&port->dead_name_requests, node)
        (*used)++;
    *total = *used;
    return KERN_SUCCESS;
}

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

    if (!space || !space->active)
        return KERN_INVALID_TASK;
    entry = right_lookup(space, name);
    if (!entry)
        return KERN_INVALID_NAME;
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
