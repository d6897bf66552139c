/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Runs the test of that name, or all in turn (NULL), and powers the machine off. */
void test_run(const char *name) __attribute__((noreturn));
