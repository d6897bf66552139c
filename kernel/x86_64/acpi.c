/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables. Layouts: ACPI specification 6.5, chapter 5. Only static tables are read; of the DSDT's
 * byte code only the package \_S5, which must be there in plain to be of use.
 */
#include "kernel/x86_64/acpi.h"

#include "kernel/string.h"
#include "kernel/x86_64/boot_memory.h"

#include <stddef.h>

#define EARLY_LIMIT         (UINT64_C(1) << 32)
#define BIOS_START          0xe0000
#define BIOS_END            0x100000
#define TABLE_BYTES_MAX     (4u << 20)

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
} __attribute__((packed));

struct table {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem[6];
    char oem_table[8];
    uint32_t oem_revision;
    uint32_t creator;
    uint32_t creator_revision;
} __attribute__((packed));

enum { MADT_LOCAL_APIC = 0, MADT_IO_APIC = 1, MADT_OVERRIDE = 2, MADT_LOCAL_ADDRESS = 5 };

/* Offsets in the FADT. */
enum { FADT_DSDT = 40, FADT_PM1A_CONTROL = 64, FADT_FLAGS = 112, FADT_RESET = 116,
       FADT_RESET_VALUE = 128, FADT_BYTES_WITH_RESET = 129 };
#define FADT_FLAG_RESET     (1u << 10)

struct acpi_facts acpi_facts = {
    .local_apic = 0xfee00000,
    .processors = 1,
    .io_apic_count = 1,
    .io_apics = { { 0xfec00000, 0 } },
};

static uint64_t read(const void *at, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    return value;
}

static bool sum_is_zero(const void *start, size_t bytes)
{
    const uint8_t *at = start;
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + at[i]);
    return sum == 0;
}

/* A whole, checked table at a physical address, or NULL. */
static const struct table *table_at(uint64_t physical)
{
    const struct table *table = direct_map(physical);

    if (physical == 0 || physical >= EARLY_LIMIT - sizeof(*table))
        return NULL;
    if (table->length < sizeof(*table) || table->length > TABLE_BYTES_MAX ||
        physical + table->length > EARLY_LIMIT)
        return NULL;
    return sum_is_zero(table, table->length) ? table : NULL;
}

static const struct rsdp *rsdp_check(uint64_t physical)
{
    const struct rsdp *rsdp = direct_map(physical);

    if (physical >= EARLY_LIMIT - sizeof(*rsdp) || memcmp(rsdp->signature, "RSD PTR ", 8) != 0)
        return NULL;
    return sum_is_zero(rsdp, 20) ? rsdp : NULL;
}

static const struct rsdp *rsdp_find(uint64_t hint)
{
    const struct rsdp *rsdp = hint ? rsdp_check(hint) : NULL;

    for (uint64_t at = BIOS_START; rsdp == NULL && at < BIOS_END; at += 16)
        rsdp = rsdp_check(at);
    return rsdp;
}

static void isa_override(const uint8_t *entry)
{
    unsigned source = entry[3];
    unsigned flags = (unsigned)read(entry + 8, 2);

    if (source >= ACPI_ISA_LINES)
        return;
    acpi_facts.isa[source] = (struct acpi_isa_line){
        .line = (uint32_t)read(entry + 4, 4),
        .active_low = (flags & 3) == 3,
        .level = (flags >> 2 & 3) == 3,
    };
}

static void madt_entry(const uint8_t *entry)
{
    switch (entry[0]) {
    case MADT_LOCAL_APIC:
        if ((entry[4] & 1) && acpi_facts.processors < ACPI_PROCESSORS_MAX)
            acpi_facts.processor_apics[acpi_facts.processors++] = entry[3];
        break;
    case MADT_IO_APIC:
        if (acpi_facts.io_apic_count < ACPI_IO_APICS_MAX)
            acpi_facts.io_apics[acpi_facts.io_apic_count++] =
                (struct acpi_io_apic){ read(entry + 4, 4), (uint32_t)read(entry + 8, 4) };
        break;
    case MADT_OVERRIDE:
        isa_override(entry);
        break;
    case MADT_LOCAL_ADDRESS:
        acpi_facts.local_apic = read(entry + 4, 8);
        break;
    }
}

static void madt_read(const struct table *table)
{
    const uint8_t *at = (const uint8_t *)table + sizeof(*table) + 8;
    const uint8_t *end = (const uint8_t *)table + table->length;

    acpi_facts.local_apic = read(at - 8, 4);
    acpi_facts.processors = 0;
    acpi_facts.io_apic_count = 0;
    for (; at + 2 <= end && at[1] >= 2 && at + at[1] <= end; at += at[1])
        madt_entry(at);
}

/* Name(_S5_, Package { SLP_TYPa, ... }): the first element, as a small constant or a byte. */
static void power_off_type_read(const struct table *dsdt)
{
    const uint8_t *at = (const uint8_t *)(dsdt + 1);
    const uint8_t *end = (const uint8_t *)dsdt + dsdt->length;

    for (; at + 12 <= end; at++) {
        const uint8_t *package = at + 5;

        if (memcmp(at, "_S5_", 4) != 0 || at[4] != 0x12)
            continue;
        package += (*package >> 6) + 1;         /* the package's length, 1 to 4 bytes */
        package++;                              /* the number of elements */
        if (package + 1 < end)
            acpi_facts.power_off_type = *package == 0x0a ? package[1] : *package;
        return;
    }
}

static void fadt_read(const struct table *table)
{
    const uint8_t *fadt = (const uint8_t *)table;
    const struct table *dsdt;

    if (table->length < FADT_FLAGS + 4)
        return;
    acpi_facts.power_port = (uint16_t)read(fadt + FADT_PM1A_CONTROL, 4);
    dsdt = table_at(read(fadt + FADT_DSDT, 4));
    if (dsdt)
        power_off_type_read(dsdt);
    if (table->length >= FADT_BYTES_WITH_RESET && (read(fadt + FADT_FLAGS, 4) & FADT_FLAG_RESET) &&
        fadt[FADT_RESET] == 1) {                /* in I/O space */
        acpi_facts.reset_port = (uint16_t)read(fadt + FADT_RESET + 4, 8);
        acpi_facts.reset_value = fadt[FADT_RESET_VALUE];
    }
}

/*
 * Purpose: fill acpi_facts. Without tables it keeps the PC's traditional wiring.
 * Conditions: nothing in the tables is believed before its length and checksum are right.
 */
void acpi_init(uint64_t hint)
{
    const struct rsdp *rsdp;
    const struct table *root;
    unsigned entry_bytes;

    for (unsigned i = 0; i < ACPI_ISA_LINES; i++)
        acpi_facts.isa[i].line = i;
    rsdp = rsdp_find(hint);
    if (rsdp == NULL)
        return;
    entry_bytes = rsdp->revision >= 2 && rsdp->xsdt ? 8 : 4;
    root = table_at(entry_bytes == 8 ? rsdp->xsdt : rsdp->rsdt);
    if (root == NULL)
        return;
    for (uint32_t at = sizeof(*root); at + entry_bytes <= root->length; at += entry_bytes) {
        const struct table *table = table_at(read((const char *)root + at, entry_bytes));

        if (table == NULL)
            continue;
        if (memcmp(table->signature, "APIC", 4) == 0) {
            madt_read(table);
            acpi_facts.found = true;
        } else if (memcmp(table->signature, "FACP", 4) == 0) {
            fadt_read(table);
        }
    }
}
