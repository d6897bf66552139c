/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: what happens is recorded always, each processor writing into a ring of its own over what is
 * oldest there. <mach/porthole_trace.h> has the kinds of events, kernel/trace.c who reads them.
 *
 * Recording takes a load, an addition and five stores, and on the message path no time stamp but the
 * one that is taken anyway. For that a ring is two columns of 64 KiB, each with half of all events'
 * words, one behind the other and aligned: the sixteen low bits of the address turn around by themselves.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <mach/message.h>
#include <mach/porthole_trace.h>

#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/time.h"

#define TRACE_COLUMN_BYTES 65536u
#define TRACE_COLUMN_WORDS (TRACE_COLUMN_BYTES / sizeof(uint64_t))
#define TRACE_RING_BYTES (2 * TRACE_COLUMN_BYTES)

/* Writes all of this processor's next event but its time, for which it returns the place. */
static inline uint64_t *trace_without_time(uint8_t kind, uint64_t subject, uint64_t object,
                                           uint64_t detail)
{
    union cpu_trace __seg_gs *place =
        (union cpu_trace __seg_gs *)__builtin_offsetof(struct cpu, trace);
    uint64_t *event = place->next, *rest = event + TRACE_COLUMN_WORDS;

    place->low_bits += 2 * sizeof *event;
    event[1] = subject;
    rest[0] = object;
    if (kind != PORTHOLE_TRACE_HAND_OVER) /* else a kernel address has it */
        ((uint8_t *)rest)[sizeof *rest - 1] = kind;
    rest[1] = detail;
    return event;
}

/* Records an event of this processor at a time that the caller has taken just now. Interrupts are off, the
   kernel's lock is held: so neither here nor in trace() is an event half written when somebody looks. */
static inline void trace_at(uint64_t time, uint8_t kind, uint64_t subject, uint64_t object,
                            uint64_t detail)
{
    *trace_without_time(kind, subject, object, detail) = time;
}

/* The same, now. */
static inline void trace(uint8_t kind, uint64_t subject, uint64_t object, uint64_t detail)
{
    time_stamp_store(trace_without_time(kind, subject, object, detail));
}

/* A message's id and sequence number, as one word. */
static inline uint64_t trace_message(const mach_msg_header_t *header)
{
    uint64_t word;

    _Static_assert(offsetof(mach_msg_header_t, msgh_id) ==
                       offsetof(mach_msg_header_t, msgh_seqno) + sizeof header->msgh_seqno,
                   "one word");
    __builtin_memcpy(&word, (const char *)header + offsetof(mach_msg_header_t, msgh_seqno),
                     sizeof word);
    return word;
}
