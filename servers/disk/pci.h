/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding a device on the PCI bus, through the configuration ports.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The ports that this needs to be granted. */
#define PCI_PORT_FIRST 0xcf8
#define PCI_PORT_LAST 0xcff

struct pci_device {
    uint8_t bus, slot, function;
    uint16_t io_base;  /* of base address register 0 */
    uint8_t interrupt; /* line, as the firmware routed it */
};

/* Finds the index-th function with these numbers whose register 0 is in I/O space. */
bool pci_find(uint16_t vendor, uint16_t device, unsigned index, struct pci_device *found);
/* Lets the device answer on its I/O ports and read and write memory. */
void pci_enable(const struct pci_device *device);
