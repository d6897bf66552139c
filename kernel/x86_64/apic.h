/* SPDX-License-Identifier: BSD-2-Clause */
/* The local interrupt controller and its timer. */
#ifndef KERNEL_X86_64_APIC_H
#define KERNEL_X86_64_APIC_H

#include <stdint.h>

/* Switches the local APIC on; measures its timer against the clock. */
void apic_init(void);
/* Says that the interrupt at hand has been taken. */
void apic_end_of_interrupt(void);
/* This processor's number in the interrupt system. */
uint32_t apic_id(void);

#endif
