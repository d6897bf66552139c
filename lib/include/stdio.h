/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STDIO_H
#define STDIO_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Formatted output: %d %i %u %x %X %o %p %s %c %%, flags - 0 + space #, width, precision (also *),
 * sizes hh h l ll z t j. No floating point.
 */
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vprintf(const char *format, va_list arguments);
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int puts(const char *line);
int putchar(int character);

/* Where output goes: zero-terminated pieces of at most STDIO_PIECE - 1 characters. */
#define STDIO_PIECE 256
typedef void (*stdio_writer_t)(const char *piece);
/* Sets the writer and returns the one before; the first is mach_print. */
stdio_writer_t stdio_set_writer(stdio_writer_t writer);

/* The engine: hands each character to a sink; returns how many there were. */
typedef void (*format_sink_t)(void *context, char character);
int format_to(format_sink_t sink, void *context, const char *format, va_list arguments);

#endif
