/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/kern_return.h>

/* A line of the report (the second serial port; the console where there is none). */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Opens the channel. */
void report_open(mach_port_t device_master);
/* Lets another task report and end the machine too: gives it the rights, under their names here. */
void report_share(mach_port_t task);

/* Ends the running test as failed: the reason, `not ok`, power off. Any thread may call it. */
void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
/* Ends the running test as not possible here. */
void test_skip(const char *reason) __attribute__((noreturn));

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            FAIL("not so: %s", #condition);                                                        \
        }                                                                                          \
    } while (0)

/* Equal as numbers; tells both values. */
#define CHECK_EQ(actual, expected)                                                                 \
    do {                                                                                           \
        long check_a = (long)(actual), check_e = (long)(expected);                                 \
        if (check_a != check_e) {                                                                  \
            FAIL("%s is %#lx, expected %s = %#lx", #actual, (unsigned long)check_a, #expected,     \
                 (unsigned long)check_e);                                                          \
        }                                                                                          \
    } while (0)

/* A call that returns a code; tells both in words. */
#define CHECK_RETURNS(call, expected)                                                              \
    do {                                                                                           \
        kern_return_t check_r = (call), check_x = (expected);                                      \
        if (check_r != check_x) {                                                                  \
            test_fail_code(__FILE__, __LINE__, #call, check_r, check_x);                           \
        }                                                                                          \
    } while (0)
#define CHECK_OK(call) CHECK_RETURNS(call, KERN_SUCCESS)

void test_fail_code(const char *file, int line, const char *call, kern_return_t actual,
                    kern_return_t expected) __attribute__((noreturn));
