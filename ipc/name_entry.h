/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One name of a space: which rights it stands for, and for what.
 *
 * An entry is in use while it has a type bit. Send and receive for one port share an entry, and
 * then hold one port reference each. References (MACH_PORT_TYPE_SEND and _DEAD_NAME) are counted in
 * the low half of bits, 1..65535, and stick at the top; a send-once right always has one.
 */
#pragma once

#include <stdint.h>

#include <mach/port.h>

struct dead_name_request;
struct port;
struct port_set;

#define ENTRY_REFERENCES_MAX 0xffffu
#define ENTRY_TYPE_MASK 0xffff0000u

struct name_entry {
    union {
        struct port *port;          /* NULL for a dead name */
        struct port_set *set;
    };
    uint32_t bits;                  /* MACH_PORT_TYPE_* and references */
    union {
        mach_port_name_t name;      /* when free: the next name of this slot */
        uint8_t generation;         /* its low byte */
    };
    struct dead_name_request *request;
    struct name_entry *link;        /* free list, or hash chain of pure send rights */
};

static inline uint32_t entry_references(const struct name_entry *entry)
{
    return entry->bits & ENTRY_REFERENCES_MAX;
}

/* Adds a reference; one too many is lost. */
static inline void entry_add_reference(struct name_entry *entry)
{
    if (entry_references(entry) < ENTRY_REFERENCES_MAX)
        entry->bits++;
}
