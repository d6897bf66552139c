/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Threads, of all tasks, whose wait names that reason. */
unsigned sleepers(const char *reason);
/* Waits until there are so many of them; fails the test if that takes too long. */
void sleepers_expect(const char *reason, unsigned count);
