/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock is the time stamp counter, measured once against the PIT's channel 2, whose rate is known
 * (Intel 8254 data sheet). The date comes from the battery clock (Motorola MC146818).
 */
#include "kernel/x86_64/time.h"

#include "kernel/x86_64/io.h"

#define PIT_HZ              1193182UL
#define NS_PER_SECOND       1000000000UL
#define MEASURE_TICKS       1193u       /* about a millisecond */
#define MEASURE_ROUNDS      1000000u    /* a PIT that stands still ends the measurement */
#define MHZ                 1000000UL
#define HZ_WITHOUT_PIT      (1000 * MHZ)

enum { PIT_CHANNEL2 = 0x42, PIT_COMMAND = 0x43, GATE_PORT = 0x61, GATE_ON = 1, SPEAKER_ON = 2 };
enum { PIT_CHANNEL2_MODE2 = 0xb4, PIT_LATCH_CHANNEL2 = 0x80 };
enum { CMOS_INDEX = 0x70, CMOS_DATA = 0x71, CMOS_STATUS_A = 0x0a, CMOS_STATUS_B = 0x0b };
enum { CMOS_UPDATING = 0x80, CMOS_BINARY = 0x04, CMOS_24_HOURS = 0x02, CMOS_AFTERNOON = 0x80 };

static uint64_t tsc_start;
static uint64_t tsc_hz;
static uint64_t ns_per_tick_32;         /* 32.32 fixed point; 0: not measured yet */

static uint16_t pit_count(void)
{
    uint8_t low;

    out8(PIT_COMMAND, PIT_LATCH_CHANNEL2);
    low = in8(PIT_CHANNEL2);
    return (uint16_t)(low | in8(PIT_CHANNEL2) << 8);
}

/* Time stamp at a moment when the count has just changed; *count is the new one. */
static uint64_t pit_edge(uint16_t *count)
{
    uint16_t before = pit_count();

    for (unsigned i = 0; i < MEASURE_ROUNDS; i++) {
        *count = pit_count();
        if (*count != before)
            break;
    }
    return time_stamp();
}

/*
 * Ticks of the time stamp counter between two edges of the PIT's count, about a millisecond apart. The
 * count runs down from 65536 and wraps; the differences are taken modulo that.
 */
static uint64_t measure(void)
{
    uint16_t first, last;
    uint64_t start, end;
    unsigned rounds = 0;

    out8(GATE_PORT, (in8(GATE_PORT) & ~SPEAKER_ON) | GATE_ON);
    out8(PIT_COMMAND, PIT_CHANNEL2_MODE2);
    out8(PIT_CHANNEL2, 0);
    out8(PIT_CHANNEL2, 0);
    start = pit_edge(&first);
    do
        end = pit_edge(&last);
    while ((uint16_t)(first - last) < MEASURE_TICKS && ++rounds < MEASURE_ROUNDS);
    if (last == first)
        return HZ_WITHOUT_PIT;
    return (end - start) * PIT_HZ / (uint16_t)(first - last);
}

/*
 * Purpose: start the clock. The rate is rounded to whole MHz, as processors have it: under QEMU's
 * instruction counting exactly one tick a nanosecond comes out.
 */
void time_init(uint64_t tsc_at_entry)
{
    tsc_hz = (measure() + MHZ / 2) / MHZ * MHZ;
    if (tsc_hz == 0)
        tsc_hz = MHZ;
    tsc_start = tsc_at_entry;
    ns_per_tick_32 = (NS_PER_SECOND << 32) / tsc_hz;
}

uint64_t time_ticks_to_ns(uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * ns_per_tick_32 >> 32);
}

uint64_t clock_now_ns(void)
{
    return time_ticks_to_ns(time_stamp() - tsc_start);
}

uint64_t time_tsc_hz(void)
{
    return tsc_hz;
}

static uint8_t cmos_read(uint8_t index)
{
    out8(CMOS_INDEX, index);
    return in8(CMOS_DATA);
}

/* One field of the date, as the clock's mode has it. */
static unsigned cmos_number(uint8_t index, uint8_t mode)
{
    uint8_t value = cmos_read(index);

    return mode & CMOS_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

static unsigned cmos_hour(uint8_t mode)
{
    uint8_t raw = cmos_read(4);
    uint8_t value = raw & (uint8_t)~CMOS_AFTERNOON;
    unsigned hour = mode & CMOS_BINARY ? value : (value >> 4) * 10u + (value & 15);

    if (mode & CMOS_24_HOURS)
        return hour;
    return hour % 12 + (raw & CMOS_AFTERNOON ? 12 : 0);
}

/* Days since 1970-01-01 of a date in this century. */
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    static const uint16_t before_month[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    unsigned years = year - 1970;
    uint64_t days = years * 365u + (years + 1) / 4;

    if (month < 1 || month > 12)
        month = 1;
    days += before_month[month - 1] + (day - 1);
    if (month > 2 && year % 4 == 0)
        days++;
    return days;
}

uint64_t time_battery_seconds(void)
{
    uint8_t mode = cmos_read(CMOS_STATUS_B);
    uint64_t seconds, again = 0;

    do {
        seconds = again;
        for (unsigned i = 0; i < MEASURE_ROUNDS && (cmos_read(CMOS_STATUS_A) & CMOS_UPDATING); i++)
            ;
        again = days_since_1970(2000 + cmos_number(9, mode), cmos_number(8, mode),
                                cmos_number(7, mode));
        again = again * 24 + cmos_hour(mode);
        again = again * 60 + cmos_number(2, mode);
        again = again * 60 + cmos_number(0, mode);
    } while (again != seconds);
    return seconds;
}
