/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_HEAP_H
#define PORTHOLE_HEAP_H

#include <mach/boolean.h>
#include <stddef.h>

/*
 * Puts that much memory into malloc's store now. With fixed TRUE the store never grows again, so
 * that a server which must not wait for memory can wire what it has (vm_wire_all) and be sure.
 */
boolean_t heap_reserve(size_t bytes, boolean_t fixed);

struct heap_statistics {
    size_t total_bytes; /* got from the kernel */
    size_t free_bytes;
};
void heap_statistics(struct heap_statistics *statistics);

#endif
