/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_RUNTIME_H
#define PORTHOLE_RUNTIME_H

#include <mach/boolean.h>
#include <stddef.h>

/*
 * Makes the library's knowledge of ports fresh, for a task that inherited this task's memory but
 * none of its rights. The caller runs on a stack that holds the given address.
 */
void runtime_reset(void *stack);

/*
 * Options on the command line: words `name` or `name=value`, anywhere in argv, also several in one
 * argument separated by blanks (as ${kernel-command-line} gives them).
 */
/* Copies the value; FALSE if there is no such option. */
boolean_t argument_value(int argc, char **argv, const char *name, char *value, size_t size);
boolean_t argument_flag(int argc, char **argv, const char *name);

#endif
