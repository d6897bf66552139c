/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor's clock and its one-shot timer. */
#pragma once

#include <stdint.h>

/* Measures the time stamp counter against the PIT; time 0 is tsc_at_entry. */
void time_init(uint64_t tsc_at_entry);
/* Nanoseconds since the boot door was reached; 0 before time_init. */
uint64_t clock_now_ns(void);
/* How long so many ticks of the time stamp counter last. */
uint64_t time_ticks_to_ns(uint64_t ticks);
/* Has the timer interrupt at that time, or at once if it is past. Replaces an earlier one. */
void timer_arm_ns(uint64_t deadline_ns);
/* Seconds since 1970 in the battery clock, UTC. */
uint64_t time_battery_seconds(void);
/* Ticks of the time stamp counter in a second. */
uint64_t time_tsc_hz(void);

static inline uint64_t time_stamp(void)
{
    uint64_t low, high; /* 32 bits each */

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return high << 32 | low;
}

/* Writes it to memory, which takes two instructions less. */
static inline void time_stamp_store(uint64_t *where)
{
    __asm__ volatile("rdtsc\n\tmov %%eax, (%1)\n\tmov %%edx, 4(%1)"
                     : "=m"(*where) : "r"(where) : "rax", "rdx");
}
