/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device interrupts by ISA number (IRQ 0..15) or global number (16 and up; PCI).
 *
 * A handler runs in the kernel with interrupts off. Until it, or somebody later, calls
 * interrupt_acknowledge, a level-triggered line stays masked: that is how a driver in a task gets
 * the time to quiet its device.
 */
#pragma once

#include <stdbool.h>

#define INTERRUPT_LINES 24

/* Finds and programs the interrupt controllers; all lines masked. */
void interrupt_init(void);
/* Installs the handler of a line; false if the line does not exist or is taken. Leaves it masked. */
bool interrupt_attach(unsigned irq, void (*handler)(void *argument), void *argument);
/* Masks the line and forgets its handler. */
void interrupt_detach(unsigned irq);
/* Stops a line. */
void interrupt_mask(unsigned irq);
/* Lets a line interrupt. */
void interrupt_unmask(unsigned irq);
/* Says that the device of a line has been served: the line may interrupt again. */
void interrupt_acknowledge(unsigned irq);
/* Entry from the trap code: serves the line behind a vector. */
void interrupt_deliver(unsigned vector);
