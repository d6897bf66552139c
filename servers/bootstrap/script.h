/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start script, servers.cfg: one line after the other, each as soon as the one before is done.
 */
#pragma once

#include <stddef.h>

/* Begins with a script's text (kept, not changed) and the kernel's command line. */
void script_begin(const char *name, const char *text, size_t bytes, const char *command_line);
/* Goes on as far as it can; called again whenever a service has come or a program has ended. */
void script_continue(void);
