/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of the machine's run. */
#pragma once

/* What the kernel tells a test runner through QEMU's isa-debug-exit device. */
enum debug_exit { DEBUG_EXIT_SUCCESS = 0x10, DEBUG_EXIT_PANIC = 0x11, DEBUG_EXIT_FAILURE = 0x12 };

/* Leaves QEMU with the code if the command line has the word debug-exit; else returns. */
void machine_debug_exit(enum debug_exit code);
/* Switches the machine off; a clean end. Halts if that cannot be done. */
void machine_power_off(void) __attribute__((noreturn));
/* Starts the machine again. */
void machine_reboot(void) __attribute__((noreturn));
