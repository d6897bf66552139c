/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot log: one line a step, with the time since the door was reached. */
#pragma once

/* Prints "[   seconds] text" and a line end. */
void log_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
