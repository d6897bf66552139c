/* SPDX-License-Identifier: BSD-2-Clause */
/* The console: the first serial line, and the screen when there is one. And the report channel. */
#pragma once

#include <stddef.h>

/* Readies output; usable as the first thing of all. */
void console_init(void);
/* Starts input by interrupt. */
void console_input_init(void);
/* Writes one character. */
void console_putc(char c);
/* Writes n characters. */
void console_write(const char *text, size_t n);
/* The next typed character, or -1 if there is none; never waits. */
int console_getc(void);
/* Has hook called, with interrupts off, whenever characters have arrived. */
void console_set_input_hook(void (*hook)(void));
/* Writes one character to the report channel. */
void report_putc(char c);
