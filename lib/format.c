/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine behind printf, and formatting into memory. The kernel is built with this file too. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct output {
    format_sink_t sink;
    void *context;
    int written;
};

/* One conversion, as between % and its letter. */
struct conversion {
    int left, zero, plus, space, alternate; /* flags */
    int width;
    int precision; /* -1: none given */
    int size;      /* bytes of an integer argument */
};

static void put(struct output *out, char character)
{
    out->sink(out->context, character);
    out->written++;
}

static void pad(struct output *out, char character, int count)
{
    while (count-- > 0) {
        put(out, character);
    }
}

/* Text with a prefix (sign or base), filled up to the width. */
static void put_field(struct output *out, const struct conversion *c, const char *prefix,
                      const char *text, int length, int zeros)
{
    int fill = c->width - (int)strlen(prefix) - zeros - length;

    if (!c->left) {
        pad(out, ' ', fill);
    }
    while (*prefix != '\0') {
        put(out, *prefix++);
    }
    pad(out, '0', zeros);
    for (int i = 0; i < length; i++) {
        put(out, text[i]);
    }
    if (c->left) {
        pad(out, ' ', fill);
    }
}

static void put_number(struct output *out, const struct conversion *c, uintmax_t value,
                       unsigned base, const char *digits, const char *prefix)
{
    char text[64 + 1];
    char *at = text + sizeof text;

    while (value != 0) {
        *--at = digits[value % base];
        value /= base;
    }
    int length = (int)(text + sizeof text - at);
    int least = c->precision;
    if (least < 0) {
        least = 1;
        if (c->zero && !c->left && c->width - (int)strlen(prefix) > least) {
            least = c->width - (int)strlen(prefix);
        }
    }
    put_field(out, c, prefix, at, length, least > length ? least - length : 0);
}

static void put_signed(struct output *out, const struct conversion *c, intmax_t value)
{
    const char *sign = value < 0 ? "-" : c->plus ? "+" : c->space ? " " : "";
    uintmax_t magnitude = value < 0 ? -(uintmax_t)value : (uintmax_t)value;

    put_number(out, c, magnitude, 10, "0123456789", sign);
}

static void put_string(struct output *out, const struct conversion *c, const char *text)
{
    if (text == NULL) {
        text = "(null)";
    }
    size_t length = c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision);
    put_field(out, c, "", text, (int)length, 0);
}

static const char *parse_flags(const char *at, struct conversion *c)
{
    for (;; at++) {
        switch (*at) {
        case '-': c->left = 1; break;
        case '0': c->zero = 1; break;
        case '+': c->plus = 1; break;
        case ' ': c->space = 1; break;
        case '#': c->alternate = 1; break;
        default: return at;
        }
    }
}

static const char *parse_count(const char *at, int *count, va_list *arguments)
{
    if (*at == '*') {
        *count = va_arg(*arguments, int);
        return at + 1;
    }
    for (*count = 0; *at >= '0' && *at <= '9'; at++) {
        *count = *count * 10 + (*at - '0');
    }
    return at;
}

static const char *parse_size(const char *at, struct conversion *c)
{
    c->size = sizeof(int);
    for (;; at++) {
        switch (*at) {
        case 'h': c->size = c->size == sizeof(int) ? sizeof(short) : sizeof(char); break;
        case 'l': case 'z': case 't': case 'j': c->size = sizeof(long); break;
        default: return at;
        }
    }
}

static intmax_t signed_argument(const struct conversion *c, va_list *arguments)
{
    if (c->size == sizeof(long)) {
        return va_arg(*arguments, long);
    }
    int value = va_arg(*arguments, int);
    return c->size == sizeof(char) ? (signed char)value
           : c->size == sizeof(short) ? (short)value : value;
}

static uintmax_t unsigned_argument(const struct conversion *c, va_list *arguments)
{
    if (c->size == sizeof(long)) {
        return va_arg(*arguments, unsigned long);
    }
    unsigned value = va_arg(*arguments, unsigned);
    return c->size == sizeof(char) ? (unsigned char)value
           : c->size == sizeof(short) ? (unsigned short)value : value;
}

static void put_unsigned(struct output *out, const struct conversion *c, char letter,
                         uintmax_t value)
{
    const char *small = "0123456789abcdef", *capital = "0123456789ABCDEF";
    int prefixed = c->alternate && value != 0;

    switch (letter) {
    case 'x': put_number(out, c, value, 16, small, prefixed ? "0x" : ""); break;
    case 'X': put_number(out, c, value, 16, capital, prefixed ? "0X" : ""); break;
    case 'o': put_number(out, c, value, 8, small, prefixed ? "0" : ""); break;
    default: put_number(out, c, value, 10, small, ""); break;
    }
}

static void convert(struct output *out, const struct conversion *c, char letter, va_list *arguments)
{
    char character;

    switch (letter) {
    case 'd': case 'i':
        put_signed(out, c, signed_argument(c, arguments));
        break;
    case 'u': case 'x': case 'X': case 'o':
        put_unsigned(out, c, letter, unsigned_argument(c, arguments));
        break;
    case 'p':
        put_number(out, c, (uintptr_t)va_arg(*arguments, void *), 16, "0123456789abcdef", "0x");
        break;
    case 's':
        put_string(out, c, va_arg(*arguments, const char *));
        break;
    case 'c':
        character = (char)va_arg(*arguments, int);
        put_field(out, c, "", &character, 1, 0);
        break;
    default: /* %% and letters that mean nothing stand for themselves */
        put(out, letter);
        break;
    }
}

int format_to(format_sink_t sink, void *context, const char *format, va_list arguments)
{
    struct output out = { sink, context, 0 };
    va_list rest;

    va_copy(rest, arguments);
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            put(&out, *at);
            continue;
        }
        struct conversion c = { .precision = -1 };
        at = parse_flags(at + 1, &c);
        at = parse_count(at, &c.width, &rest);
        if (c.width < 0) {
            c.left = 1;
            c.width = -c.width;
        }
        if (*at == '.') {
            at = parse_count(at + 1, &c.precision, &rest);
        }
        at = parse_size(at, &c);
        if (*at == '\0') {
            break;
        }
        convert(&out, &c, *at, &rest);
    }
    va_end(rest);
    return out.written;
}

struct memory_sink {
    char *buffer;
    size_t size, used;
};

static void to_memory(void *context, char character)
{
    struct memory_sink *sink = context;

    if (sink->used + 1 < sink->size) {
        sink->buffer[sink->used++] = character;
    }
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct memory_sink sink = { buffer, size, 0 };
    int written = format_to(to_memory, &sink, format, arguments);

    if (size != 0) {
        buffer[sink.used] = '\0';
    }
    return written;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int written = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return written;
}
