/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Eight times the machine's memory, touched by eight tasks at once that copy, share and page, with two external
 * pagers of which one is silent: nothing stands still, nothing is lost, nothing grows. `seconds=N` on the command
 * line says how long, `times=N` how many times memory (docs/tests.md).
 */
#include <porthole/runtime.h>

#include "census.h"
#include "paging.h"
#include "pressure/board.h"
#include "pressure/pagers.h"
#include "pressure/worker.h"
#include "test.h"
#include "waits.h"

#define SELF         mach_task_self()
#define TIMES_MEMORY 8u
#define SECONDS      60u
#define WORK_MS      10000u /* of each round, at least */
#define WORK_STEPS   1000u  /* of each task in that time, at least */
#define STALL_MS     60000u /* a task without a step in that time: a loaded machine takes its time */
#define LOOK_MS      250u
#define TELL_MS      5000u
#define QUIET_LOOKS  10u    /* alike, one after the other */
#define QUIET_WAIT   40000u
#define OBJECT_SLACK 40u    /* of a cache */
#define PAGE_SLACK   96u    /* in frames and blocks together */

/* What all that lives has of the kernel and of paging space, when nothing is under way. */
struct holdings {
    struct census census;
    uint64_t frames, blocks, kernel_frames, pager_objects;
};

static struct manager silent;
static mach_port_t shared_object;
static struct helper shared_pager, silent_pager, helpers[TASKS];
static struct worker_orders orders[TASKS];
static mach_port_t in_ports[TASKS];
static unsigned times_memory = TIMES_MEMORY;
static uint64_t steps_seen[TASKS], moved_at[TASKS]; /* ms */

static uint64_t now_ms(void)
{
    time_value64_t time;

    CHECK_OK(host_get_uptime64(mach_host_self(), &time));
    return (uint64_t)time.seconds * 1000 + (uint64_t)time.nanoseconds / 1000000;
}

/* --- the tasks --- */

static void begin_pagers(void)
{
    manager_create(&silent);
    helper_create(&silent_pager, serve_silently, (void *)(uintptr_t)silent.object);
    helper_give(&silent_pager, silent.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(&silent_pager);
}

static void begin_worker(unsigned i)
{
    mach_port_t out = in_ports[(i + 1) % TASKS];

    orders[i] = (struct worker_orders){.number = i, .rights = {.shared = shared_object, .in = in_ports[i],
                                                               .silent = silent.object, .out = out}};
    helper_create(&helpers[i], work, &orders[i]);
    helper_give(&helpers[i], shared_object, MACH_MSG_TYPE_COPY_SEND);
    helper_give(&helpers[i], silent.object, MACH_MSG_TYPE_COPY_SEND);
    helper_give(&helpers[i], out, MACH_MSG_TYPE_COPY_SEND);
}

/* Receive rights last: whoever sends has got its right by then. */
static void begin_workers(void)
{
    for (unsigned i = 0; i < TASKS; i++)
        in_ports[i] = port_make(TRUE);
    for (unsigned i = 0; i < TASKS; i++)
        begin_worker(i);
    for (unsigned i = 0; i < TASKS; i++) {
        CHECK_OK(mach_port_deallocate(SELF, in_ports[i]));
        helper_give(&helpers[i], in_ports[i], MACH_MSG_TYPE_MOVE_RECEIVE);
    }
    CHECK_OK(mach_port_deallocate(SELF, silent.object));
    for (unsigned i = 0; i < TASKS; i++)
        helper_run(&helpers[i]);
}

static boolean_t silent_has_ended(void *unused)
{
    (void)unused;
    return board->silent_ended;
}

static void end_all(void)
{
    for (unsigned i = 0; i < TASKS; i++)
        helper_end(&helpers[i]);
    if (!wait_until(silent_has_ended, NULL, STALL_MS)) {
        waits_report();
        FAIL("the silent manager's object does not end");
    }
    helper_end(&silent_pager);
}

/* --- watching --- */

static void tell(uint64_t at_ms)
{
    porthole_memory_t memory;
    uint64_t steps = 0, hung = 0;

    for (unsigned i = 0; i < TASKS; i++) {
        steps += board->tasks[i].steps;
        hung += board->tasks[i].aborts;
    }
    CHECK_OK(porthole_memory(test_host_port, &memory));
    report("# %lu s, phase %d: %lu steps, %lu aborted waits, %u free, laundry %u, external %u",
           (unsigned long)(at_ms / 1000), board->phase, (unsigned long)steps, (unsigned long)hung,
           memory.free, memory.laundry, memory.external_laundry);
}

static boolean_t is_through(const struct progress *progress)
{
    return board->phase == PHASE_FILL ? progress->filled : progress->done;
}

static uint64_t steps_of(const struct progress *progress)
{
    return progress->steps + progress->silent_steps;
}

static boolean_t is_dead(mach_port_t task)
{
    return port_type(task) == MACH_PORT_TYPE_DEAD_NAME;
}

/* Who has work to do and does not get on. */
static void look_for_stalls(uint64_t now)
{
    for (unsigned i = 0; i < TASKS; i++) {
        const struct progress *progress = &board->tasks[i];

        if (is_dead(helpers[i].task))
            FAIL("task %u has died behind step %lu, phase %d", i, steps_seen[i], board->phase);
        if (steps_of(progress) != steps_seen[i] || is_through(progress)) {
            steps_seen[i] = steps_of(progress);
            moved_at[i] = now;
        } else if (now - moved_at[i] > STALL_MS) {
            tell(now);
            waits_report();
            FAIL("task %u stands still behind step %lu, phase %d", i, steps_seen[i], board->phase);
        }
    }
}

static boolean_t all_through(void)
{
    for (unsigned i = 0; i < TASKS; i++)
        if (!is_through(&board->tasks[i]))
            return FALSE;
    return TRUE;
}

/* The tasks are through with the phase; the one without an end has been long enough. */
static boolean_t is_over(uint64_t milliseconds, const uint64_t *steps_before)
{
    if (board->phase != PHASE_WORK)
        return all_through();
    for (unsigned i = 0; i < TASKS; i++)
        if (board->tasks[i].steps - steps_before[i] < WORK_STEPS)
            return FALSE;
    return milliseconds >= WORK_MS;
}

/* Begins a phase, and watches the tasks until it is over. */
static void watch(enum phase phase)
{
    uint64_t began = now_ms(), told = began, now, steps_before[TASKS];

    for (unsigned i = 0; i < TASKS; i++) {
        moved_at[i] = began;
        steps_before[i] = board->tasks[i].steps;
    }
    board->phase = phase;
    while (now = now_ms(), !is_over(now - began, steps_before)) {
        look_for_stalls(now);
        if (now - told >= TELL_MS) {
            tell(now);
            told = now;
        }
        thread_sleep(LOOK_MS);
    }
}

/* --- what is held --- */

static void count(struct holdings *holdings)
{
    pager_statistics_t counts;

    pager_counts(&counts);
    census_take(&holdings->census);
    holdings->kernel_frames = 0;
    for (unsigned i = 0; i < holdings->census.cache_count; i++)
        holdings->kernel_frames += holdings->census.caches[i].frames;
    holdings->frames = holdings->census.memory.total - holdings->census.memory.free - holdings->kernel_frames;
    holdings->blocks = counts.total_blocks - counts.free_blocks;
    holdings->pager_objects = counts.objects;
}

static boolean_t alike(const struct holdings *a, const struct holdings *b)
{
    return a->frames == b->frames && a->blocks == b->blocks && a->pager_objects == b->pager_objects &&
           a->census.memory.objects == b->census.memory.objects &&
           a->census.memory.tasks == b->census.memory.tasks;
}

/* As soon as nothing is under way any more. */
static void take_stock(struct holdings *holdings)
{
    static struct holdings again;
    unsigned quiet = 0;

    count(holdings);
    for (unsigned waited = 0; quiet < QUIET_LOOKS; waited += LOOK_MS) {
        CHECK(waited < QUIET_WAIT);
        thread_sleep(LOOK_MS / 5);
        count(&again);
        quiet = alike(holdings, &again) ? quiet + 1 : 0;
        *holdings = again;
    }
    report("# held: %lu frames and %lu blocks, %lu frames in the kernel's caches, %u objects, %lu with the "
           "default pager, %u tasks, %u free", (unsigned long)holdings->frames,
           (unsigned long)holdings->blocks, (unsigned long)holdings->kernel_frames,
           holdings->census.memory.objects, (unsigned long)holdings->pager_objects,
           holdings->census.memory.tasks, holdings->census.memory.free);
}

/* A page is in a frame or in a block: what is more in both than before belongs to nobody. */
static void check_growth(const struct holdings *before, const struct holdings *now)
{
    unsigned grown = census_growth(&before->census, &now->census, OBJECT_SLACK, UINT32_MAX);

    if (now->frames + now->blocks > before->frames + before->blocks + PAGE_SLACK)
        FAIL("pages grow: %lu in frames and blocks, %lu before", now->frames + now->blocks,
             before->frames + before->blocks);
    CHECK_EQ(now->census.memory.tasks, before->census.memory.tasks);
    CHECK_EQ(grown, 0);
}

/* --- rounds --- */

static void tell_round(unsigned number, uint64_t began)
{
    struct progress sum = {0};
    porthole_memory_t memory;
    pager_statistics_t counts;

    for (unsigned i = 0; i < TASKS; i++) {
        const struct progress *progress = &board->tasks[i];

        sum.steps += progress->steps;
        sum.touched += progress->touched;
        sum.copies += progress->copies;
        sum.children += progress->children;
        sum.sent += progress->received;
        sum.shared += progress->shared;
        sum.silent_steps += progress->silent_steps;
        sum.aborts += progress->aborts;
        sum.refused += progress->refused;
    }
    CHECK_OK(porthole_memory(test_host_port, &memory));
    pager_counts(&counts);
    report("# round %u, %lu ms: %lu pages touched of %u frames, %lu steps, %lu copies, %lu children, %lu messages, "
           "%lu of shared pages, %lu of silent ones, %lu waits aborted, %lu calls refused", number,
           (unsigned long)(now_ms() - began), (unsigned long)sum.touched, memory.total,
           (unsigned long)sum.steps, (unsigned long)sum.copies, (unsigned long)sum.children,
           (unsigned long)sum.sent, (unsigned long)sum.shared, (unsigned long)sum.silent_steps,
           (unsigned long)sum.aborts, (unsigned long)sum.refused);
    report("# since boot: %u faults, %u copied on write, %u pageins, %u pageouts; default pager: %lu returned, %lu "
           "requested; shared object: %lu requested, %lu returned; silent one: %lu returned, %lu of this round's late",
           memory.faults, memory.cow_faults, memory.pageins, memory.pageouts,
           (unsigned long)counts.returned, (unsigned long)counts.requested,
           (unsigned long)board->requests, (unsigned long)board->returns,
           (unsigned long)board->silent_returns, (unsigned long)board->silent_queued);
    CHECK(sum.touched >= times_memory * memory.total);
    CHECK(board->silent_queued > 0 && sum.aborts > 0); /* it was silent, and that was felt */
    CHECK(sum.copies > 0 && sum.children > 0 && sum.sent > 0 && board->returns > 0);
    CHECK_EQ(counts.pager_faults + counts.bad_pages + counts.errors, 0);
}

static void begin_round(void)
{
    memset(board->tasks, 0, sizeof board->tasks);
    memset((void *)board->silent, 0, sizeof board->silent);
    memset(steps_seen, 0, sizeof steps_seen);
    board->silent_ended = FALSE;
    board->silent_queued = 0;
    board->phase = PHASE_FILL;
    begin_pagers();
    begin_workers();
}

static void run_round(unsigned number)
{
    uint64_t began = now_ms();

    begin_round();
    watch(PHASE_FILL);
    watch(PHASE_WORK);
    watch(PHASE_CHECK);
    end_all();
    tell_round(number, began);
}

static void begin_test(void)
{
    porthole_memory_t memory;
    char arguments[80];

    CHECK_OK(porthole_memory(test_host_port, &memory));
    snprintf(arguments, sizeof arguments, "${host-port} ${device-port} disk space=%u",
             memory.total / 256 * times_memory * 3 / 2);
    program_begin("default_pager", arguments);
    pager_port();
    board = (struct board *)shared_memory(sizeof *board);
    memset(board, 0, sizeof *board);
    board->pages_private = (times_memory * memory.total - PAGES_SHARED - PAGES_SILENT) / TASKS + 1;
    /* Who watches does not wait for memory. */
    CHECK_OK(vm_wire_all(test_host_port, SELF, VM_WIRE_CURRENT));
    helper_create(&shared_pager, serve_shared, NULL);
    helper_run(&shared_pager);
    shared_object = service_port(SHARED_SERVICE);
}

static uint64_t option(const char *name, uint64_t standard)
{
    char value[16];

    return argument_value(test_argc, test_argv, name, value, sizeof value) ? strtoul(value, NULL, 10)
                                                                           : standard;
}

/* Two rounds at least: the first shows what stays for good. */
static void run(void)
{
    static struct holdings first, now;
    uint64_t end = now_ms() + option("seconds", SECONDS) * 1000;

    times_memory = (unsigned)option("times", TIMES_MEMORY);
    begin_test();
    run_round(1);
    take_stock(&first);
    for (unsigned round = 2; round == 2 || now_ms() < end; round++) {
        run_round(round);
        take_stock(&now);
        check_growth(&first, &now);
    }
    helper_end(&shared_pager);
}

/* boot: memory=32 disk=768 cpus=1 with=disk,default_pager=build/servers/default_pager timeout=900 */
TEST(0, eight_times_memory_is_paged_without_stall_loss_or_growth)
{
    run();
}

/* Four processors that share one or two of a loaded machine flush each other's translations slowly. */
/* boot: memory=32 disk=768 cpus=4 with=disk,default_pager=build/servers/default_pager timeout=300
   cmdline="times=2 seconds=1" */
TEST(0, twice_the_memory_is_paged_by_several_processors_without_stall_loss_or_growth)
{
    run();
}
