/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/boot_words.h"

#include "kernel/printf.h"
#include "kernel/string.h"
#include "mm/kmem.h"

#define NAME_BYTES 64u

/* A word of a line: bytes between blanks. */
struct word {
    const char *text;
    size_t bytes;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word off a line; false at its end or at a comment. */
static bool next_word(const char **at, const char *end, struct word *word)
{
    while (*at < end && is_blank(**at))
        (*at)++;
    if (*at == end || **at == '#')
        return false;
    word->text = *at;
    while (*at < end && !is_blank(**at))
        (*at)++;
    word->bytes = (size_t)(*at - word->text);
    return true;
}

/* True for $(...): then *inside is what stands between the brackets. */
static bool is_function(const struct word *word, struct word *inside)
{
    if (word->bytes < 3 || word->text[0] != '$' || word->text[1] != '(' ||
        word->text[word->bytes - 1] != ')')
        return false;
    inside->text = word->text + 2;
    inside->bytes = word->bytes - 3;
    return true;
}

static bool word_is(const struct word *word, const char *text)
{
    return word->bytes == strlen(text) && memcmp(word->text, text, word->bytes) == 0;
}

static bool word_copy(char *to, size_t bytes, const struct word *word)
{
    if (word->bytes >= bytes)
        return false;
    memcpy(to, word->text, word->bytes);
    to[word->bytes] = '\0';
    return true;
}

/* Splits NAME=FUNCTION; an absent NAME is empty. */
static void split_assignment(struct word *name, struct word *function)
{
    *name = (struct word){function->text, 0};
    for (size_t i = 0; i < function->bytes; i++) {
        if (function->text[i] != '=')
            continue;
        name->bytes = i;
        function->text += i + 1;
        function->bytes -= i + 1;
        return;
    }
}

static const char *read_function(struct boot_line *line, struct word function)
{
    struct word name;

    split_assignment(&name, &function);
    if (word_is(&function, "task-create")) {
        if (line->task_create)
            return "task-create stands twice on this line";
        line->task_create = true;
        return word_copy(line->task_variable, sizeof line->task_variable, &name)
                   ? NULL
                   : "too long a variable name";
    }
    if (name.bytes > 0)
        return "only task-create has a value that a variable can take";
    if (word_is(&function, "task-resume"))
        line->resume = BOOT_RESUME;
    else if (word_is(&function, "prompt-task-resume"))
        line->resume = BOOT_PROMPT_RESUME;
    else
        return "unknown function: task-create, task-resume and prompt-task-resume are known";
    return NULL;
}

const char *boot_words_read(struct boot_line *line, const char *text, size_t bytes)
{
    const char *at = text, *end = text + bytes, *wrong = NULL;
    struct word word, inside;

    line->text = text;
    line->text_bytes = bytes;
    while (!wrong && next_word(&at, end, &word)) {
        if (is_function(&word, &inside))
            wrong = line->file[0] ? read_function(line, inside) : "the file's name comes first";
        else if (!line->file[0] && !word_copy(line->file, sizeof line->file, &word))
            wrong = "too long a file name";
    }
    if (!wrong && line->file[0] && !line->task_create)
        wrong = "no $(task-create) on this line";
    return wrong;
}

/* Where expanded text goes. */
struct output {
    char *bytes;
    size_t used;
};

static bool put(struct output *output, const char *text, size_t bytes)
{
    if (bytes > PROGRAM_ARGUMENT_BYTES_MAX - output->used)
        return false;
    memcpy(output->bytes + output->used, text, bytes);
    output->used += bytes;
    return true;
}

/* Puts a variable's value; the word at ${ ends with the closing bracket, which *bytes is moved
   behind. */
static const char *put_variable(struct output *output, const char *text, size_t limit,
                                size_t *bytes, boot_variable variable, void *context)
{
    static char value[PROGRAM_ARGUMENT_BYTES_MAX], message[128];
    struct word word = {text + 2, 0};
    char name[NAME_BYTES];

    while (word.bytes + 2 < limit && word.text[word.bytes] != '}')
        word.bytes++;
    if (word.bytes + 2 == limit)
        return "a ${ has no }";
    *bytes = word.bytes + 3;
    if (!word_copy(name, sizeof name, &word))
        return "too long a variable name";
    if (!variable(context, name, value, sizeof value)) {
        snprintf(message, sizeof message, "no variable %s", name);
        return message;
    }
    return put(output, value, strlen(value)) ? NULL : "too long arguments";
}

/* Expands one word into an argument with its end. */
static const char *put_word(struct output *output, const struct word *word,
                            boot_variable variable, void *context)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < word->bytes && !wrong;) {
        size_t bytes = 1;

        if (word->text[i] == '$' && i + 1 < word->bytes && word->text[i + 1] == '{')
            wrong = put_variable(output, word->text + i, word->bytes - i, &bytes, variable,
                                 context);
        else if (!put(output, word->text + i, 1))
            wrong = "too long arguments";
        i += bytes;
    }
    if (!wrong && !put(output, "", 1))
        wrong = "too long arguments";
    return wrong;
}

const char *boot_words_expand(struct boot_line *line, boot_variable variable, void *context)
{
    const char *at = line->text, *end = line->text + line->text_bytes, *wrong = NULL;
    struct output output = {kmem_alloc(PROGRAM_ARGUMENT_BYTES_MAX), 0};
    struct word word, inside;

    line->argument_bytes = output.bytes;
    if (!output.bytes)
        return "no memory for the arguments";
    while (!wrong && next_word(&at, end, &word)) {
        if (is_function(&word, &inside))
            continue;
        if (line->argument_count == PROGRAM_ARGUMENTS_MAX)
            return "too many arguments";
        line->arguments[line->argument_count++] = output.bytes + output.used;
        wrong = put_word(&output, &word, variable, context);
    }
    return wrong;
}

void boot_words_free(struct boot_line *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kmem_free(lines[i].argument_bytes, PROGRAM_ARGUMENT_BYTES_MAX);
        lines[i].argument_bytes = NULL;
        lines[i].argument_count = 0;
    }
}
