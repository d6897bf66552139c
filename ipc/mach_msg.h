/* SPDX-License-Identifier: BSD-2-Clause */
/* The message trap. */
#pragma once

#include <stdint.h>

#include <mach/message.h>
#include <mach/port.h>

/* Trap -25: sends, receives, or both in turn (spec/ipc.md 3). A seventh parameter lies on the
   user's stack. */
mach_msg_return_t mach_msg_trap(uint64_t user_address, mach_msg_option_t option,
                                mach_msg_size_t send_size, mach_msg_size_t receive_size,
                                mach_port_name_t receive_name, mach_msg_timeout_t timeout_ms);
