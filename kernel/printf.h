/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text. Conversions: d i u x X p c s %, with flags - and 0, width and precision (also *),
 * and the sizes hh h l ll z.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

typedef void (*print_sink)(void *context, char c);

/* Sends formatted text to a sink, character by character; returns how many there were. */
int print_format(print_sink sink, void *context, const char *format, va_list arguments);
/* Prints on the console. */
int kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with the arguments in a list. */
int kvprintf(const char *format, va_list arguments);
/* Prints into an area of size bytes, always ended; returns the length of the whole text. */
int ksnprintf(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
