/* SPDX-License-Identifier: BSD-2-Clause */
/* 16550 serial lines. Registers: National Semiconductor PC16550D data sheet. */
#include "kernel/x86_64/serial.h"

#include "kernel/x86_64/interrupt.h"
#include "kernel/x86_64/io.h"

#include <stdbool.h>

enum {
    REGISTER_DATA = 0,
    REGISTER_INTERRUPTS = 1,
    REGISTER_FIFO = 2,
    REGISTER_LINE = 3,
    REGISTER_MODEM = 4,
    REGISTER_STATUS = 5,
    REGISTER_SCRATCH = 7,

    STATUS_RECEIVED = 0x01,
    STATUS_ROOM = 0x20,
    LINE_8N1 = 0x03,
    LINE_DIVISOR = 0x80,
    FIFO_ENABLE_AND_CLEAR = 0x07,
    MODEM_READY_AND_INTERRUPT = 0x0b,
    INTERRUPT_RECEIVED = 0x01,

    CONSOLE_IRQ = 4,
    WAIT_ROUNDS = 100000,       /* a line that is stuck may not stop the system */
};

static const uint16_t base[SERIAL_LINES] = { 0x3f8, 0x2f8 };
static bool present[SERIAL_LINES];

static void line_init(enum serial_line line)
{
    uint16_t port = base[line];

    out8(port + REGISTER_SCRATCH, 0x5a);
    present[line] = in8(port + REGISTER_SCRATCH) == 0x5a;
    if (!present[line])
        return;
    out8(port + REGISTER_INTERRUPTS, 0);
    out8(port + REGISTER_LINE, LINE_DIVISOR);
    out8(port + REGISTER_DATA, 1);
    out8(port + REGISTER_INTERRUPTS, 0);
    out8(port + REGISTER_LINE, LINE_8N1);
    out8(port + REGISTER_FIFO, FIFO_ENABLE_AND_CLEAR);
    out8(port + REGISTER_MODEM, MODEM_READY_AND_INTERRUPT);
}

void serial_init(void)
{
    line_init(SERIAL_CONSOLE);
    line_init(SERIAL_REPORT);
}

void serial_putc(enum serial_line line, char c)
{
    if (!present[line])
        return;
    for (int i = 0; i < WAIT_ROUNDS; i++)
        if (in8(base[line] + REGISTER_STATUS) & STATUS_ROOM)
            break;
    out8(base[line] + REGISTER_DATA, (uint8_t)c);
}

int serial_getc(enum serial_line line)
{
    if (!present[line] || !(in8(base[line] + REGISTER_STATUS) & STATUS_RECEIVED))
        return -1;
    return in8(base[line] + REGISTER_DATA);
}

static void input_interrupt(void *argument)
{
    void (*handler)(void) = (void (*)(void))argument;

    handler();
    interrupt_acknowledge(CONSOLE_IRQ);
}

/*
 * Purpose: call handler whenever the console line has received something.
 * Conditions: interrupts are set up. The handler must take all characters (serial_getc until -1).
 */
void serial_attach_input(void (*handler)(void))
{
    if (!present[SERIAL_CONSOLE])
        return;
    interrupt_attach(CONSOLE_IRQ, input_interrupt, (void *)handler);
    out8(base[SERIAL_CONSOLE] + REGISTER_INTERRUPTS, INTERRUPT_RECEIVED);
    interrupt_unmask(CONSOLE_IRQ);
}
