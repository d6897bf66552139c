/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel looks at itself: for a panic, an NMI, a key, and porthole_debug requests. */
#pragma once

#include <stddef.h>

struct thread;

/* Prints every thread: for what it waits, on whom. Safe in a panic and in an NMI. */
void monitor_print_waits(void);
/* What a thread does, in a word or two. */
const char *monitor_state_text(const struct thread *thread);
/* For what it waits and who must act; both empty when it does not wait. */
void monitor_wait_text(const struct thread *thread, char *reason, size_t reason_bytes, char *whom,
                       size_t whom_bytes);
