/* SPDX-License-Identifier: BSD-2-Clause */
#include <mach/mach_traps.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static stdio_writer_t current_writer = mach_print;

stdio_writer_t stdio_set_writer(stdio_writer_t writer)
{
    stdio_writer_t before = current_writer;

    current_writer = writer;
    return before;
}

int vsprintf(char *buffer, const char *format, va_list arguments)
{
    return vsnprintf(buffer, SIZE_MAX, format, arguments);
}

int sprintf(char *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int written = vsprintf(buffer, format, arguments);
    va_end(arguments);
    return written;
}

int vasprintf(char **text, const char *format, va_list arguments)
{
    int length = vsnprintf(NULL, 0, format, arguments);

    *text = malloc((size_t)length + 1);
    return *text != NULL ? vsnprintf(*text, (size_t)length + 1, format, arguments) : -1;
}

int asprintf(char **text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int written = vasprintf(text, format, arguments);
    va_end(arguments);
    return written;
}

/* Gathered on the caller's stack, so that lines of several threads do not mix within a piece. */
struct piece {
    size_t used;
    char text[STDIO_PIECE];
};

static void piece_flush(struct piece *piece)
{
    if (piece->used != 0) {
        piece->text[piece->used] = '\0';
        current_writer(piece->text);
        piece->used = 0;
    }
}

static void to_writer(void *context, char character)
{
    struct piece *piece = context;

    piece->text[piece->used++] = character;
    if (piece->used == STDIO_PIECE - 1) {
        piece_flush(piece);
    }
}

int vprintf(const char *format, va_list arguments)
{
    struct piece piece;

    piece.used = 0;
    int written = format_to(to_writer, &piece, format, arguments);
    piece_flush(&piece);
    return written;
}

int printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int written = vprintf(format, arguments);
    va_end(arguments);
    return written;
}

int puts(const char *line)
{
    return printf("%s\n", line);
}

int putchar(int character)
{
    char text[2] = { (char)character, '\0' };

    current_writer(text);
    return character;
}
