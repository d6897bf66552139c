/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

mach_port_t port_make(boolean_t with_send)
{
    mach_port_t port;

    CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port));
    if (with_send) {
        CHECK_OK(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND));
    }
    return port;
}

unsigned port_refs(mach_port_name_t name, mach_port_right_t right)
{
    mach_port_urefs_t refs = 0;
    kern_return_t result = mach_port_get_refs(mach_task_self(), name, right, &refs);

    if (result == KERN_INVALID_NAME) {
        return 0;
    }
    CHECK_OK(result);
    return refs;
}

mach_port_type_t port_type(mach_port_name_t name)
{
    mach_port_type_t type = MACH_PORT_TYPE_NONE;
    kern_return_t result = mach_port_type(mach_task_self(), name, &type);

    if (result == KERN_INVALID_NAME) {
        return MACH_PORT_TYPE_NONE;
    }
    CHECK_OK(result);
    return type;
}

mach_port_status_t port_status(mach_port_name_t name)
{
    mach_port_status_t status;

    CHECK_OK(mach_port_get_receive_status(mach_task_self(), name, &status));
    return status;
}

unsigned port_name_count(void)
{
    mach_port_name_array_t names = NULL;
    mach_port_type_array_t types = NULL;
    mach_msg_type_number_t names_count = 0, types_count = 0;

    CHECK_OK(mach_port_names(mach_task_self(), &names, &names_count, &types, &types_count));
    CHECK_EQ(names_count, types_count);
    vm_deallocate(mach_task_self(), (vm_address_t)names, names_count * sizeof *names);
    vm_deallocate(mach_task_self(), (vm_address_t)types, types_count * sizeof *types);
    return names_count;
}

mach_msg_return_t port_send_empty(mach_port_t destination, mach_msg_type_name_t disposition,
                                  mach_msg_id_t id, unsigned milliseconds)
{
    mach_msg_header_t message = {0};

    message.msgh_bits = MACH_MSGH_BITS(disposition, 0);
    message.msgh_remote_port = destination;
    message.msgh_id = id;
    return mach_msg(&message, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0, MACH_PORT_NULL,
                    milliseconds, MACH_PORT_NULL);
}

mach_port_t port_watch(mach_port_name_t name, mach_msg_id_t id, mach_port_mscount_t sync)
{
    mach_port_t port = port_make(FALSE), previous = MACH_PORT_NULL;

    CHECK_OK(mach_port_request_notification(mach_task_self(), name, id, sync, port,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    CHECK_EQ(previous, MACH_PORT_NULL);
    return port;
}
