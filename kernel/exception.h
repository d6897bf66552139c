/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions of user programs, delivered as messages. */
#pragma once

#include <stdint.h>

/*
 * Raises an exception for the current thread on its exception port, then its task's; without either, or
 * if the handler fails, the task is terminated. May sleep. Returns when the program may go on or the
 * thread has an AST to handle; the caller returns to user mode.
 */
void exception_raise_user(int exception, int code, uint64_t subcode);
/* The same for a trap number that does not exist. */
void exception_bad_trap(int64_t number);
