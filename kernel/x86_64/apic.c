/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC in its memory-mapped form (xAPIC). Intel SDM volume 3, chapter "APIC". */
#include "kernel/x86_64/apic.h"

#include "kernel/panic.h"
#include "kernel/x86_64/acpi.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"
#include "kernel/x86_64/time.h"

/* Registers, in bytes. */
enum {
    APIC_ID = 0x20,
    APIC_PRIORITY = 0x80,
    APIC_END = 0xb0,
    APIC_SPURIOUS = 0xf0,
    APIC_COMMAND = 0x300,
    APIC_COMMAND_TARGET = 0x310,
    APIC_LOCAL_TIMER = 0x320,
    APIC_LOCAL_LINT0 = 0x350,
    APIC_LOCAL_LINT1 = 0x360,
    APIC_LOCAL_ERROR = 0x370,
    APIC_TIMER_START = 0x380,
    APIC_TIMER_NOW = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
};

enum { LOCAL_MASKED = 1 << 16, LOCAL_NMI = 4 << 8, SPURIOUS_ENABLE = 1 << 8, DIVIDE_BY_16 = 3 };
enum { COMMAND_PENDING = 1 << 12, COMMAND_ASSERT = 1 << 14 };

#define BASE_ENABLE         (1UL << 11)
#define MEASURE_NS          500000u
#define NS_PER_SECOND       1000000000UL
#define REGISTERS_BYTES     4096

static volatile uint8_t *registers;
static uint64_t ticks_per_ns_32;        /* 32.32 fixed point */

static uint32_t apic_read(unsigned offset)
{
    return *(volatile uint32_t *)(registers + offset);
}

static void apic_write(unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(registers + offset) = value;
}

static void timer_measure(void)
{
    uint64_t start, end;
    uint32_t left;

    apic_write(APIC_LOCAL_TIMER, LOCAL_MASKED | VECTOR_TIMER);
    start = clock_now_ns();
    apic_write(APIC_TIMER_START, UINT32_MAX);
    while (clock_now_ns() - start < MEASURE_NS)
        ;
    left = apic_read(APIC_TIMER_NOW);
    end = clock_now_ns();
    apic_write(APIC_TIMER_START, 0);
    ticks_per_ns_32 = ((uint64_t)(UINT32_MAX - left) << 32) / (end - start);
    if (ticks_per_ns_32 == 0)
        panic("the APIC timer does not run");
}

/* NMI is on the second line, where PCs have it. */
static void switch_on(void)
{
    msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | BASE_ENABLE);
    apic_write(APIC_PRIORITY, 0);
    apic_write(APIC_LOCAL_LINT0, LOCAL_MASKED);
    apic_write(APIC_LOCAL_LINT1, LOCAL_NMI);
    apic_write(APIC_LOCAL_ERROR, VECTOR_ERROR);
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
}

/*
 * Purpose: ready the local APIC and its timer.
 * Conditions: acpi_facts and the clock are there; interrupts off.
 */
void apic_init(void)
{
    registers = paging_map_device(acpi_facts.local_apic, REGISTERS_BYTES, PAGING_UNCACHED);
    switch_on();
    timer_measure();
    apic_write(APIC_LOCAL_TIMER, VECTOR_TIMER);
    this_cpu()->apic_id = apic_id();
}

void apic_init_other(void)
{
    switch_on();
    apic_write(APIC_LOCAL_TIMER, VECTOR_TIMER);
}

/* Conditions: interrupts are off, so that nobody else writes the two halves of a command. */
void apic_send(uint32_t target, uint32_t what)
{
    apic_write(APIC_COMMAND_TARGET, target << 24);
    apic_write(APIC_COMMAND, COMMAND_ASSERT | what);
    while (apic_read(APIC_COMMAND) & COMMAND_PENDING)
        cpu_pause();
}

void apic_end_of_interrupt(void)
{
    apic_write(APIC_END, 0);
}

uint32_t apic_id(void)
{
    return apic_read(APIC_ID) >> 24;
}

/*
 * Purpose: one interrupt at the deadline. A deadline further away than the counter reaches interrupts
 * early; clock_interrupt finds nothing due and arms again.
 */
void timer_arm_ns(uint64_t deadline_ns)
{
    uint64_t now = clock_now_ns();
    uint64_t away = deadline_ns > now ? deadline_ns - now : 1;
    uint64_t ticks;

    if (away > NS_PER_SECOND)
        away = NS_PER_SECOND;
    ticks = (away * ticks_per_ns_32 >> 32) + 1;
    apic_write(APIC_TIMER_START, ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}
