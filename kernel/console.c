/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/console.h"

#include "kernel/framebuffer.h"
#include "kernel/printf.h"
#include "kernel/x86_64/serial.h"

#include <stdint.h>

#define INPUT_RING_BYTES 256

/* Filled by the interrupt, emptied by console_getc; both run with interrupts off. Overflow is dropped. */
static struct {
    char bytes[INPUT_RING_BYTES];
    uint8_t in;
    uint8_t out;
} ring;

static void (*input_hook)(void);

_Static_assert(INPUT_RING_BYTES == 256, "the ring's indices wrap as bytes do");

void console_init(void)
{
    serial_init();
}

static void input_arrived(void)
{
    int c;

    while ((c = serial_getc(SERIAL_CONSOLE)) >= 0) {
        if ((uint8_t)(ring.in + 1) == ring.out)
            continue;
        ring.bytes[ring.in++] = (char)c;
    }
    if (input_hook)
        input_hook();
}

void console_input_init(void)
{
    serial_attach_input(input_arrived);
}

void console_putc(char c)
{
    if (c == '\n')
        serial_putc(SERIAL_CONSOLE, '\r');
    serial_putc(SERIAL_CONSOLE, c);
    framebuffer_putc(c);
}

void console_write(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        console_putc(text[i]);
}

int console_getc(void)
{
    if (ring.in == ring.out)
        return -1;
    return (unsigned char)ring.bytes[ring.out++];
}

void console_set_input_hook(void (*hook)(void))
{
    input_hook = hook;
}

void report_putc(char c)
{
    serial_putc(SERIAL_REPORT, c);
}
