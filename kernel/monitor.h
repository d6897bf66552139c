/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel looks at itself: for a panic, an NMI, a key. */
#ifndef KERNEL_MONITOR_H
#define KERNEL_MONITOR_H

/* Prints every thread that waits: for what, on whom. Safe in a panic and in an NMI. */
void monitor_print_waits(void);

#endif
