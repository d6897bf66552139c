/* SPDX-License-Identifier: BSD-2-Clause */
#include "pci.h"

#include "ports.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

#define REGISTER_ID 0x00
#define REGISTER_COMMAND 0x04
#define REGISTER_HEADER 0x0c
#define REGISTER_BASE_0 0x10
#define REGISTER_INTERRUPT 0x3c

#define COMMAND_IO 0x1u
#define COMMAND_MASTER 0x4u
#define COMMAND_NO_INTERRUPT 0x400u
#define HEADER_MULTIFUNCTION 0x800000u
#define BASE_IS_IO 0x1u
#define NO_DEVICE 0xffffu

static uint32_t config_read(const struct pci_device *at, uint8_t number)
{
    port_write32(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)at->bus << 16 |
                                     (uint32_t)at->slot << 11 | (uint32_t)at->function << 8 |
                                     number);
    return port_read32(CONFIG_DATA);
}

static void config_write(const struct pci_device *at, uint8_t number, uint32_t value)
{
    port_write32(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)at->bus << 16 |
                                     (uint32_t)at->slot << 11 | (uint32_t)at->function << 8 |
                                     number);
    port_write32(CONFIG_DATA, value);
}

/* Fills in what is wanted of a function; false if it is not the one, or has no I/O ports. */
static bool matches(struct pci_device *at, uint32_t id)
{
    if (config_read(at, REGISTER_ID) != id)
        return false;
    uint32_t base = config_read(at, REGISTER_BASE_0);
    if (!(base & BASE_IS_IO) || (base & ~(uint32_t)3) == 0)
        return false;
    at->io_base = (uint16_t)(base & ~(uint32_t)3);
    at->interrupt = (uint8_t)config_read(at, REGISTER_INTERRUPT);
    return true;
}

static unsigned functions_of(uint8_t bus, uint8_t slot)
{
    struct pci_device at = {.bus = bus, .slot = slot};
    if ((config_read(&at, REGISTER_ID) & 0xffff) == NO_DEVICE)
        return 0;
    return config_read(&at, REGISTER_HEADER) & HEADER_MULTIFUNCTION ? 8 : 1;
}

bool pci_find(uint16_t vendor, uint16_t device, unsigned index, struct pci_device *found)
{
    uint32_t id = (uint32_t)device << 16 | vendor;
    for (unsigned place = 0; place < 256 * 32; place++) {
        uint8_t bus = (uint8_t)(place / 32), slot = (uint8_t)(place % 32);
        unsigned functions = functions_of(bus, slot);
        for (unsigned function = 0; function < functions; function++) {
            struct pci_device at = {.bus = bus, .slot = slot, .function = (uint8_t)function};
            if (!matches(&at, id) || index-- != 0)
                continue;
            *found = at;
            return true;
        }
    }
    return false;
}

void pci_enable(const struct pci_device *device)
{
    uint32_t command = config_read(device, REGISTER_COMMAND) & 0xffff;
    command = (command | COMMAND_IO | COMMAND_MASTER) & ~COMMAND_NO_INTERRUPT;
    config_write(device, REGISTER_COMMAND, command); /* status bits written as 0 stay */
}
