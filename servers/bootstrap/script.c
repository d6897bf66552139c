/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start script.
 */
#include "script.h"

#include <stdio.h>
#include <string.h>

#include "names.h"
#include "programs.h"

#define LINE_BYTES 512

static const char *script_name, *script, *script_end, *command_line;
static unsigned line_number;
static char awaited_service[LINE_BYTES]; /* "" when it waits for none */
static mach_port_t awaited_task;         /* MACH_PORT_NULL when it waits for none */

void script_begin(const char *name, const char *text, size_t bytes, const char *words)
{
    script_name = name;
    script = text;
    script_end = text + bytes;
    command_line = words;
    line_number = 0;
}

static void complain(const char *what, const char *about)
{
    printf("bootstrap: %s:%u: %s: %s\n", script_name, line_number, what, about);
}

/* Takes the next line off the script, without its end; false at the end. */
static int next_line(char *line)
{
    size_t length = 0;

    if (script == script_end)
        return 0;
    for (; script < script_end && *script != '\n'; script++)
        if (length < LINE_BYTES - 1)
            line[length++] = *script;
    if (script < script_end)
        script++;
    line[length] = '\0';
    line_number++;
    return 1;
}

/* The first word of *rest, which then begins behind it. */
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");

    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    *rest += strspn(*rest, " \t");
    return word;
}

static int command_line_has(const char *word, size_t length)
{
    const char *at = command_line;

    while (*at != '\0') {
        size_t here = strcspn(at, " \t");

        if (here == length && memcmp(at, word, length) == 0)
            return 1;
        at += here;
        at += strspn(at, " \t");
    }
    return 0;
}

/* Does what a line says; it may leave something awaited. */
static void execute(char *rest)
{
    char *action = take_word(&rest);
    mach_port_t task = MACH_PORT_NULL;
    kern_return_t result;
    char *name;

    if (*action == '[') {
        char *end = strchr(action, ']');

        if (!end || !command_line_has(action + 1, (size_t)(end - action) - 1)) {
            if (!end)
                complain("a condition without its ]", action);
            return;
        }
        action = take_word(&rest);
    }
    if (*action == '\0' || *action == '#')
        return;
    name = take_word(&rest);
    if (strcmp(action, "wait") == 0) {
        strcpy(awaited_service, name);
    } else if (strcmp(action, "start") == 0 || strcmp(action, "run") == 0) {
        result = programs_start(name, rest, &task);
        if (result == KERN_INVALID_NAME)
            complain("not in the archive", name);
        else if (result != KERN_SUCCESS)
            complain(mach_error_string(result), name);
        else if (*action == 'r')
            awaited_task = task;
    } else {
        complain("no such action (start, wait, run)", action);
    }
}

static int waiting(void)
{
    if (awaited_service[0] != '\0' && names_find(awaited_service) == MACH_PORT_NULL)
        return 1;
    awaited_service[0] = '\0';
    if (awaited_task != MACH_PORT_NULL && programs_running(awaited_task))
        return 1;
    awaited_task = MACH_PORT_NULL;
    return 0;
}

void script_continue(void)
{
    char line[LINE_BYTES];

    while (!waiting() && next_line(line))
        execute(line);
}
