/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device interrupts through the I/O APICs (Intel 82093AA data sheet). The old controllers (8259) are
 * moved out of the way and masked.
 *
 * All lines go to the processor that booted. Lines 0..15 are ISA numbers and go to the input that ACPI names; they are edge-triggered unless it says
 * otherwise. Higher lines are PCI's: level-triggered, active low.
 */
#include "kernel/x86_64/interrupt.h"

#include "kernel/x86_64/acpi.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/io.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/segments.h"

#include <stddef.h>

enum { IO_APIC_SELECT = 0x00, IO_APIC_WINDOW = 0x10, IO_APIC_VERSION = 1, IO_APIC_ENTRIES = 0x10 };
enum { ENTRY_LOW_ACTIVE = 1 << 13, ENTRY_LEVEL = 1 << 15, ENTRY_MASKED = 1 << 16 };
enum { PIC1_COMMAND = 0x20, PIC1_DATA = 0x21, PIC2_COMMAND = 0xa0, PIC2_DATA = 0xa1 };

#define IO_APIC_BYTES   4096

struct io_apic {
    volatile uint8_t *registers;
    uint32_t first_line;
    uint32_t line_count;
};

struct line {
    void (*handler)(void *argument);
    void *argument;
    bool level;
    bool unmasked;              /* as its user wants it */
    bool pending_acknowledge;   /* level-triggered, delivered, not served yet: masked meanwhile */
};

static struct io_apic io_apics[ACPI_IO_APICS_MAX];
static unsigned io_apic_count;
static struct line lines[INTERRUPT_LINES];

_Static_assert(VECTOR_IRQ + INTERRUPT_LINES <= VECTOR_CALL, "a vector for each line");

static uint32_t io_apic_read(const struct io_apic *apic, uint32_t index)
{
    *(volatile uint32_t *)(apic->registers + IO_APIC_SELECT) = index;
    return *(volatile uint32_t *)(apic->registers + IO_APIC_WINDOW);
}

static void io_apic_write(const struct io_apic *apic, uint32_t index, uint32_t value)
{
    *(volatile uint32_t *)(apic->registers + IO_APIC_SELECT) = index;
    *(volatile uint32_t *)(apic->registers + IO_APIC_WINDOW) = value;
}

static void old_controllers_silence(void)
{
    out8(PIC1_COMMAND, 0x11);           /* initialise; vectors, wiring, mode follow */
    out8(PIC2_COMMAND, 0x11);
    out8(PIC1_DATA, VECTOR_IRQ);
    out8(PIC2_DATA, VECTOR_IRQ + 8);
    out8(PIC1_DATA, 4);
    out8(PIC2_DATA, 2);
    out8(PIC1_DATA, 1);
    out8(PIC2_DATA, 1);
    out8(PIC1_DATA, 0xff);
    out8(PIC2_DATA, 0xff);
}

/* The controller and the entry of a line; NULL if no controller has it. */
static const struct io_apic *line_place(unsigned irq, uint32_t *entry)
{
    uint32_t global = irq < ACPI_ISA_LINES ? acpi_facts.isa[irq].line : irq;

    for (unsigned i = 0; i < io_apic_count; i++) {
        const struct io_apic *apic = &io_apics[i];

        if (global >= apic->first_line && global - apic->first_line < apic->line_count) {
            *entry = IO_APIC_ENTRIES + 2 * (global - apic->first_line);
            return apic;
        }
    }
    return NULL;
}

static bool line_active_low(unsigned irq)
{
    return irq < ACPI_ISA_LINES ? acpi_facts.isa[irq].active_low : true;
}

static void line_program(unsigned irq)
{
    const struct line *line = &lines[irq];
    uint32_t low = VECTOR_IRQ + irq;
    uint32_t entry;
    const struct io_apic *apic = line_place(irq, &entry);

    if (apic == NULL)
        return;
    if (line_active_low(irq))
        low |= ENTRY_LOW_ACTIVE;
    if (line->level)
        low |= ENTRY_LEVEL;
    if (!line->unmasked || line->pending_acknowledge)
        low |= ENTRY_MASKED;
    io_apic_write(apic, entry + 1, cpus[0]->apic_id << 24);
    io_apic_write(apic, entry, low);
}

/*
 * Purpose: take over interrupt routing. The local APIC comes first.
 */
void interrupt_init(void)
{
    old_controllers_silence();
    for (unsigned i = 0; i < acpi_facts.io_apic_count; i++) {
        struct io_apic *apic = &io_apics[io_apic_count++];

        apic->registers =
            paging_map_device(acpi_facts.io_apics[i].address, IO_APIC_BYTES, PAGING_UNCACHED);
        apic->first_line = acpi_facts.io_apics[i].first_line;
        apic->line_count = (io_apic_read(apic, IO_APIC_VERSION) >> 16 & 0xff) + 1;
        for (uint32_t entry = 0; entry < apic->line_count; entry++)
            io_apic_write(apic, IO_APIC_ENTRIES + 2 * entry, ENTRY_MASKED);
    }
    for (unsigned irq = 0; irq < INTERRUPT_LINES; irq++)
        lines[irq].level = irq < ACPI_ISA_LINES ? acpi_facts.isa[irq].level : true;
}

bool interrupt_attach(unsigned irq, void (*handler)(void *argument), void *argument)
{
    uint32_t entry;

    if (irq >= INTERRUPT_LINES || lines[irq].handler || line_place(irq, &entry) == NULL)
        return false;
    lines[irq].handler = handler;
    lines[irq].argument = argument;
    lines[irq].unmasked = false;
    lines[irq].pending_acknowledge = false;
    return true;
}

void interrupt_detach(unsigned irq)
{
    if (irq >= INTERRUPT_LINES)
        return;
    interrupt_mask(irq);
    lines[irq].handler = NULL;
    lines[irq].pending_acknowledge = false;
}

void interrupt_mask(unsigned irq)
{
    if (irq >= INTERRUPT_LINES)
        return;
    lines[irq].unmasked = false;
    line_program(irq);
}

void interrupt_unmask(unsigned irq)
{
    if (irq >= INTERRUPT_LINES || lines[irq].handler == NULL)
        return;
    lines[irq].unmasked = true;
    line_program(irq);
}

void interrupt_acknowledge(unsigned irq)
{
    if (irq >= INTERRUPT_LINES || !lines[irq].pending_acknowledge)
        return;
    lines[irq].pending_acknowledge = false;
    line_program(irq);
}

/*
 * Purpose: run the handler of a line. A level-triggered line is masked first, so that the device,
 * which may be served much later by a task, does not interrupt without end.
 */
void interrupt_deliver(unsigned vector)
{
    unsigned irq = vector - VECTOR_IRQ;

    if (irq < INTERRUPT_LINES && lines[irq].handler) {
        if (lines[irq].level) {
            lines[irq].pending_acknowledge = true;
            line_program(irq);
        }
        apic_end_of_interrupt();
        lines[irq].handler(lines[irq].argument);
    } else {
        apic_end_of_interrupt();
    }
}
