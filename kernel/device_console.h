/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* From here on typed characters are kept for device_read. Control-T prints who waits for whom. */
void device_console_start_input(void);
