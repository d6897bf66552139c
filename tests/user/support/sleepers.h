/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_SLEEPERS_H
#define TEST_SLEEPERS_H

/* Threads, of all tasks, whose wait names that reason. */
unsigned sleepers(const char *reason);
/* Waits until there are so many of them; fails the test if that takes too long. */
void sleepers_expect(const char *reason, unsigned count);

#endif
