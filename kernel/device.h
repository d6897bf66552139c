/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices that the kernel itself serves (device 2800): names, and a few operations each. All
 * exist once and for ever: no references are counted. What comes and goes is a device's port, which
 * all who have it open share: it lives from the first opening to the last close, or until nobody has
 * a right to it any more.
 *
 *   console, com0   the first serial line               kernel/device_console.c
 *   com1            the report channel of tests         kernel/device_console.c
 *   initrd          the boot archive, by byte offset    kernel/device_initrd.c
 *   mem             physical memory, to be mapped       kernel/device_map.c
 *   time            the time of day, to be mapped       kernel/device_time.c
 *   irq             interrupts as messages              kernel/device_irq.c
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <device/device_types.h>
#include <mach/machine/vm_types.h>

struct port;

struct device_operations {
    /*
     * Hands out at most `wanted` bytes (> 0) from a record on and takes them off a stream. Those of
     * a stream, IO_INBAND_MAX at most, stay valid until the caller sleeps. *bytes 0 at the end. D_WOULD_BLOCK: none yet; NULL: not
     * readable.
     */
    io_return_t (*fetch)(uint64_t record, unsigned wanted, const char **data, unsigned *bytes);
    /* Takes all bytes; NULL: not writable. */
    void (*store)(const char *data, unsigned bytes);
    /* Bytes of the device (0: a stream) and of a record. */
    void (*size)(uint64_t *device_bytes, unsigned *record_bytes);
    /* Physical address of a range that may be mapped; D_INVALID_OPERATION: none; NULL: never. */
    io_return_t (*map)(vm_offset_t offset, vm_size_t bytes, uint64_t *physical);
};

struct device {
    const char *name;
    const struct device_operations *operations;
    struct port *port;          /* kernel-held receive right; NULL while nobody has it open */
    unsigned openings;          /* not closed yet */
};

/* Kernel-held receive right of the master port, which opens devices. */
extern struct port *device_master;

/* Makes the master port; initrd_start and _end are physical (equal: none). */
void device_init(uint64_t initrd_start, uint64_t initrd_end);
/* A device's port that asked for it has lost its last send right: whoever had it open is gone. */
void device_no_senders(struct port *port);
/* True for the master port. Borrows the port. */
bool device_is_master(struct port *port);

extern const struct device_operations device_console, device_report, device_initrd, device_memory,
    device_time, device_irq;
