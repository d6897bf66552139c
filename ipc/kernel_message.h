/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel itself sends: MIG's kernel senders, exceptions, the answers of kernel objects.
 * mach_msg_send_from_kernel and mach_msg_rpc_from_kernel are declared in <kern/ipc_mig.h>, where
 * MIG wants them; see there, and the contracts at the definitions.
 */
#pragma once

#include <kern/ipc_mig.h>

struct message;

/* Readies a kernel object's reply for sending: notes where receive rights in it go. */
void message_adopt_reply(struct message *reply);
