/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the boot script: words, functions $(...), variables ${...}. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kernel/program.h"

struct task;
struct thread;

enum boot_resume { BOOT_STAY, BOOT_RESUME, BOOT_PROMPT_RESUME };

struct boot_line {
    unsigned number;
    char file[64];                  /* empty: nothing to start on this line */
    char task_variable[32];         /* NAME of $(NAME=task-create); empty: none */
    bool task_create;
    enum boot_resume resume;
    const char *text;               /* the script's own bytes */
    size_t text_bytes;
    char *argument_bytes;           /* owned: PROGRAM_ARGUMENT_BYTES_MAX of them, once expanded */
    const char *arguments[PROGRAM_ARGUMENTS_MAX]; /* into argument_bytes; the first is the file */
    unsigned argument_count;
    struct task *task;              /* owns references */
    struct thread *thread;
};

/* Writes the value of a variable; false if there is none, or no room. */
typedef bool (*boot_variable)(void *context, const char *name, char *value, size_t bytes);

/* Reads file name and functions; arguments are left for boot_words_expand(). NULL, or what is
   wrong. */
const char *boot_words_read(struct boot_line *line, const char *text, size_t bytes);
/* Makes the arguments, with the variables' values in them. NULL, or what is wrong. */
const char *boot_words_expand(struct boot_line *line, boot_variable variable, void *context);
/* Frees what the lines own here. */
void boot_words_free(struct boot_line *lines, unsigned count);
