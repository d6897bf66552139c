/* SPDX-License-Identifier: BSD-2-Clause */
/* The time of day: an offset to the monotonic clock. */
#include <mig/mach_host_server.h>

#include "kernel/clock.h"
#include "kernel/host.h"
#include "kernel/rpc_info.h"
#include "kernel/x86_64/time.h"

/* host_adjust_time moves the clock by that much of each elapsed part: 1/2000, half a
   millisecond a second. */
#define ADJUST_FRACTION 2000

static int64_t offset_ns;      /* time of day minus time since boot */
static int64_t adjustment_ns;  /* still to be added to offset_ns, little by little */
static uint64_t adjusted_ns;   /* up to when adjustment has been applied */

void host_time_init(void)
{
    offset_ns = (int64_t)(time_battery_seconds() * NANOSECONDS_PER_SECOND - clock_now_ns());
}

/* Applies as much of the adjustment as the elapsed time allows. */
static void adjust(uint64_t now_ns)
{
    int64_t step = (int64_t)((now_ns - adjusted_ns) / ADJUST_FRACTION);

    if (adjustment_ns >= 0 && step > adjustment_ns)
        step = adjustment_ns;
    else if (adjustment_ns < 0)
        step = -step < adjustment_ns ? adjustment_ns : -step;
    offset_ns += step;
    adjustment_ns -= step;
    adjusted_ns = now_ns;
}

time_value64_t host_time_at(uint64_t moment_ns)
{
    return time_value64_from_ns((uint64_t)(offset_ns + (int64_t)moment_ns));
}

kern_return_t host_get_time64(host_t found, time_value64_t *time)
{
    uint64_t now_ns = clock_now_ns();

    if (!found)
        return KERN_INVALID_HOST;
    adjust(now_ns);
    *time = host_time_at(now_ns);
    return KERN_SUCCESS;
}

kern_return_t host_get_time(host_t found, time_value_t *time)
{
    time_value64_t now;
    kern_return_t result = host_get_time64(found, &now);

    if (result == KERN_SUCCESS)
        *time = time_value_from_64(now);
    return result;
}

kern_return_t host_get_uptime64(host_t found, time_value64_t *uptime)
{
    if (!found)
        return KERN_INVALID_HOST;
    *uptime = time_value64_from_ns(clock_now_ns());
    return KERN_SUCCESS;
}

/* Nanoseconds of a user's time, or false when it is out of what the clock can hold. */
static bool nanoseconds_of(time_value64_t time, int64_t *ns)
{
    int64_t seconds_ns;

    return time.nanoseconds >= -TIME_NANOS_MAX && time.nanoseconds <= TIME_NANOS_MAX &&
           !__builtin_mul_overflow(time.seconds, (int64_t)TIME_NANOS_MAX, &seconds_ns) &&
           !__builtin_add_overflow(seconds_ns, time.nanoseconds, ns);
}

/* Its definition takes either host port; setting the time needs the privileged one all the same. */
kern_return_t host_set_time64(host_t found, time_value64_t new_time)
{
    int64_t ns;

    if (found != &host_privileged)
        return KERN_INVALID_HOST;
    if (!nanoseconds_of(new_time, &ns) || ns < 0)
        return KERN_INVALID_ARGUMENT;
    offset_ns = ns - (int64_t)clock_now_ns();
    adjustment_ns = 0;
    return KERN_SUCCESS;
}

static time_value64_t time_of_us(time_value_t time)
{
    return (time_value64_t){.seconds = time.seconds, .nanoseconds = time.microseconds * 1000ll};
}

kern_return_t host_set_time(host_t host_priv, time_value_t new_time)
{
    return host_set_time64(host_priv, time_of_us(new_time));
}

kern_return_t host_adjust_time64(host_t host_priv, time_value64_t new_adjustment,
                                 time_value64_t *old_adjustment)
{
    int64_t ns;

    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!nanoseconds_of(new_adjustment, &ns))
        return KERN_INVALID_ARGUMENT;
    adjust(clock_now_ns());
    old_adjustment->seconds = adjustment_ns / TIME_NANOS_MAX;
    old_adjustment->nanoseconds = adjustment_ns % TIME_NANOS_MAX;
    adjustment_ns = ns;
    return KERN_SUCCESS;
}

kern_return_t host_adjust_time(host_t host_priv, time_value_t new_adjustment,
                               time_value_t *old_adjustment)
{
    time_value64_t old;
    kern_return_t result = host_adjust_time64(host_priv, time_of_us(new_adjustment), &old);

    if (result == KERN_SUCCESS)
        *old_adjustment = time_value_from_64(old);
    return result;
}
