/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/printf.h"

#include "kernel/console.h"
#include "kernel/x86_64/time.h"

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

void log_step(const char *format, ...)
{
    uint64_t microseconds = clock_now_ns() / 1000;
    va_list arguments;

    kprintf("[%4lu.%06lu] ", microseconds / 1000000, microseconds % 1000000);
    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
    kprintf("\n");
}
