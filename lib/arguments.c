/* SPDX-License-Identifier: BSD-2-Clause */
#include <porthole/runtime.h>
#include <string.h>

static size_t word_length(const char *word)
{
    size_t length = 0;

    while (word[length] != '\0' && word[length] != ' ') {
        length++;
    }
    return length;
}

/* What follows the name in its word ("" or "=value"), NULL if no word has it. */
static const char *find_option(int argc, char **argv, const char *name)
{
    size_t length = strlen(name);

    for (int i = 1; i < argc; i++) {
        for (const char *word = argv[i]; *word != '\0';) {
            if (*word == ' ') {
                word++;
                continue;
            }
            size_t bytes = word_length(word);
            if (bytes >= length && memcmp(word, name, length) == 0 &&
                (bytes == length || word[length] == '=')) {
                return word + length;
            }
            word += bytes;
        }
    }
    return NULL;
}

boolean_t argument_value(int argc, char **argv, const char *name, char *value, size_t size)
{
    const char *found = find_option(argc, argv, name);

    if (found == NULL || *found != '=' || size == 0) {
        return FALSE;
    }
    size_t bytes = word_length(found + 1);
    if (bytes > size - 1) {
        bytes = size - 1;
    }
    memcpy(value, found + 1, bytes);
    value[bytes] = '\0';
    return TRUE;
}

boolean_t argument_flag(int argc, char **argv, const char *name)
{
    return find_option(argc, argv, name) != NULL;
}
