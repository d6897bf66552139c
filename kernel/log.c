/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/log.h"

#include "kernel/printf.h"
#include "kernel/x86_64/time.h"

#include <stdint.h>

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
