/* SPDX-License-Identifier: BSD-2-Clause */
/* The tasks of the boot script. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kernel/boot_words.h"

/* Makes the line's task, empty. NULL, or what went wrong. */
const char *boot_task_create(struct boot_line *line);
/* The value of host-port or device-port for the task; false for other names, or without memory. */
bool boot_task_port_variable(struct task *task, const char *name, char *value, size_t bytes);
/* Gives the task a send right to another; its name as text. */
bool boot_task_give(struct task *task, struct task *other, char *value, size_t bytes);
/* Loads the program and makes stack and thread. NULL, or what is wrong. */
const char *boot_task_load(struct boot_line *line, const void *file, size_t bytes);
/* Lets it run, if the line says so, and drops the line's references. */
void boot_task_start(struct boot_line *line);
