/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes under way. Each has a slot of the device from its start to its answer; longer
 * ones go piece by piece through the one slot. What bounds them is the number of slots: the server
 * takes no further request while all are in use (requests_full).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <device/device_types.h>
#include <mach/message.h>
#include <mach/std_types.h>

/* Longest transfer. */
#define REQUEST_BYTES_MAX (16u * 1024 * 1024)

enum request_kind { REQUEST_UNUSED, READ_REQUEST, READ_INBAND, WRITE_REQUEST };

struct request {
    enum request_kind kind;
    mach_port_t reply_port; /* a send or send-once right, until the answer is sent */
    mach_msg_type_name_t reply_type;
    uint64_t sector;   /* where the transfer begins */
    uint32_t bytes;    /* of it in all */
    uint32_t done;     /* of them transferred */
    vm_address_t data; /* a read's result, or what remains of a write's data; or 0 */
    uint32_t inband;   /* READ_INBAND: bytes of the sector that are wanted */
};

/* Every transfer that touches this block of 4096 bytes fails; UINT64_MAX: none. For tests. */
extern uint64_t requests_failing_block;

/* All slots are in use. */
bool requests_full(void);
/*
 * Starts a transfer. Consumes the reply right, and with it the write's data, if it returns
 * KERN_SUCCESS. D_INVALID_RECNUM, D_INVALID_SIZE, D_NO_MEMORY, D_READ_ONLY.
 */
kern_return_t requests_start(const struct request *request);
/* Answers or continues all that the device has finished. */
void requests_harvest(void);
