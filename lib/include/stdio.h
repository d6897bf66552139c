/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STDIO_H
#define STDIO_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Formatted output: %d %i %u %x %X %o %p %s %c %%, flags - 0 + space #, width, precision (also *),
 * sizes hh h l ll z t j. No floating point; %n and other letters that mean nothing here are printed as
 * they are and take no argument.
 */
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Without a limit: the caller knows that it fits. */
int vsprintf(char *buffer, const char *format, va_list arguments);
int sprintf(char *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Into memory from malloc, the caller's to free; -1, and a NULL text, if there is none. */
int vasprintf(char **text, const char *format, va_list arguments);
int asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
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
