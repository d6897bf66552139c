/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/printf.h"

#include "kernel/console.h"
#include "kernel/string.h"

#include <stdbool.h>
#include <stdint.h>

struct printer {
    print_sink sink;
    void *context;
    int count;
};

struct conversion {
    bool left;
    bool zero;
    int width;
    int precision;              /* -1: none given */
    int longs;                  /* number of l; z counts as one; h as -1 */
};

struct buffer {
    char *to;
    size_t size;
    size_t at;
};

static void put(struct printer *printer, char c)
{
    printer->sink(printer->context, c);
    printer->count++;
}

static void put_repeated(struct printer *printer, char c, int times)
{
    while (times-- > 0)
        put(printer, c);
}

static void put_text(struct printer *printer, const struct conversion *how, const char *text)
{
    size_t limit = how->precision < 0 ? (size_t)-1 : (size_t)how->precision;
    int length = (int)strnlen(text, limit);

    if (!how->left)
        put_repeated(printer, ' ', how->width - length);
    for (int i = 0; i < length; i++)
        put(printer, text[i]);
    if (how->left)
        put_repeated(printer, ' ', how->width - length);
}

static void put_number(struct printer *printer, const struct conversion *how, uint64_t value,
                       unsigned base, const char *prefix)
{
    char digits[24];
    int count = 0;
    int prefix_length = (int)strlen(prefix);
    int zeros;

    do
        digits[count++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    zeros = how->precision > count ? how->precision - count : 0;
    if (how->zero && !how->left && how->precision < 0 && how->width > count + prefix_length)
        zeros = how->width - count - prefix_length;
    if (!how->left)
        put_repeated(printer, ' ', how->width - count - zeros - prefix_length);
    while (*prefix != '\0')
        put(printer, *prefix++);
    put_repeated(printer, '0', zeros);
    for (int i = count; i > 0; i--)
        put(printer, digits[i - 1]);
    if (how->left)
        put_repeated(printer, ' ', how->width - count - zeros - prefix_length);
}

static const char *parse_count(const char *format, va_list *arguments, int *count)
{
    if (*format == '*') {
        *count = va_arg(*arguments, int);
        return format + 1;
    }
    for (*count = 0; *format >= '0' && *format <= '9'; format++)
        if (*count < 1000)
            *count = *count * 10 + (*format - '0');
    return format;
}

static const char *parse(const char *format, va_list *arguments, struct conversion *how)
{
    *how = (struct conversion){ .precision = -1 };
    for (;; format++) {
        if (*format == '-')
            how->left = true;
        else if (*format == '0')
            how->zero = true;
        else
            break;
    }
    format = parse_count(format, arguments, &how->width);
    if (how->width < 0) {
        how->left = true;
        how->width = -how->width;
    }
    if (*format == '.')
        format = parse_count(format + 1, arguments, &how->precision);
    for (;; format++) {
        if (*format == 'l' || *format == 'z')
            how->longs++;
        else if (*format == 'h')
            how->longs--;
        else
            return format;
    }
}

static uint64_t unsigned_argument(const struct conversion *how, va_list *arguments)
{
    return how->longs > 0 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
}

static void put_signed(struct printer *printer, const struct conversion *how, va_list *arguments)
{
    int64_t value = how->longs > 0 ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

    put_number(printer, how, magnitude, 10, value < 0 ? "-" : "");
}

static void convert(struct printer *printer, const struct conversion *how, char kind,
                    va_list *arguments)
{
    const char *text;

    switch (kind) {
    case 'd':
    case 'i':
        put_signed(printer, how, arguments);
        break;
    case 'u':
        put_number(printer, how, unsigned_argument(how, arguments), 10, "");
        break;
    case 'x':
    case 'X':
        put_number(printer, how, unsigned_argument(how, arguments), 16, "");
        break;
    case 'p':
        put_number(printer, how, (uintptr_t)va_arg(*arguments, void *), 16, "0x");
        break;
    case 'c':
        put(printer, (char)va_arg(*arguments, int));
        break;
    case 's':
        text = va_arg(*arguments, const char *);
        put_text(printer, how, text ? text : "(null)");
        break;
    default:
        put(printer, kind);
        break;
    }
}

/*
 * Purpose: format text and hand it to the sink, one character a call.
 * Conditions: none; usable from the first instruction on and in a panic, if the sink is.
 */
int print_format(print_sink sink, void *context, const char *format, va_list arguments)
{
    struct printer printer = { sink, context, 0 };
    struct conversion how;
    va_list rest;

    va_copy(rest, arguments);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(&printer, *format);
            continue;
        }
        format = parse(format + 1, &rest, &how);
        if (*format == '\0')
            break;
        convert(&printer, &how, *format, &rest);
    }
    va_end(rest);
    return printer.count;
}

static void console_sink(void *context, char c)
{
    (void)context;
    console_putc(c);
}

int kvprintf(const char *format, va_list arguments)
{
    return print_format(console_sink, NULL, format, arguments);
}

int kprintf(const char *format, ...)
{
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = kvprintf(format, arguments);
    va_end(arguments);
    return count;
}

static void buffer_sink(void *context, char c)
{
    struct buffer *buffer = context;

    if (buffer->at + 1 < buffer->size)
        buffer->to[buffer->at++] = c;
}

int ksnprintf(char *to, size_t size, const char *format, ...)
{
    struct buffer buffer = { to, size, 0 };
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = print_format(buffer_sink, &buffer, format, arguments);
    va_end(arguments);
    if (size > 0)
        to[buffer.at] = '\0';
    return count;
}
