/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_DEVICE_CONSOLE_H
#define KERNEL_DEVICE_CONSOLE_H

/* From here on typed characters are kept for device_read. Control-T prints who waits for whom. */
void device_console_start_input(void);

#endif
