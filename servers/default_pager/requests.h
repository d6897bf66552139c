/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel asks for pages: data_request -> read -> supply, or unavailable, or error.
 *
 * A page read from disk is supplied precious, with the object's port for the completion; its block
 * is kept until then (completions.c). Objects that clients share (external) keep their blocks.
 */
#pragma once

#include <stdint.h>

#include <mach/port.h>

struct object;

/*
 * Answers for [first, first+count) as data_request does. `again`: only pages that are on disk, for
 * a kernel that refused them although it may wait for some (D-10). Conditions: in the object's
 * turn, lock held; ends the turn and drops the lock.
 */
void requests_answer(struct object *object, uint64_t first, uint64_t count, int again);
