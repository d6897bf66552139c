/* SPDX-License-Identifier: BSD-2-Clause */
/* host-test: servers/shell/line.c */
/*
 * The shell's line editor: keys in, line and picture out. A screen of one row is kept by the test; what
 * it shows must be what the editor holds.
 */
#include <stdio.h>
#include <string.h>

#include "servers/shell/line.h"

static struct line_editor editor;
static char screen[1024];
static size_t column;
static int failures, number;

static void draw(const char *text, size_t bytes)
{
    for (; bytes-- > 0; text++) {
        if (*text == '\b')
            column--;
        else if (*text == '\r')
            column = 0;
        else if (*text != '\a' && *text != '\n')
            screen[column++] = *text;
    }
}

static void type(const char *keys)
{
    for (; *keys; keys++)
        line_feed(&editor, "> ", *keys);
}

static void expect(const char *name, const char *text, size_t cursor)
{
    size_t end = strlen(text) + 2;
    int good = strcmp(editor.text, text) == 0 && editor.cursor == cursor && column == cursor + 2 &&
               memcmp(screen + 2, text, strlen(text)) == 0;

    for (size_t i = end; i < sizeof(screen); i++)
        good = good && (screen[i] == ' ' || screen[i] == '\0');
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, name);
    if (!good) {
        printf("# text '%s' cursor %zu screen '%.*s' column %zu\n", editor.text, editor.cursor,
               (int)end, screen, column);
        failures++;
    }
}

static void fresh(void)
{
    memset(screen, 0, sizeof(screen));
    column = 0;
    line_begin(&editor, "> ");
}

int main(void)
{
    editor.terminal.put = draw;
    fresh();
    type("tasks");
    expect("typed characters stand in the line", "tasks", 5);
    type("\x1b[D\x1b[Dxy");
    expect("typing in the middle moves the rest", "tasxyks", 5);
    type("\x7f\x7f\x05");
    expect("backspace in the middle, then end of line", "tasks", 5);
    type("\x01\x1b[3~");
    expect("delete at the beginning", "asks", 0);
    type("\x05 one two\x17");
    expect("control-w takes a word", "asks one ", 9);
    type("\x15");
    expect("control-u takes all", "", 0);
    type("first\r");
    fresh();
    type("second\r");
    fresh();
    type("new\x1b[A");
    expect("arrow up shows the line before", "second", 6);
    type("\x1b[A\x1b[A");
    expect("and the one before that, and stops there", "first", 5);
    type("\x1b[B\x1b[B");
    expect("arrow down comes back to what was being typed", "new", 3);
    for (int i = 0; i < 400; i++)
        type("z");
    if (editor.length != LINE_BYTES - 1)
        failures++;
    printf("%s %d - a line that is full takes no more\n",
           editor.length == LINE_BYTES - 1 ? "ok" : "not ok", ++number);
    printf("1..%d\n", number);
    return failures != 0;
}
