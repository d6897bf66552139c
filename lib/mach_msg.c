/* SPDX-License-Identifier: BSD-2-Clause */
#include <mach/message.h>

/*
 * The trap comes back when the thread is disturbed (thread_abort, suspension). A send that was
 * interrupted has put everything back, so it is repeated as it was; a receive that was interrupted
 * comes after a finished send, which must not happen twice. Each try has the whole timeout.
 */
mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size, mach_msg_size_t rcv_size,
                           mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                           mach_port_name_t notify)
{
    mach_msg_return_t result;

    do {
        result = mach_msg_trap(msg, option, send_size, rcv_size, rcv_name, timeout, notify);
    } while ((result & ~MACH_MSG_MASK) == MACH_SEND_INTERRUPTED && !(option & MACH_SEND_INTERRUPT));

    while ((result & ~MACH_MSG_MASK) == MACH_RCV_INTERRUPTED && !(option & MACH_RCV_INTERRUPT)) {
        result = mach_msg_trap(msg, option & ~MACH_SEND_MSG, 0, rcv_size, rcv_name, timeout,
                               notify);
    }
    return result;
}
