/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio block device through its legacy I/O ports, with one queue of requests.
 *
 * A request occupies a slot: a header, a status byte and a buffer in memory that the device reads
 * and writes. To transfer: fill the slot's buffer (for a write), virtio_submit(), and when
 * virtio_harvest() gives the slot back, see its status, take the data (of a read).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/port.h>

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_BLOCK_LEGACY 0x1001
/* I/O ports that the device has at its base. */
#define VIRTIO_PORTS 0x40

#define SECTOR_BYTES 512u
#define SLOT_COUNT 8u
#define SLOT_BYTES (64u * 1024)

/* Sets the device up; draws on the host for memory that devices can reach. KERN_FAILURE: the device
   does not take the drivers's terms. */
kern_return_t virtio_start(uint16_t io_base, mach_port_t host_privileged);
/* Sectors of the device; whether it must not be written. */
uint64_t virtio_sectors(void);
bool virtio_read_only(void);
/* The memory of a slot's data. */
void *virtio_buffer(unsigned slot);
/* Starts the transfer of at most SLOT_BYTES between the device and the slot's buffer. */
void virtio_submit(unsigned slot, bool write, uint64_t sector, uint32_t bytes);
/* A finished slot, and whether it went well; false if none is finished. */
bool virtio_harvest(unsigned *slot, bool *good);
/* Takes the interrupt back at the device; true if it had one. */
bool virtio_acknowledge(void);
