/* SPDX-License-Identifier: BSD-2-Clause */
/* boot.cfg: what programs find in their arguments, and what a mistake leads to. */
#include "test.h"

/* boot: config=boot_two_tasks.cfg */
TEST(0, a_task_gets_a_port_for_one_made_on_another_line)
{
    struct task_basic_info info;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;
    thread_array_t threads;
    mach_port_t other;

    CHECK_EQ(test_argc, 6);
    CHECK_EQ(strncmp(test_argv[4], "--other=", 8), 0);
    CHECK_EQ(strcmp(test_argv[5], "last"), 0);
    other = (mach_port_t)strtoul(test_argv[4] + 8, NULL, 10);
    CHECK(other != mach_task_self());
    CHECK_OK(task_info(other, TASK_BASIC_INFO, (task_info_t)&info, &count));
    CHECK_OK(task_threads(other, &threads, &count));
    CHECK_EQ(count, 1);
    CHECK_OK(thread_resume(threads[0])); /* no line has done so */
}

/* boot: cmdline="a=b quiet" */
TEST(0, the_command_line_is_one_argument)
{
    CHECK_EQ(test_argc, 4);
    CHECK(strstr(test_argv[3], "a=b quiet") != NULL);
    CHECK(strstr(test_argv[3], "test=the_command_line_is_one_argument") != NULL);
}

/* boot: config=boot_bad_line.cfg expect=failure says="boot.cfg:3: unknown function" */
TEST(0, a_bad_line_stops_the_boot_with_file_line_and_reason)
{
    FAIL("the boot went on");
}

/* boot: config=boot_no_file.cfg expect=failure says="boot.cfg:1: no file nowhere in the archive" */
TEST(0, a_missing_program_stops_the_boot)
{
    FAIL("the boot went on");
}
