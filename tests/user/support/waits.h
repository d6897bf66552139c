/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_WAITS_H
#define TEST_WAITS_H

/*
 * Tells in the report who waits for what on whom, a line for each thread, and how memory stands: for
 * tests in which nothing moves any more. Conditions: the caller has the privileged host port.
 */
void waits_report(void);

#endif
