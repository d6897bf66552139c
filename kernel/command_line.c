/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/command_line.h"

#include "kernel/string.h"

static const char *text = "";

void command_line_init(const char *command_line)
{
    text = command_line;
}

const char *command_line_text(void)
{
    return text;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What follows the word in the text ("=value...", a blank or the end), or NULL. */
static const char *find(const char *word)
{
    size_t length = strlen(word);
    const char *at = text;

    while (*at != '\0') {
        while (is_blank(*at))
            at++;
        if (strncmp(at, word, length) == 0 &&
            (at[length] == '=' || at[length] == '\0' || is_blank(at[length])))
            return at + length;
        while (*at != '\0' && !is_blank(*at))
            at++;
    }
    return NULL;
}

bool command_line_has(const char *word)
{
    return find(word) != NULL;
}

bool command_line_value(const char *word, char *value, size_t size)
{
    const char *at = find(word);
    size_t n = 0;

    if (at == NULL || *at != '=' || size == 0)
        return false;
    for (at++; at[n] != '\0' && !is_blank(at[n]) && n + 1 < size; n++)
        value[n] = at[n];
    value[n] = '\0';
    return true;
}
