/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wheel of one-millisecond slots: a time-out lies in the slot of its deadline's millisecond,
 * modulo the wheel. Starting and cancelling take constant time; an interrupt looks at the slots
 * that have passed since the last. The timer is armed for the earliest deadline within the next
 * tick, else for the tick itself, so that what lies further ahead is looked at in time.
 */
#include "kernel/clock.h"

#include "kernel/sched.h"
#include "kernel/x86_64/thread_machine.h"
#include "kernel/x86_64/time.h"

#define WHEEL_SLOTS 1024u /* a power of two */
#define TICK_MS 10u

static struct list wheel[WHEEL_SLOTS];
static uint64_t next_ms;    /* the first millisecond that has not been looked at completely */
static uint64_t armed_ns;   /* when the timer will interrupt; DEADLINE_NEVER before clock_init */

static struct list *slot_of(uint64_t ms)
{
    return &wheel[ms % WHEEL_SLOTS];
}

static void arm(uint64_t deadline_ns)
{
    armed_ns = deadline_ns;
    timer_arm_ns(deadline_ns);
}

void clock_init(void)
{
    for (unsigned i = 0; i < WHEEL_SLOTS; i++)
        list_init(&wheel[i]);
    next_ms = clock_now_ns() / NANOSECONDS_PER_MILLISECOND;
    arm(clock_now_ns() + TICK_MS * NANOSECONDS_PER_MILLISECOND);
}

/*
 * Schedules function(argument) for the deadline (not DEADLINE_NEVER; a past one is due at once).
 * The function runs in interrupt context: it must not sleep.
 * Conditions: the time-out is not pending.
 */
void timeout_start(struct timeout *timeout, uint64_t deadline_ns, void (*function)(void *),
                   void *argument)
{
    uint64_t ms = deadline_ns / NANOSECONDS_PER_MILLISECOND;

    timeout->deadline_ns = deadline_ns;
    timeout->function = function;
    timeout->argument = argument;
    list_insert_tail(slot_of(ms < next_ms ? next_ms : ms), &timeout->link);
    if (deadline_ns < armed_ns)
        arm(deadline_ns);
}

void timeout_cancel(struct timeout *timeout)
{
    if (list_node_linked(&timeout->link))
        list_remove(&timeout->link);
}

/* Calls what is due in one slot. A function may start and cancel time-outs: so begin again
   after each. */
static void run_slot(struct list *slot, uint64_t now_ns)
{
    struct list later;

    list_init(&later);
    for (struct list_node *node; (node = list_take_first(slot)) != NULL;) {
        struct timeout *timeout = list_entry(node, struct timeout, link);

        if (timeout->deadline_ns > now_ns)
            list_insert_tail(&later, node);
        else
            timeout->function(timeout->argument);
    }
    for (struct list_node *node; (node = list_take_first(&later)) != NULL;)
        list_insert_tail(slot, node);
}

/* The earliest deadline of the next tick's slots, or the end of the tick. */
static uint64_t next_deadline(uint64_t now_ns)
{
    uint64_t earliest = now_ns + TICK_MS * NANOSECONDS_PER_MILLISECOND;

    for (uint64_t ms = next_ms; ms <= next_ms + TICK_MS; ms++) {
        list_for_each(slot_of(ms), node) {
            struct timeout *timeout = list_entry(node, struct timeout, link);

            if (timeout->deadline_ns < earliest)
                earliest = timeout->deadline_ns;
        }
    }
    return earliest;
}

void clock_interrupt(void)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t now_ms = now_ns / NANOSECONDS_PER_MILLISECOND;

    /* After a long stop each slot is still looked at once only. */
    if (now_ms - next_ms >= WHEEL_SLOTS)
        next_ms = now_ms - WHEEL_SLOTS + 1;
    for (; next_ms < now_ms; next_ms++)
        run_slot(slot_of(next_ms), now_ns);
    run_slot(slot_of(now_ms), now_ns);
    arm(next_deadline(now_ns));
}

uint64_t deadline_after_ms(uint32_t milliseconds)
{
    /* 1 more than now at the least: the clock may still stand at 0. */
    return clock_now_ns() + milliseconds * NANOSECONDS_PER_MILLISECOND + 1;
}
