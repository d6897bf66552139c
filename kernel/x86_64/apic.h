/* SPDX-License-Identifier: BSD-2-Clause */
/* The local interrupt controller and its timer. */
#pragma once

#include <stdint.h>

/* Switches the local APIC on; measures its timer against the clock. */
void apic_init(void);
/* Says that the interrupt at hand has been taken. */
void apic_end_of_interrupt(void);
/* The same on another processor, as the first found it. */
void apic_init_other(void);
/* This processor's name in the interrupt system. */
uint32_t apic_id(void);

/* What can be sent besides vectors. */
#define APIC_SEND_NMI   0x400u
#define APIC_SEND_INIT  0x500u
#define APIC_SEND_START 0x600u  /* or the number of a page below 1 MiB, where it begins in real mode */

/* Sends an interrupt to the processor of that name: a vector, or one of the above. */
void apic_send(uint32_t apic_id, uint32_t what);
