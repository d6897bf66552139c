/* SPDX-License-Identifier: BSD-2-Clause */
/* The two serial lines of a PC: the first is the console, the second the report channel. */
#pragma once

enum serial_line { SERIAL_CONSOLE, SERIAL_REPORT, SERIAL_LINES };

/* Sets both lines to 115200 baud, 8 bits, no parity; usable as the first thing of all. */
void serial_init(void);
/* Sends a character; waits until the line takes it. A line that is not there swallows it. */
void serial_putc(enum serial_line line, char c);
/* The next received character, or -1. */
int serial_getc(enum serial_line line);
/* Makes the console line interrupt on input; handler runs with interrupts off. */
void serial_attach_input(void (*handler)(void));
