/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of the kernel's command line: `name` or `name=value`, separated by blanks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Keeps a pointer to the text, which must stay. */
void command_line_init(const char *text);
/* The whole text. */
const char *command_line_text(void);
/* True if the word is there, with or without a value. */
bool command_line_has(const char *word);
/* Copies the value of word=value, cut to size; false if it is not there. */
bool command_line_value(const char *word, char *value, size_t size);
