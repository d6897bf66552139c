/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending and receiving, and what becomes of what comes in. */
#include <porthole/message.h>

#include "choose.h"
#include "operations.h"

#define WAIT_MS 3u

static unsigned round_up(uint64_t bytes)
{
    return (unsigned)((bytes + 7) / 8 * 8);
}

static void harvest_item(struct member *member, const mach_msg_type_t *type, void *data, enum target target)
{
    boolean_t rights = type->msgt_name >= MACH_MSG_TYPE_MOVE_RECEIVE;
    uint64_t bytes = (uint64_t)type->msgt_number * type->msgt_size / 8;

    if (type->msgt_inline) {
        for (unsigned i = 0; i < type->msgt_number; i++) {
            if (rights)
                choose_remember(member, target, ((mach_port_name_inlined_t *)data)[i].name);
            else if (type->msgt_name == MACH_MSG_TYPE_PORT_NAME)
                choose_remember(member, target, ((mach_port_name_t *)data)[i]);
        }
        return;
    }
    if (rights && bytes != 0)
        for (unsigned i = 0; i < type->msgt_number; i++)
            choose_remember(member, target, (*(mach_port_name_t **)data)[i]);
    syscall_vm_deallocate(mach_task_self(), *(vm_address_t *)data, bytes);
}

void harvest(struct member *member, mach_msg_header_t *message, enum target target)
{
    char *at = (char *)(message + 1), *end = (char *)message + message->msgh_size;

    if (message->msgh_remote_port != member->reply)
        choose_remember(member, TARGET_ANY, message->msgh_remote_port);
    while (at + sizeof(mach_msg_type_t) + sizeof(uint64_t) <= end) {
        mach_msg_type_t *type = (mach_msg_type_t *)at;
        uint64_t bytes = (uint64_t)type->msgt_number * type->msgt_size / 8;

        harvest_item(member, type, at + sizeof *type, target);
        at += sizeof *type + (type->msgt_inline ? round_up(bytes) : sizeof(uint64_t));
    }
}

/* Options that only seldom occur together with what makes sense. */
static mach_msg_option_t choose_options(struct member *member)
{
    return choose_seldom(member, 24) ? (mach_msg_option_t)(1u << choose(member, 16)) : 0;
}

mach_msg_return_t exchange(struct member *member, mach_msg_size_t size, boolean_t reply, enum target target)
{
    mach_msg_header_t *header = (mach_msg_header_t *)member->message;
    mach_msg_option_t option = MACH_SEND_MSG | (reply ? MACH_RCV_MSG : 0) | choose_options(member);
    mach_msg_return_t result;

    if (!choose_seldom(member, 200))
        option |= MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT;
    tell(member, "message %d to %#x, bits %#x, %u bytes, options %#x", header->msgh_id,
         header->msgh_remote_port, header->msgh_bits, size, option);
    result = mach_msg_trap(header, option, size, reply ? sizeof member->message : 0, member->reply, WAIT_MS,
                           choose_seldom(member, 32) ? choose_name(member, TARGET_ANY) : MACH_PORT_NULL);
    if (result == MACH_RCV_INVALID_NAME || result == MACH_RCV_PORT_DIED)
        member->reply = mach_reply_port();
    if (reply && result == MACH_MSG_SUCCESS)
        harvest(member, header, target);
    return result;
}
