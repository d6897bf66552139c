/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line from a terminal: editing, history.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 256
#define HISTORY_LINES 32

/* Where characters come from and go to. */
struct terminal {
    int (*get)(void);                              /* next byte, or -1 at the end */
    void (*put)(const char *text, size_t bytes);
};

/* The line being edited and those before it; zeroed to begin with. */
struct line_editor {
    struct terminal terminal;
    char text[LINE_BYTES];      /* ends with NUL */
    size_t length, cursor;
    char history[HISTORY_LINES][LINE_BYTES];
    unsigned history_count;     /* lines ever added */
    unsigned history_at;        /* line shown; == history_count for the new one */
    char unfinished[LINE_BYTES]; /* what was typed before walking into the history */
    unsigned escape;            /* how far into an escape sequence */
    char escape_digit;
};

/* Reads a line, without its end; false at the end of input. Keys: arrows, Home, End, Delete, ^A ^E ^B ^F
   ^P ^N ^D ^H ^K ^U ^W ^L ^C. */
bool line_read(struct line_editor *editor, const char *prompt);
/* Feeds one byte; true when the line is complete. For tests and line_read. */
bool line_feed(struct line_editor *editor, const char *prompt, int byte);
/* Starts an empty line and shows the prompt. */
void line_begin(struct line_editor *editor, const char *prompt);
/* Remembers a line; empty and repeated ones are not kept. */
void line_remember(struct line_editor *editor, const char *text);
