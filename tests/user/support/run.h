/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_RUN_H
#define TEST_RUN_H

/* Runs the test of that name, or all in turn (NULL), and powers the machine off. */
void test_run(const char *name) __attribute__((noreturn));

#endif
