/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen of characters, 8 by 16 pixels each. The text is kept in memory: when it scrolls, only the
 * cells that look different are drawn again, and nothing is ever read back from the slow framebuffer.
 */
#include "kernel/framebuffer.h"

#include "kernel/font.h"
#include "kernel/string.h"

#include <stddef.h>

#define CELL_WIDTH      8u
#define CELL_HEIGHT     16u
#define COLUMNS_MAX     160u
#define ROWS_MAX        64u
#define TAB             8u

static struct {
    uint8_t *pixels;            /* NULL: there is no screen */
    uint32_t pitch_bytes;
    uint32_t foreground;
    unsigned columns, rows;
    unsigned column, row;       /* where the next character goes */
    char text[ROWS_MAX][COLUMNS_MAX];
} screen;

/* What was printed before there was a screen; shown when it comes. */
static char early[1024];
static unsigned early_count;

static void draw(unsigned row, unsigned column)
{
    const uint8_t *glyph = font_glyph(screen.text[row][column]);
    uint8_t *line = screen.pixels + (size_t)row * CELL_HEIGHT * screen.pitch_bytes +
                    (size_t)column * CELL_WIDTH * sizeof(uint32_t);

    for (unsigned y = 0; y < CELL_HEIGHT; y++, line += screen.pitch_bytes) {
        volatile uint32_t *pixel = (volatile uint32_t *)line;
        uint8_t bits = glyph[y / 2];

        for (unsigned x = 0; x < CELL_WIDTH; x++, bits = (uint8_t)(bits << 1))
            pixel[x] = bits & 0x80 ? screen.foreground : 0;
    }
}

static void put_cell(unsigned row, unsigned column, char c)
{
    if (screen.text[row][column] == c)
        return;
    screen.text[row][column] = c;
    draw(row, column);
}

static void scroll(void)
{
    for (unsigned row = 0; row + 1 < screen.rows; row++)
        for (unsigned column = 0; column < screen.columns; column++)
            put_cell(row, column, screen.text[row + 1][column]);
    for (unsigned column = 0; column < screen.columns; column++)
        put_cell(screen.rows - 1, column, ' ');
}

static void new_line(void)
{
    screen.column = 0;
    if (screen.row + 1 < screen.rows)
        screen.row++;
    else
        scroll();
}

void framebuffer_init(const struct boot_framebuffer *info, void *pixels)
{
    screen.pitch_bytes = info->pitch_bytes;
    screen.foreground = 0xd0u << info->red_shift | 0xd8u << info->green_shift |
                        0xe0u << info->blue_shift;
    screen.columns = info->width / CELL_WIDTH;
    screen.rows = info->height / CELL_HEIGHT;
    if (screen.columns > COLUMNS_MAX)
        screen.columns = COLUMNS_MAX;
    if (screen.rows > ROWS_MAX)
        screen.rows = ROWS_MAX;
    if (screen.columns == 0 || screen.rows == 0)
        return;
    memset(screen.text, ' ', sizeof(screen.text));
    for (uint32_t y = 0; y < info->height; y++)
        memset((uint8_t *)pixels + (size_t)y * info->pitch_bytes, 0,
               (size_t)info->width * sizeof(uint32_t));
    screen.pixels = pixels;
    for (unsigned i = 0; i < early_count; i++)
        framebuffer_putc(early[i]);
}

void framebuffer_putc(char c)
{
    if (screen.pixels == NULL) {
        if (early_count < sizeof(early))
            early[early_count++] = c;
        return;
    }
    switch (c) {
    case '\n':
        new_line();
        return;
    case '\r':
        screen.column = 0;
        return;
    case '\b':
        if (screen.column > 0)
            screen.column--;
        return;
    case '\t':
        do
            framebuffer_putc(' ');
        while (screen.column % TAB != 0);
        return;
    }
    if (screen.column >= screen.columns)
        new_line();
    put_cell(screen.row, screen.column++, c);
}
