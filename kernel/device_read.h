/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads of devices: answered at once, or when there is something to read. */
#pragma once

/* Starts the thread that answers reads later. */
void device_read_init(void);
/* Something may have become readable. May be called with interrupts off, in an interrupt. */
void device_read_retry(void);
