/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a system that found itself wrong. */
#pragma once

struct trap_frame;

/* Says what is wrong, where, and who waits for whom; ends the run. */
void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The same with the registers and the backtrace of a trap. */
void panic_with_frame(const struct trap_frame *frame, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Ends this processor if another one has begun to panic; called by what its NMI ends up in. */
void panic_join(void);

/* Something that holds, whatever users do. Costs a test: keep it out of loops. */
#define assert(condition)                                                              \
    do {                                                                               \
        if (__builtin_expect(!(condition), 0))                                         \
            panic("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__);     \
    } while (0)
