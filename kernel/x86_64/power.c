/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/power.h"

#include "kernel/command_line.h"
#include "kernel/printf.h"
#include "kernel/x86_64/acpi.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/io.h"

#include <stdint.h>

enum {
    DEBUG_EXIT_PORT = 0xf4,
    SLEEP_ENABLE = 1 << 13,
    SLEEP_TYPE_SHIFT = 10,
    KEYBOARD_STATUS = 0x64,
    KEYBOARD_BUSY = 2,
    KEYBOARD_RESET = 0xfe,
    RESET_PORT = 0xcf9,
    RESET_HARD = 0x06,
    WAIT_ROUNDS = 100000,
};

void machine_debug_exit(enum debug_exit code)
{
    if (command_line_has("debug-exit"))
        out32(DEBUG_EXIT_PORT, code);
}

/*
 * Purpose: end in order. A test runner is told so first; a machine without ACPI is left halted, with a
 * line that says that it may be switched off.
 */
void machine_power_off(void)
{
    machine_debug_exit(DEBUG_EXIT_SUCCESS);
    if (acpi_facts.power_port)
        out16(acpi_facts.power_port,
              (uint16_t)(SLEEP_ENABLE | acpi_facts.power_off_type << SLEEP_TYPE_SHIFT));
    kprintf("It is now safe to switch off.\n");
    cpu_halt();
}

/* Three ways, from the best to the one that always works: ACPI, the chip set, the keyboard controller. */
void machine_reboot(void)
{
    if (acpi_facts.reset_port)
        out8(acpi_facts.reset_port, acpi_facts.reset_value);
    out8(RESET_PORT, RESET_HARD);
    for (int i = 0; i < WAIT_ROUNDS && (in8(KEYBOARD_STATUS) & KEYBOARD_BUSY); i++)
        ;
    out8(KEYBOARD_STATUS, KEYBOARD_RESET);
    kprintf("The machine does not reset.\n");
    cpu_halt();
}
