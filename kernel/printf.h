/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text: on the console here, into memory by snprintf() of lib/format.c, which has the conversions. */
#pragma once

#include "lib/include/stdio.h"

/* Prints on the console. */
int kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with the arguments in a list. */
int kvprintf(const char *format, va_list arguments);
/* A line of the boot log: "[   seconds] text", the time since the door was reached. */
void log_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
