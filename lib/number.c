/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>

static unsigned digit_value(char character)
{
    int letter = tolower(character);

    return isdigit(letter) ? (unsigned)(letter - '0')
           : islower(letter) ? (unsigned)(letter - 'a') + 10 : 99;
}

/* What a string says, in parts. */
struct number {
    unsigned long magnitude; /* ULONG_MAX if too large */
    int negative, too_large;
};

/* The digits at the start, with the base's prefix; base 0 takes it from the prefix. Returns the place
   behind the last digit, NULL if there is none. */
static const char *read_digits(const char *at, unsigned base, struct number *number)
{
    const char *end = NULL;

    if ((base == 0 || base == 16) && at[0] == '0' && tolower(at[1]) == 'x' &&
        digit_value(at[2]) < 16) {
        at += 2;
        base = 16;
    }
    if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    for (; digit_value(*at) < base; at++) {
        unsigned long *value = &number->magnitude;
        number->too_large |= __builtin_mul_overflow(*value, base, value);
        number->too_large |= __builtin_add_overflow(*value, digit_value(*at), value);
        end = at + 1;
    }
    if (number->too_large) {
        number->magnitude = ULONG_MAX;
    }
    return end;
}

/* Blanks, a sign, digits; where they end, or the string itself, goes to `end` if that is wanted. */
static struct number parse(const char *string, char **end, int base)
{
    struct number number = { 0 };
    const char *at = string, *behind = NULL;

    while (isspace(*at)) {
        at++;
    }
    number.negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at++;
    }
    if (base == 0 || (base >= 2 && base <= 36)) {
        behind = read_digits(at, (unsigned)base, &number);
    }
    if (end != NULL) {
        *end = (char *)(behind != NULL ? behind : string);
    }
    return number;
}

unsigned long strtoul(const char *string, char **end, int base)
{
    struct number number = parse(string, end, base);

    return number.negative && !number.too_large ? -number.magnitude : number.magnitude;
}

long strtol(const char *string, char **end, int base)
{
    struct number number = parse(string, end, base);

    if (number.magnitude > (unsigned long)LONG_MAX) {
        return number.negative ? LONG_MIN : LONG_MAX;
    }
    return number.negative ? -(long)number.magnitude : (long)number.magnitude;
}

unsigned long long strtoull(const char *string, char **end, int base)
{
    return strtoul(string, end, base);
}

long long strtoll(const char *string, char **end, int base)
{
    return strtol(string, end, base);
}

int atoi(const char *string)
{
    return (int)strtol(string, NULL, 10);
}

long atol(const char *string)
{
    return strtol(string, NULL, 10);
}
