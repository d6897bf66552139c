/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdint.h>

#include "report.h"

/*
 * What operations cost, by the time-stamp counter; under tools/bench --scale a tick is one instruction. The
 * report has a line `bench: ROW COUNT MEAN` for each row and number of things that there are.
 */
static inline uint64_t meter_now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void meter_report(const char *row, unsigned count, uint64_t ticks, unsigned operations)
{
    report("bench: %s %u %lu", row, count, (unsigned long)(ticks / operations));
}

/* Runs the statement `operations` times, with `i` counting, and reports the mean. */
#define METER(row, count, operations, statement)                                                   \
    do {                                                                                           \
        uint64_t meter_start_ = meter_now();                                                       \
                                                                                                   \
        for (unsigned i = 0; i < (operations); i++)                                                \
            statement;                                                                             \
        meter_report(row, count, meter_now() - meter_start_, operations);                          \
    } while (0)
