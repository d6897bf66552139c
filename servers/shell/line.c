/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Editing a line on a plain terminal: after each key that changes the middle of the line, what is
 * behind the cursor is drawn again.
 */
#include "line.h"

#include <string.h>

#define CONTROL(letter) ((letter) & 0x1f)
#define KEY_ESCAPE 0x1b
#define KEY_DELETE_BACK 0x7f

static void put(struct line_editor *editor, const char *text)
{
    editor->terminal.put(text, strlen(text));
}

static void put_times(struct line_editor *editor, const char *text, size_t times)
{
    while (times-- > 0)
        put(editor, text);
}

static void cursor_left(struct line_editor *editor, size_t columns)
{
    put_times(editor, "\b", columns);
}

/* Draws what is at and behind the cursor, wipes `wiped` columns behind it, goes back. */
static void redraw_tail(struct line_editor *editor, size_t wiped)
{
    put(editor, editor->text + editor->cursor);
    put_times(editor, " ", wiped);
    cursor_left(editor, editor->length - editor->cursor + wiped);
}

static void insert(struct line_editor *editor, char byte)
{
    if (editor->length + 1 >= LINE_BYTES) {
        put(editor, "\a");
        return;
    }
    memmove(editor->text + editor->cursor + 1, editor->text + editor->cursor,
            editor->length - editor->cursor + 1);
    editor->text[editor->cursor] = byte;
    editor->length++;
    editor->terminal.put(&byte, 1);
    editor->cursor++;
    if (editor->cursor < editor->length)
        redraw_tail(editor, 0);
}

/* Deletes [from, to), one end of which is the cursor. */
static void delete_range(struct line_editor *editor, size_t from, size_t to)
{
    if (from >= to)
        return;
    cursor_left(editor, editor->cursor - from);
    editor->cursor = from;
    memmove(editor->text + from, editor->text + to, editor->length - to + 1);
    editor->length -= to - from;
    redraw_tail(editor, to - from);
}

static void move_to(struct line_editor *editor, size_t position)
{
    if (position < editor->cursor)
        cursor_left(editor, editor->cursor - position);
    else
        editor->terminal.put(editor->text + editor->cursor, position - editor->cursor);
    editor->cursor = position;
}

static void replace(struct line_editor *editor, const char *text)
{
    move_to(editor, 0);
    delete_range(editor, 0, editor->length);
    for (; *text; text++)
        insert(editor, *text);
}

static size_t word_start(const struct line_editor *editor)
{
    size_t at = editor->cursor;

    while (at > 0 && editor->text[at - 1] == ' ')
        at--;
    while (at > 0 && editor->text[at - 1] != ' ')
        at--;
    return at;
}

/* --- history --- */

void line_remember(struct line_editor *editor, const char *text)
{
    unsigned last = (editor->history_count + HISTORY_LINES - 1) % HISTORY_LINES;

    if (*text == '\0' || (editor->history_count > 0 && strcmp(editor->history[last], text) == 0))
        return;
    strncpy(editor->history[editor->history_count % HISTORY_LINES], text, LINE_BYTES - 1);
    editor->history_count++;
}

static void history_back(struct line_editor *editor)
{
    unsigned oldest =
        editor->history_count > HISTORY_LINES ? editor->history_count - HISTORY_LINES : 0;

    if (editor->history_at == oldest) {
        put(editor, "\a");
        return;
    }
    if (editor->history_at == editor->history_count)
        memcpy(editor->unfinished, editor->text, LINE_BYTES);
    replace(editor, editor->history[--editor->history_at % HISTORY_LINES]);
}

static void history_forward(struct line_editor *editor)
{
    if (editor->history_at == editor->history_count) {
        put(editor, "\a");
        return;
    }
    editor->history_at++;
    replace(editor, editor->history_at == editor->history_count
                        ? editor->unfinished
                        : editor->history[editor->history_at % HISTORY_LINES]);
}

/* --- keys --- */

static void delete_here(struct line_editor *editor)
{
    if (editor->cursor < editor->length)
        delete_range(editor, editor->cursor, editor->cursor + 1);
}

static void arrow_key(struct line_editor *editor, int byte)
{
    switch (byte) {
    case 'A':
        history_back(editor);
        break;
    case 'B':
        history_forward(editor);
        break;
    case 'C':
        move_to(editor, editor->cursor < editor->length ? editor->cursor + 1 : editor->cursor);
        break;
    case 'D':
        move_to(editor, editor->cursor > 0 ? editor->cursor - 1 : 0);
        break;
    case 'H':
        move_to(editor, 0);
        break;
    case 'F':
        move_to(editor, editor->length);
        break;
    }
}

/* ESC, then [ or O, then a letter, or a digit and ~. */
static void escape_key(struct line_editor *editor, int byte)
{
    if (editor->escape == 1) {
        editor->escape = byte == '[' || byte == 'O' ? 2 : 0;
        return;
    }
    if (byte >= '0' && byte <= '9') {
        editor->escape_digit = (char)byte;
        editor->escape = 3;
        return;
    }
    if (editor->escape == 3 && byte == '~') {
        if (editor->escape_digit == '3')
            delete_here(editor);
        else
            move_to(editor, editor->escape_digit == '1' || editor->escape_digit == '7'
                                ? 0 : editor->length);
    } else if (editor->escape == 2) {
        arrow_key(editor, byte);
    }
    editor->escape = 0;
}

static void control_key(struct line_editor *editor, const char *prompt, int byte)
{
    switch (byte) {
    case CONTROL('A'):
        move_to(editor, 0);
        break;
    case CONTROL('B'):
        arrow_key(editor, 'D');
        break;
    case CONTROL('C'):
        put(editor, "^C\r\n");
        line_begin(editor, prompt);
        break;
    case CONTROL('D'):
        delete_here(editor);
        break;
    case CONTROL('E'):
        move_to(editor, editor->length);
        break;
    case CONTROL('F'):
        arrow_key(editor, 'C');
        break;
    case CONTROL('H'):
    case KEY_DELETE_BACK:
        delete_range(editor, editor->cursor > 0 ? editor->cursor - 1 : 0, editor->cursor);
        break;
    case CONTROL('K'):
        delete_range(editor, editor->cursor, editor->length);
        break;
    case CONTROL('L'):
        put(editor, "\x1b[H\x1b[2J");
        put(editor, prompt);
        put(editor, editor->text);
        cursor_left(editor, editor->length - editor->cursor);
        break;
    case CONTROL('N'):
        history_forward(editor);
        break;
    case CONTROL('P'):
        history_back(editor);
        break;
    case CONTROL('U'):
        delete_range(editor, 0, editor->cursor);
        break;
    case CONTROL('W'):
        delete_range(editor, word_start(editor), editor->cursor);
        break;
    case KEY_ESCAPE:
        editor->escape = 1;
        break;
    }
}

void line_begin(struct line_editor *editor, const char *prompt)
{
    editor->text[0] = '\0';
    editor->length = editor->cursor = 0;
    editor->history_at = editor->history_count;
    editor->escape = 0;
    put(editor, prompt);
}

bool line_feed(struct line_editor *editor, const char *prompt, int byte)
{
    if (editor->escape > 0) {
        escape_key(editor, byte);
        return false;
    }
    if (byte == '\r' || byte == '\n') {
        put(editor, "\r\n");
        line_remember(editor, editor->text);
        return true;
    }
    if (byte < ' ' || byte == KEY_DELETE_BACK)
        control_key(editor, prompt, byte);
    else if (byte < 0x80)
        insert(editor, (char)byte);
    return false;
}

bool line_read(struct line_editor *editor, const char *prompt)
{
    line_begin(editor, prompt);
    for (;;) {
        int byte = editor->terminal.get();

        if (byte < 0)
            return false;
        if (line_feed(editor, prompt, byte))
            return true;
    }
}
