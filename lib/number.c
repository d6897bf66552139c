/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

static unsigned digit_value(char character)
{
    if (character >= '0' && character <= '9') {
        return (unsigned)(character - '0');
    }
    if ((character | 0x20) >= 'a' && (character | 0x20) <= 'z') {
        return (unsigned)((character | 0x20) - 'a') + 10;
    }
    return 99;
}

/* Base 0: 0x and 0 select 16 and 8. Overflow wraps; callers check ranges themselves. */
unsigned long strtoul(const char *string, char **end, int base)
{
    const char *at = string;
    unsigned long value = 0;

    while (*at == ' ' || *at == '\t' || *at == '\n') {
        at++;
    }
    int negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at++;
    }
    if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 0x20) == 'x' &&
        digit_value(at[2]) < 16) {
        at += 2;
        base = 16;
    }
    if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    const char *digits = at;
    for (; digit_value(*at) < (unsigned)base; at++) {
        value = value * (unsigned long)base + digit_value(*at);
    }
    if (end != NULL) {
        *end = (char *)(at == digits ? string : at);
    }
    return negative ? -value : value;
}

long strtol(const char *string, char **end, int base)
{
    return (long)strtoul(string, end, base);
}

int atoi(const char *string)
{
    return (int)strtol(string, NULL, 10);
}
