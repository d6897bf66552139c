/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>

#include "test.h"

static mach_port_t channel = MACH_PORT_NULL;

void report_open(mach_port_t device_master)
{
    dev_name_t name = "com1";

    if (device_open(device_master, D_WRITE, name, &channel) != KERN_SUCCESS) {
        channel = MACH_PORT_NULL;
    }
}

void report_share(mach_port_t task)
{
    mach_port_t ports[] = { channel, test_host_port, test_device_port };

    for (unsigned i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        if (ports[i] != MACH_PORT_NULL) {
            CHECK_OK(mach_port_insert_right(task, ports[i], ports[i], MACH_MSG_TYPE_COPY_SEND));
        }
    }
}

/* Writes all; FALSE if the device refuses. */
static boolean_t channel_write(char *text, size_t bytes)
{
    while (bytes != 0) {
        size_t piece = bytes < IO_INBAND_MAX ? bytes : IO_INBAND_MAX;
        int written = 0;
        if (device_write_inband(channel, 0, 0, text, (mach_msg_type_number_t)piece, &written) !=
                KERN_SUCCESS ||
            written <= 0) {
            return FALSE;
        }
        text += written;
        bytes -= (size_t)written;
    }
    return TRUE;
}

static void report_line(const char *prefix, const char *format, va_list arguments)
{
    char text[512];
    int used = snprintf(text, sizeof text, "%s", prefix);

    vsnprintf(text + used, sizeof text - (size_t)used - 1, format, arguments);
    strcat(text, "\n");
    if (channel == MACH_PORT_NULL || !channel_write(text, strlen(text))) {
        mach_print(text);
    }
}

void report(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report_line("", format, arguments);
    va_end(arguments);
}

static struct test *tests, **tests_end = &tests;
static struct test *running;

void test_register(struct test *test)
{
    *tests_end = test;
    tests_end = &test->next;
}

/* A run that fails and one that succeeds end alike: the report tells them apart. */
static __attribute__((noreturn)) void power_off(void)
{
    host_reboot(test_host_port, HOST_REBOOT_HALT);
    mach_print("test: host_reboot came back\n");
    for (;;) {
        thread_switch(MACH_PORT_NULL, SWITCH_OPTION_WAIT, 1000);
    }
}

static void result_line(const char *verdict, const char *more)
{
    report("%s %s - %s%s", verdict, running != NULL ? running->number : "0",
           running != NULL ? running->name : "no test", more);
}

void test_fail(const char *file, int line, const char *format, ...)
{
    static struct mutex once = MUTEX_INITIALIZER;
    char place[128];
    va_list arguments;

    mutex_lock(&once); /* of two threads that fail, one tells */
    snprintf(place, sizeof place, "# %s:%d: ", file, line);
    va_start(arguments, format);
    report_line(place, format, arguments);
    va_end(arguments);
    result_line("not ok", "");
    power_off();
}

void test_fail_code(const char *file, int line, const char *call, kern_return_t actual,
                    kern_return_t expected)
{
    char words[80];

    strlcpy(words, mach_error_string(actual), sizeof words);
    test_fail(file, line, "%s returned %#x (%s), expected %#x (%s)", call, (unsigned)actual, words,
              (unsigned)expected, mach_error_string(expected));
}

void test_skip(const char *reason)
{
    char words[128];

    snprintf(words, sizeof words, " # SKIP %s", reason);
    result_line("ok", words);
    power_off();
}

void test_run(const char *name)
{
    for (struct test *test = tests; test != NULL; test = test->next) {
        if (name == NULL || strcmp(test->name, name) == 0) {
            running = test;
            test->function();
            result_line("ok", "");
        }
    }
    if (running == NULL) {
        FAIL("this program has no test %s", name != NULL ? name : "at all");
    }
    power_off();
}
