/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of strings, formatted text, the command line and symbols. */
#include <stdint.h>

#include "kernel/command_line.h"
#include "kernel/main.h"
#include "kernel/printf.h"
#include "kernel/string.h"
#include "kernel/symbols.h"
#include "tests/kernel/selftest.h"

#define FORMATS_TO(wanted, ...)                                                         \
    do {                                                                                \
        char text[64];                                                                  \
                                                                                        \
        expect(snprintf(text, sizeof(text), __VA_ARGS__) == (int)strlen(wanted));      \
        expect(strcmp(text, wanted) == 0);                                              \
    } while (0)

SELFTEST(printf_converts_numbers)
{
    FORMATS_TO("-7 7 ff", "%d %u %x", -7, 7u, 255u);
    FORMATS_TO("-9223372036854775808", "%ld", INT64_MIN);
    FORMATS_TO("18446744073709551615", "%lu", UINT64_MAX);
    FORMATS_TO("0", "%d", 0);
    FORMATS_TO("0x1000", "%p", (void *)0x1000);
}

SELFTEST(printf_pads_and_cuts)
{
    FORMATS_TO("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
    FORMATS_TO("[-0042]", "[%05d]", -42);
    FORMATS_TO("[ab][   ab][ab   ]", "[%.2s][%5s][%-5s]", "abc", "ab", "ab");
    FORMATS_TO("[  7]", "[%*d]", 3, 7);
    FORMATS_TO("100% x", "%d%% %c", 100, 'x');
}

SELFTEST(printf_ends_what_does_not_fit)
{
    char text[4] = "zzz";

    expect(snprintf(text, sizeof(text), "%s", "abcdef") == 6);
    expect(strcmp(text, "abc") == 0);
}

static bool moves_as_bytes(unsigned to, unsigned from, unsigned n)
{
    uint8_t area[80], wanted[80];

    for (unsigned i = 0; i < sizeof(area); i++)
        area[i] = wanted[i] = (uint8_t)(i * 7 + 1);
    for (unsigned i = 0; i < n; i++)
        wanted[to + i] = area[from + i];
    memmove(area + to, area + from, n);
    return memcmp(area, wanted, sizeof(area)) == 0;
}

SELFTEST(memmove_moves_overlapping_bytes)
{
    for (unsigned n = 0; n < 30; n++)
        for (unsigned distance = 0; distance < 20; distance++) {
            expect(moves_as_bytes(10 + distance, 10, n));
            expect(moves_as_bytes(10, 10 + distance, n));
        }
}

SELFTEST(memset_fills_exactly)
{
    for (unsigned n = 0; n < 40; n++) {
        uint8_t area[48] = { 0 };

        memset(area + 4, 0x1a5, n);
        for (unsigned i = 0; i < sizeof(area); i++)
            expect(area[i] == (i >= 4 && i < 4 + n ? 0xa5 : 0));
    }
}

SELFTEST(strings_compare_and_search)
{
    char text[4];

    expect(strcmp("abc", "abd") < 0 && strcmp("b", "abc") > 0 && strcmp("", "") == 0);
    expect(strncmp("abcx", "abcy", 3) == 0);
    expect(strlen("four") == 4 && strnlen("four", 2) == 2);
    expect(strcmp(strchr("a/b/c", '/'), "/b/c") == 0);
    expect(strcmp(strrchr("a/b/c", '/'), "/c") == 0);
    expect(strlcpy(text, "abc", sizeof(text)) == 3 && strlcpy(text, "abcd", sizeof(text)) == 4);
    expect(strcmp(text, "abc") == 0);
}

SELFTEST(command_line_finds_whole_words)
{
    const char *before = command_line_text();
    char value[8] = "";
    bool good;

    command_line_init("  debug test=name-of-it  testing quiet=");
    good = command_line_has("debug") && command_line_has("test") && !command_line_has("bug") &&
           !command_line_has("tes") && command_line_has("quiet") &&
           command_line_value("test", value, sizeof(value)) && strcmp(value, "name-of") == 0 &&
           !command_line_value("debug", value, sizeof(value)) &&
           command_line_value("quiet", value, sizeof(value)) && value[0] == '\0';
    command_line_init(before);
    expect(good);
}

SELFTEST(symbols_name_functions)
{
    uint64_t offset;
    const char *name = symbol_lookup((uint64_t)kernel_main + 1, &offset);

    expect(name != NULL && strcmp(name, "kernel_main") == 0 && offset == 1);
    expect(symbol_lookup(0x1000, &offset) == NULL);
    expect(symbol_lookup(UINT64_MAX, &offset) == NULL);
}
