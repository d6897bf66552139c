/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the kernel by itself, run at boot when the command line has `selftest` (all) or
 * `selftest=NAME` (those whose name begins so). Results go to the report channel as TAP.
 *
 * A test is a sentence:
 *
 *     SELFTEST(list_takes_first_in_order)
 *     {
 *         expect(list_empty(&list));
 *     }
 *
 * Tests run in a kernel thread, in the order of their names; each leaves the kernel as it found
 * it. A failed expectation ends its test only: it returns from the function it stands in.
 */
#pragma once

#include <stdbool.h>

struct selftest {
    const char *name;
    void (*function)(void);
};

#define SELFTEST(test)                                                                  \
    static void selftest_##test(void);                                                  \
    static const struct selftest selftest_entry_##test                                  \
        __attribute__((used, aligned(8), section(".kernel_tests." #test))) = {          \
        #test, selftest_##test};                                                        \
    static void selftest_##test(void)

/* Ends the running test as failed unless the condition holds. */
#define expect(condition)                                                               \
    do {                                                                                \
        if (!(condition)) {                                                             \
            selftest_fail(#condition, __FILE__, __LINE__);                              \
            return;                                                                     \
        }                                                                               \
    } while (0)

/* Notes that the running test failed, and where. */
void selftest_fail(const char *condition, const char *file, int line);
/* Ends the running test as not applicable on this machine, and says why. */
void selftest_skip(const char *reason);
/* Runs all tests whose names begin with the prefix; true if at least one ran and none failed. */
bool selftest_run(const char *prefix);
