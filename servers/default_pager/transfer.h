/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks to and from their device, by device_read and device_write.
 *
 * Conditions: the pager's lock is not held; the blocks belong to the caller and lie side by side.
 */
#pragma once

#include <mach/kern_return.h>
#include <mach/std_types.h>

#include "store.h"

/* Pages of one transfer at most. */
#define TRANSFER_PAGES 16u

/* Reads into new memory, which the caller owns on success. */
kern_return_t transfer_read(block_t block, uint32_t pages, vm_address_t *data);
/* Writes; the memory stays the caller's. */
kern_return_t transfer_write(block_t block, uint32_t pages, vm_address_t data);
