/* SPDX-License-Identifier: BSD-2-Clause */
/* What the firmware's ACPI tables say that the kernel wants to know. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ACPI_IO_APICS_MAX   4
#define ACPI_ISA_LINES      16
#define ACPI_PROCESSORS_MAX 256

struct acpi_io_apic {
    uint64_t address;
    uint32_t first_line;        /* global number of its first input */
};

/* An ISA interrupt as it is wired. */
struct acpi_isa_line {
    uint32_t line;              /* global number */
    bool active_low;
    bool level;
};

struct acpi_facts {
    bool found;                 /* false: the rest holds the PC's defaults */
    uint64_t local_apic;
    unsigned processors;
    uint8_t processor_apics[ACPI_PROCESSORS_MAX];   /* the interrupt system's names for them */
    unsigned io_apic_count;
    struct acpi_io_apic io_apics[ACPI_IO_APICS_MAX];
    struct acpi_isa_line isa[ACPI_ISA_LINES];
    uint16_t power_port;        /* PM1a control; 0: none */
    uint16_t power_off_type;    /* SLP_TYP of state S5 */
    uint16_t reset_port;        /* 0: none */
    uint8_t reset_value;
};

extern struct acpi_facts acpi_facts;

/* Reads the tables; while the early page tables (first 4 GiB) are loaded. rsdp 0: searches for it. */
void acpi_init(uint64_t rsdp);
