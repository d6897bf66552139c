/* SPDX-License-Identifier: BSD-2-Clause */
/* Getting rid of a received message with all that it brought. */
#include <mach.h>
#include <porthole/message.h>

static void right_destroy(mach_port_name_t name, mach_msg_type_name_t type)
{
    if (!MACH_PORT_VALID(name)) {
        return;
    }
    switch (type) {
    case MACH_MSG_TYPE_MOVE_SEND:
    case MACH_MSG_TYPE_MOVE_SEND_ONCE:
        mach_port_deallocate(mach_task_self(), name);
        break;
    case MACH_MSG_TYPE_MOVE_RECEIVE:
        mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
        break;
    default: /* dispositions that take nothing from the sender before the send */
        break;
    }
}

/* Names lie 8 bytes apart in the body and 4 bytes apart out of line. */
static void rights_destroy(const void *names, vm_size_t stride, mach_msg_type_number_t count,
                           mach_msg_type_name_t type)
{
    for (mach_msg_type_number_t i = 0; i < count; i++) {
        right_destroy(*(const mach_port_name_t *)((const char *)names + i * stride), type);
    }
}

/*
 * Destroys one item of the body; returns the address behind it. Of an unsent message, memory out of
 * line goes only where sending would have taken it. An item that could not be received has no address.
 */
static vm_offset_t item_destroy(vm_offset_t at, boolean_t unsent)
{
    const mach_msg_type_t *type = (const mach_msg_type_t *)at;
    vm_offset_t data = at + sizeof *type;
    vm_size_t bytes = ((vm_size_t)type->msgt_number * type->msgt_size + 7) / 8;
    boolean_t is_port = MACH_MSG_TYPE_PORT_ANY(type->msgt_name);

    if (type->msgt_inline) {
        if (is_port) {
            rights_destroy((const void *)data, sizeof(mach_port_name_inlined_t), type->msgt_number,
                           type->msgt_name);
        }
        return data + ((bytes + 7) & ~(vm_size_t)7);
    }
    vm_offset_t region = *(const vm_offset_t *)data;
    if (is_port && region != 0) {
        rights_destroy((const void *)region, sizeof(mach_port_name_t), type->msgt_number,
                       type->msgt_name);
    }
    if (bytes != 0 && region != 0 && (!unsent || type->msgt_deallocate)) {
        vm_deallocate(mach_task_self(), region, bytes);
    }
    return data + sizeof(vm_offset_t);
}

static void body_destroy(const mach_msg_header_t *message, boolean_t unsent)
{
    vm_offset_t at = (vm_offset_t)(message + 1);
    vm_offset_t end = (vm_offset_t)message + message->msgh_size;

    if (!(message->msgh_bits & MACH_MSGH_BITS_COMPLEX)) {
        return;
    }
    while (at + sizeof(mach_msg_type_t) <= end) {
        at = item_destroy(at, unsent);
    }
}

void mach_msg_destroy_body(const mach_msg_header_t *message)
{
    body_destroy(message, FALSE);
}

/* The local port of a received message is the receiver's own and is no right that came with it. */
void mach_msg_destroy(mach_msg_header_t *message)
{
    right_destroy(message->msgh_remote_port, MACH_MSGH_BITS_REMOTE(message->msgh_bits));
    mach_msg_destroy_body(message);
}

void mach_msg_destroy_unsent(mach_msg_header_t *message)
{
    right_destroy(message->msgh_remote_port, MACH_MSGH_BITS_REMOTE(message->msgh_bits));
    right_destroy(message->msgh_local_port, MACH_MSGH_BITS_LOCAL(message->msgh_bits));
    body_destroy(message, TRUE);
}
