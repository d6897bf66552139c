/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel gives pages back: data_return, data_initialize -> block -> write -> vm_deallocate.
 *
 * A page that has a block is overwritten in place (DP13); one that was handed over for good takes
 * the block that is reserved for it; a new one takes any free block. Without a block the data stays
 * where it is, in the pager's memory, until there is one (DP6).
 */
#pragma once

/* Writes held pages while there are free blocks. Conditions: lock not held; no turn is held. */
void returns_write_held(void);
