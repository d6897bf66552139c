/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects that stand for physical memory: what device_map answers, and what vm_map finds
 * behind them. They end when the last send right goes; what is mapped stays.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

struct port;

void device_map_init(void);
/* Makes one; *memory_object is a send right. Range and protection have been checked. */
kern_return_t device_map_create(uint64_t physical, vm_size_t size, vm_prot_t protection,
                                struct port **memory_object);
/* The memory that a port stands for; false for any other port. Borrows the port. */
bool device_map_lookup(struct port *port, uint64_t *physical, vm_size_t *size,
                       vm_prot_t *protection);
/* Nobody holds a send right to this port any more. */
void device_map_no_senders(struct port *port);
