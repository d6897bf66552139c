/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/kernel/selftest.h"

#include <stddef.h>

#include "kernel/console.h"
#include "kernel/printf.h"
#include "kernel/string.h"

/* The linker gathers the entries, sorted by name. */
extern const struct selftest kernel_tests_start[], kernel_tests_end[];

static unsigned failures;          /* of the running test */
static const char *skip_reason;    /* of the running test */

static void report_sink(void *context, char c)
{
    (void)context;
    report_putc(c);
}

static void __attribute__((format(printf, 1, 2))) report_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_to(report_sink, NULL, format, arguments);
    va_end(arguments);
}

void selftest_fail(const char *condition, const char *file, int line)
{
    failures++;
    report_printf("# %s:%d: not so: %s\n", file, line, condition);
}

void selftest_skip(const char *reason)
{
    skip_reason = reason;
}

static unsigned count_matching(const char *prefix)
{
    unsigned count = 0;

    for (const struct selftest *test = kernel_tests_start; test < kernel_tests_end; test++)
        count += strncmp(test->name, prefix, strlen(prefix)) == 0;
    return count;
}

bool selftest_run(const char *prefix)
{
    unsigned number = 0, failed = 0;
    unsigned planned = count_matching(prefix);

    report_printf("1..%u\n", planned);
    for (const struct selftest *test = kernel_tests_start; test < kernel_tests_end; test++) {
        if (strncmp(test->name, prefix, strlen(prefix)) != 0)
            continue;
        failures = 0;
        skip_reason = NULL;
        test->function();
        report_printf("%sok %u - %s%s%s\n", failures ? "not " : "", ++number, test->name,
                      skip_reason ? " # SKIP " : "", skip_reason ? skip_reason : "");
        failed += failures != 0;
    }
    return planned > 0 && failed == 0;
}
