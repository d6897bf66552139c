/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two wheels. A time-out is due at a millisecond, the first that begins at or after its deadline. The near
 * wheel has the slots of the current block of 1024 of them, the far wheel one slot for each later block, modulo
 * the wheel: when a block begins, its time-outs move to the near wheel. So starting, cancelling and waiting take
 * constant time each, however many there are. The timer is armed for the next slot that has any, or for the
 * block's or the tick's end.
 *
 * Each processor has a timer, and looks at the same wheels when it goes off: a time-out is started on
 * a processor whose timer is armed in time for it, and called by whichever comes first. The timers
 * of idle processors rest, but the first one's, until a time-out is near.
 */
#include "kernel/clock.h"

#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/time.h"

#define NEAR_SLOTS 1024u /* milliseconds of a block */
#define FAR_SLOTS 128u
#define TICK_MS 10u
#define RESTING UINT64_MAX

static struct list near_wheel[NEAR_SLOTS], far_wheel[FAR_SLOTS];
static uint64_t next_ms;    /* the first millisecond that has not been looked at completely */

static struct list *slot_of(uint64_t ms)
{
    if (ms / NEAR_SLOTS == next_ms / NEAR_SLOTS)
        return &near_wheel[ms % NEAR_SLOTS];
    return &far_wheel[ms / NEAR_SLOTS % FAR_SLOTS];
}

/* Puts a time-out where it is found in time; the millisecond when it is due. */
static uint64_t place(struct timeout *timeout)
{
    uint64_t ms = timeout->deadline_ns / NANOSECONDS_PER_MILLISECOND +
                  (timeout->deadline_ns % NANOSECONDS_PER_MILLISECOND != 0);

    if (ms < next_ms)
        ms = next_ms;
    list_insert_tail(slot_of(ms), &timeout->link);
    return ms;
}

static void arm(uint64_t deadline_ns)
{
    this_cpu()->timer_ns = deadline_ns;
    timer_arm_ns(deadline_ns);
}

void clock_init(void)
{
    for (unsigned i = 0; i < NEAR_SLOTS; i++)
        list_init(&near_wheel[i]);
    for (unsigned i = 0; i < FAR_SLOTS; i++)
        list_init(&far_wheel[i]);
    next_ms = clock_now_ns() / NANOSECONDS_PER_MILLISECOND;
    arm(clock_now_ns() + TICK_MS * NANOSECONDS_PER_MILLISECOND);
}

void clock_resume(void)
{
    if (this_cpu()->timer_ns == RESTING)
        arm(clock_now_ns() + TICK_MS * NANOSECONDS_PER_MILLISECOND);
}

/*
 * Schedules function(argument) for the deadline (not DEADLINE_NEVER), not before it, and
 * up to a millisecond later.
 * The function runs in interrupt context: it must not sleep.
 * Conditions: the time-out is not pending.
 */
void timeout_start(struct timeout *timeout, uint64_t deadline_ns, void (*function)(void *),
                   void *argument)
{
    uint64_t due_ns;

    timeout->deadline_ns = deadline_ns;
    timeout->function = function;
    timeout->argument = argument;
    due_ns = place(timeout) * NANOSECONDS_PER_MILLISECOND;
    if (due_ns < this_cpu()->timer_ns)
        arm(due_ns);
}

void timeout_cancel(struct timeout *timeout)
{
    if (list_node_linked(&timeout->link))
        list_remove(&timeout->link);
}

/* A block begins at next_ms: its time-outs come near; those of later rounds of the wheel stay. */
static void begin_block(void)
{
    struct list *slot = &far_wheel[next_ms / NEAR_SLOTS % FAR_SLOTS];
    struct list moving;

    list_move_all(slot, &moving);
    for (struct list_node *node; (node = list_take_first(&moving)) != NULL;)
        place(list_entry(node, struct timeout, link));
}

/* Calls all time-outs of the slot of next_ms, and goes on to the next slot: what a function starts is
   placed there or later. */
static void run_slot(void)
{
    struct list due;

    if (next_ms % NEAR_SLOTS == 0)
        begin_block();
    list_move_all(&near_wheel[next_ms++ % NEAR_SLOTS], &due);
    for (struct list_node *node; (node = list_take_first(&due)) != NULL;) {
        struct timeout *timeout = list_entry(node, struct timeout, link);

        timeout->function(timeout->argument);
    }
}

/* When the timer is to go off: for the first slot that has any, the block's end, or the tick's. */
static uint64_t next_deadline(uint64_t now_ns)
{
    uint64_t ms = next_ms, last_ms = now_ns / NANOSECONDS_PER_MILLISECOND + TICK_MS;

    while (ms < last_ms && ms % NEAR_SLOTS != 0 && list_empty(&near_wheel[ms % NEAR_SLOTS]))
        ms++;
    return ms * NANOSECONDS_PER_MILLISECOND;
}

void clock_interrupt(void)
{
    struct cpu *cpu = this_cpu();
    uint64_t now_ns = clock_now_ns();
    uint64_t now_ms = now_ns / NANOSECONDS_PER_MILLISECOND;
    uint64_t next_ns;

    while (next_ms <= now_ms)
        run_slot();
    next_ns = next_deadline(now_ns);
    if (cpu->current == cpu->idle && cpu->number != 0 &&
        next_ns == (now_ms + TICK_MS) * NANOSECONDS_PER_MILLISECOND)
        cpu->timer_ns = RESTING; /* it went off, and goes off no more */
    else
        arm(next_ns);
}

uint64_t deadline_after_ms(uint32_t milliseconds)
{
    /* 1 more than now at the least: the clock may still stand at 0. */
    return clock_now_ns() + milliseconds * NANOSECONDS_PER_MILLISECOND + 1;
}
