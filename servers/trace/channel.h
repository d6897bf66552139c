/* SPDX-License-Identifier: BSD-2-Clause */
/* The report channel, through a buffer. */
#pragma once

#include <mach.h>

/* Opens it; what the device said. */
kern_return_t channel_open(mach_port_t device_master);
/* Appends a text, or a number in hexadecimal behind a blank. */
void channel_text(const char *text);
void channel_number(uint64_t number);
/* Sends what is in the buffer. */
void channel_flush(void);
