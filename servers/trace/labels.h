/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of what events speak of. */
#pragma once

#include <mach.h>

/* Writes to the channel what has not been written before, after the time at which it was so:
 *     now TIME
 *     task ID NAME
 *     thread ID TASK-ID NAME
 *     port ID TASK-ID NAME OBJECT-ID
 *     object ID MANAGER
 * numbers in hexadecimal, texts to the end of the line. Returns what the kernel said. */
kern_return_t labels_write(mach_port_t host);
