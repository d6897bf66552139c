/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

/* Contents that tell which page they belong to: each 8-byte word of a page is pattern_word. */
uint64_t pattern_word(uint64_t seed, vm_offset_t offset);
/* Fills whole pages as if the first were at that offset of an object. */
void pattern_fill(vm_address_t address, vm_size_t size, uint64_t seed, vm_offset_t offset);
/* Fails the test at the first word that differs. */
void pattern_check(vm_address_t address, vm_size_t size, uint64_t seed, vm_offset_t offset);

/* The machine's counters. */
void memory_statistics(struct vm_statistics *statistics);

/*
 * Memory pressure: anonymous memory, filled so that fewer than leave_free pages are free, or until
 * limit_pages have been touched. Returns the pages touched.
 */
struct pressure {
    vm_address_t address;
    vm_size_t size;
};
unsigned pressure_make(struct pressure *pressure, unsigned leave_free, unsigned limit_pages);
/* Gives it back. */
void pressure_end(struct pressure *pressure);

/* Waits until a condition holds; FALSE if it did not within the time (ms). */
boolean_t wait_until(boolean_t (*holds)(void *), void *argument, unsigned milliseconds);
