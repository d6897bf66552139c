/* SPDX-License-Identifier: BSD-2-Clause */
/* Receives in all ways; what comes from the kernel to a memory manager or an exception handler is mostly
   answered as those do. */
#include <string.h>

#include "choose.h"
#include "operations.h"

#define ID_UNAVAILABLE 2039
#define ID_ERROR       2090
#define ID_SUPPLY      2093
#define ID_READY       2094

/* Request messages as their layout says: the header, then a descriptor and a value for each argument. */
static uint64_t argument(const struct member *member, unsigned i)
{
    return member->message[4 + 2 * i + 1];
}

static void serve_init(struct member *member)
{
    mach_port_name_t control = (mach_port_name_t)argument(member, 0);

    choose_remember(member, TARGET_CONTROL, control);
    CALL(member, control, ID_READY, choose_seldom(member, 2),
         choose_seldom(member, 8) ? 9 : choose(member, 3));
}

static void serve_data_request(struct member *member)
{
    mach_port_name_t control = (mach_port_name_t)argument(member, 0);
    vm_offset_t offset = argument(member, 1);
    vm_size_t size = argument(member, 2);

    if (choose_seldom(member, 16))
        offset += PAGE_SIZE;
    switch (choose(member, 5)) {
    case 0:
        CALL(member, control, ID_UNAVAILABLE, offset, size);
        break;
    case 1:
        CALL(member, control, ID_ERROR, offset, size, KERN_FAILURE);
        break;
    case 2:
        break;
    default:
        CALL(member, control, ID_SUPPLY, offset, choose_address(member), choose_size(member),
             choose(member, 4), choose_seldom(member, 2), choose_name(member, TARGET_ANY),
             choose_disposition(member));
    }
}

static void answer_exception(struct member *member, mach_port_name_t reply)
{
    mig_reply_header_t *answer = (mig_reply_header_t *)member->message;

    memset(answer, 0, sizeof *answer);
    answer->Head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
    answer->Head.msgh_remote_port = reply;
    answer->Head.msgh_id = 2500;
    answer->RetCodeType = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_INTEGER_32, .msgt_size = 32,
                                            .msgt_number = 1, .msgt_inline = TRUE};
    answer->RetCode = choose_seldom(member, 2) ? KERN_SUCCESS : KERN_FAILURE;
    mach_msg_trap(&answer->Head, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof *answer, 0, MACH_PORT_NULL, 0,
                  MACH_PORT_NULL);
}

static void serve(struct member *member)
{
    const mach_msg_header_t *header = (const mach_msg_header_t *)member->message;

    switch (header->msgh_id) {
    case 2200:
        serve_init(member);
        break;
    case 2203:
        serve_data_request(member);
        break;
    case 2400:
        answer_exception(member, header->msgh_remote_port);
        break;
    default:
        break;
    }
}

static mach_msg_size_t choose_room(struct member *member)
{
    if (choose_seldom(member, 4))
        return choose(member, 128);
    return choose_seldom(member, 32) ? (mach_msg_size_t)choose_odd_number(member) : sizeof member->message;
}

void letter_receive(struct member *member)
{
    mach_msg_option_t option = MACH_RCV_MSG | (choose_seldom(member, 100) ? 0 : MACH_RCV_TIMEOUT);
    boolean_t usual = !choose_seldom(member, 8);
    mach_msg_header_t *buffer = usual ? (mach_msg_header_t *)member->message
                                      : (mach_msg_header_t *)choose_address(member);
    mach_msg_size_t room = usual ? sizeof member->message : choose_room(member);
    mach_port_name_t from = choose_name(member, choose_seldom(member, 4) ? TARGET_SET : TARGET_ANY);

    if (choose_seldom(member, 4))
        option |= MACH_RCV_LARGE;
    if (choose_seldom(member, 8))
        option |= MACH_RCV_NOTIFY;
    tell(member, "receive from %#x, options %#x, %u bytes at %p", from, option, room, (void *)buffer);
    if (mach_msg_trap(buffer, option, 0, room, from, choose_seldom(member, 8),
                      choose_seldom(member, 8) ? choose_name(member, TARGET_ANY) : MACH_PORT_NULL) !=
            MACH_MSG_SUCCESS ||
        !usual)
        return;
    harvest(member, buffer, TARGET_ANY);
    serve(member);
}
