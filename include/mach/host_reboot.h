/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_HOST_REBOOT_H
#define MACH_HOST_REBOOT_H

/* Options of host_reboot; the same bits as the system's traditional reboot flags. */
#define HOST_REBOOT_RESTART   0x0
#define HOST_REBOOT_HALT      0x8    /* power off, reported as success */
#define HOST_REBOOT_DEBUGGER  0x1000

#endif
