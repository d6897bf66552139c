/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/printf.h"

#include "kernel/console.h"

static void console_sink(void *context, char c)
{
    (void)context;
    console_putc(c);
}

int kvprintf(const char *format, va_list arguments)
{
    return format_to(console_sink, NULL, format, arguments);
}

int kprintf(const char *format, ...)
{
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = kvprintf(format, arguments);
    va_end(arguments);
    return count;
}
