/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of the archive: starting them, and noticing their end.
 */
#pragma once

#include <mach.h>
#include <porthole/archive.h>

/* Reads the archive. `service` is the port that programs get as their bootstrap port; a dead task
   is told to `notify`. Ends the program, with words, when there is no archive. */
void programs_init(mach_port_t host, mach_port_t device_master, const char *command_line,
    mach_port_t service, mach_port_t notify);
/* A file of the archive. */
boolean_t programs_file(const char *name, struct archive_file *file);
/* Starts NAME with arguments separated by blanks; *task is borrowed. KERN_INVALID_NAME: no such
 * file. */
kern_return_t programs_start(const char *name, const char *arguments, mach_port_t *task);
/* A task that was started here has ended: says so and forgets it. Consumes the notification's
   dead-name reference. */
void programs_died(mach_port_t task);
/* True while the task of programs_start has not ended. */
boolean_t programs_running(mach_port_t task);
