/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of lists, time-outs, waits and the scheduler. */
#include "kernel/clock.h"
#include "kernel/list.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "kernel/wait.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/time.h"
#include "tests/kernel/selftest.h"

static const struct wait_reason reason = {"a test", NULL};

/* --- lists --- */

struct item {
    struct list_node link;
    int number;
};

SELFTEST(list_keeps_order_and_unlinks)
{
    struct list list;
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};

    list_init(&list);
    expect(list_first(&list) == NULL && list_take_first(&list) == NULL);
    list_insert_tail(&list, &items[1].link);
    list_insert_tail(&list, &items[2].link);
    list_insert_head(&list, &items[0].link);
    list_remove(&items[1].link);
    expect(!list_node_linked(&items[1].link) && list_node_linked(&items[2].link));
    expect(list_entry(list_take_first(&list), struct item, link)->number == 0);
    expect(list_entry(list_last(&list), struct item, link)->number == 2);
    list_for_each_safe(&list, node)
        list_remove(node);
    expect(list_empty(&list));
}

/* --- time-outs --- */

static unsigned fired;
static uint64_t fired_ns[4];

static void fire(void *argument)
{
    fired_ns[(uintptr_t)argument] = clock_now_ns();
    fired++;
}

/* Lets the clock run until that many time-outs have fired, or too much time has passed. */
static void wait_for_fired(unsigned wanted, unsigned milliseconds)
{
    uint64_t deadline_ns = deadline_after_ms(milliseconds);

    while (fired < wanted && clock_now_ns() < deadline_ns)
        cpu_interrupt_window();
}

SELFTEST(timeout_fires_in_order_of_deadlines)
{
    struct timeout timeouts[4] = {0};
    static const unsigned ms[4] = {30, 3, 1200, 11}; /* 1200: beyond the wheel */
    uint64_t deadlines_ns[4];
    /* One base for all: the machine may stop for longer than the deadlines lie apart. */
    uint64_t base_ns = deadline_after_ms(0);

    fired = 0;
    for (unsigned i = 0; i < 4; i++) {
        deadlines_ns[i] = base_ns + ms[i] * NANOSECONDS_PER_MILLISECOND;
        timeout_start(&timeouts[i], deadlines_ns[i], fire, (void *)(uintptr_t)i);
    }
    wait_for_fired(4, 3000);
    expect(fired == 4);
    expect(fired_ns[1] < fired_ns[3] && fired_ns[3] < fired_ns[0] && fired_ns[0] < fired_ns[2]);
    for (unsigned i = 0; i < 4; i++) {
        expect(fired_ns[i] >= deadlines_ns[i]);
        expect(!list_node_linked(&timeouts[i].link));
    }
}

SELFTEST(timeout_cancelled_does_not_fire)
{
    struct timeout timeout = {0};

    fired = 0;
    timeout_start(&timeout, deadline_after_ms(5), fire, NULL);
    timeout_cancel(&timeout);
    timeout_cancel(&timeout);
    wait_for_fired(1, 30);
    expect(fired == 0);
}

SELFTEST(timeout_past_fires_soon)
{
    struct timeout timeout = {0};
    uint64_t start_ns = clock_now_ns();

    fired = 0;
    timeout_start(&timeout, start_ns - 1, fire, NULL);
    wait_for_fired(1, 1000);
    expect(fired == 1);
}

/* --- waits --- */

SELFTEST(wait_times_out_not_too_early)
{
    struct wait_queue queue;
    uint64_t deadline_ns = deadline_after_ms(20);

    wait_queue_init(&queue);
    expect(wait_queue_sleep(&queue, &reason, NULL, WAIT_UNINTERRUPTIBLE, deadline_ns) ==
           WAIT_TIMED_OUT);
    expect(clock_now_ns() >= deadline_ns);
    expect(wait_queue_empty(&queue));
}

static struct wait_queue test_queue;
static char order[8]; /* which threads have come past, one letter each */

static void note(char letter)
{
    size_t length = strlen(order);

    order[length] = letter;
    order[length + 1] = '\0';
}

/* A thread that sleeps, notes its letter in lower case, and ends. */
static void sleep_and_note(void *argument)
{
    wait_result_t result =
        wait_queue_sleep(&test_queue, &reason, NULL, WAIT_INTERRUPTIBLE, DEADLINE_NEVER);

    note((char)(uintptr_t)argument);
    note((char)('0' + result + 5));
}

static struct thread *start(char letter, int priority)
{
    return thread_create_kernel("test", priority, sleep_and_note, (void *)(uintptr_t)letter);
}

/* Lets the others run until they all sleep or have ended. */
static void let_others_run(void)
{
    struct wait_queue nobody;

    wait_queue_init(&nobody);
    wait_queue_sleep(&nobody, &reason, NULL, WAIT_UNINTERRUPTIBLE, deadline_after_ms(20));
}

static void prepare(void)
{
    wait_queue_init(&test_queue);
    order[0] = '\0';
}

SELFTEST(wait_wakes_first_come_first)
{
    prepare();
    start('a', SCHED_PRIORITY_KERNEL);
    start('b', SCHED_PRIORITY_KERNEL);
    let_others_run();
    wait_queue_wake_one(&test_queue, 1);
    let_others_run();
    expect(strcmp(order, "a6") == 0);
    expect(wait_queue_wake_all(&test_queue, 2) == 1);
    let_others_run();
    expect(strcmp(order, "a6b7") == 0);
}

SELFTEST(wait_interrupted_tells_so)
{
    struct thread *thread;

    prepare();
    thread = start('a', SCHED_PRIORITY_KERNEL);
    let_others_run();
    expect(wait_interrupt(thread));
    let_others_run();
    expect(strcmp(order, "a3") == 0); /* WAIT_INTERRUPTED is -2 */
}

static bool event_seen;

static void wait_for_event(void *event)
{
    event_seen = event_sleep(event, &reason, NULL, WAIT_UNINTERRUPTIBLE, DEADLINE_NEVER) == 9;
}

SELFTEST(wait_event_wakes_its_own_sleepers_only)
{
    static int here, there;

    event_seen = false;
    thread_create_kernel("test", SCHED_PRIORITY_KERNEL, wait_for_event, &here);
    let_others_run();
    expect(event_wake_all(&there, 8) == 0);
    expect(event_wake_all(&here, 9) == 1);
    let_others_run();
    expect(event_seen);
}

/* --- scheduling --- */

SELFTEST(scheduler_runs_better_priorities_first)
{
    prepare();
    start('a', SCHED_PRIORITY_USER);
    start('b', SCHED_PRIORITY_KERNEL);
    let_others_run();
    wait_queue_wake_all(&test_queue, 0);
    let_others_run();
    expect(strcmp(order, "b5a5") == 0);
}

SELFTEST(scheduler_hands_over_directly)
{
    struct thread *worse;
    wait_result_t result;

    prepare();
    worse = start('a', SCHED_PRIORITY_USER);
    let_others_run();
    start('b', SCHED_PRIORITY_KERNEL);
    let_others_run();
    expect(wait_queue_take(&test_queue, 0) == worse);
    wait_queue_wake_one(&test_queue, 0);
    /* b is ready and better, but a gets the processor: it was given it. */
    result = wait_queue_sleep_switch(&test_queue, &reason, NULL, WAIT_UNINTERRUPTIBLE,
                                     deadline_after_ms(20), worse);
    expect(result == WAIT_TIMED_OUT);
    expect(strcmp(order, "a5b5") == 0);
}

SELFTEST(scheduler_moves_a_ready_thread_with_its_priority)
{
    struct thread *a;

    prepare();
    a = start('a', SCHED_PRIORITY_USER);
    start('b', SCHED_PRIORITY_USER - 1);
    let_others_run();
    wait_queue_wake_all(&test_queue, 0);
    sched_set_priority(a, SCHED_PRIORITY_KERNEL);
    let_others_run();
    expect(strcmp(order, "a5b5") == 0);
}
