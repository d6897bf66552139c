/* SPDX-License-Identifier: BSD-2-Clause */
/* The second half of booting: the kernel's rooms, one after the other, and the first task. */
#pragma once

struct boot_info;

/* Starts all subsystems on a working machine, and the system; the boot thread ends here. */
void start_system(const struct boot_info *info) __attribute__((noreturn));
