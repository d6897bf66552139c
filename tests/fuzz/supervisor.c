/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps the family at its work, frees who is stuck, and in the end counts what is left. */
#include "census.h"
#include "family.h"
#include "test.h"

#define POLL_MS 20u
#define STRANGERS_POLLS 16u     /* polls between two ends of tasks that members have made */
#define RENEWAL_POLLS 100u      /* polls between two renewals of a task */
#define TELL_POLLS 50u
#define RUNNING_POLLS_MAX 10u   /* polls that a runnable member may wait for its turn */
#define HANG_POLLS_MAX 3000u    /* polls without any progress of anybody */
#define FRAMES_KEPT 700u
#define OBJECTS_KEPT 8u         /* of each cache: this program's own memory has parts, more or less */
#define WARM_UP_OPERATIONS 6000u
#define WARM_UP_MS 5000u
#define END_MS 20000u

static struct family family;
static struct census before, after;
static uint64_t seen[MEMBERS_MAX];      /* progress at the last poll */
static unsigned still[MEMBERS_MAX];     /* polls since then */
static unsigned polls, idle_polls, aborts, threads_ended;

static uint64_t now_ms(void)
{
    time_value64_t time;

    CHECK_OK(host_get_uptime64(mach_host_self(), &time));
    return (uint64_t)time.seconds * 1000 + (uint64_t)time.nanoseconds / 1000000;
}

static unsigned members(void)
{
    return settings.tasks * settings.threads;
}

static boolean_t works(unsigned member)
{
    return (settings.members >> member & 1) && progress->next[member] < operations_each();
}

static boolean_t runnable(unsigned member)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    return thread_info(family.threads[member], THREAD_BASIC_INFO, (thread_info_t)&info, &count) ==
               KERN_SUCCESS &&
           info.run_state == TH_STATE_RUNNING && info.suspend_count == 0;
}

/* The longer a member has not moved, the harder it is shaken. */
static void shake(unsigned member)
{
    mach_port_t thread = family.threads[member], task = family.tasks[member / settings.threads];

    for (unsigned i = 0; i < 4; i++) {
        task_resume(task);
        thread_resume(thread);
    }
    thread_abort(thread);
    aborts++;
    if (still[member] >= 16) {
        family_end_task(&family, member / settings.threads);
    } else if (still[member] >= 8) {
        family_end_thread(&family, member);
        threads_ended++;
    } else if (still[member] >= 3) {
        family_restart(&family, member);
    }
}

static boolean_t watch(unsigned member)
{
    uint64_t next = progress->next[member];

    if (next < seen[member])
        FAIL("the memory that all share was %lu and is %lu", (unsigned long)seen[member], (unsigned long)next);
    if (next != seen[member] || !works(member)) {
        boolean_t moved = next != seen[member];

        seen[member] = next;
        still[member] = 0;
        return moved;
    }
    still[member]++;
    if (family.threads[member] != MACH_PORT_NULL && still[member] < RUNNING_POLLS_MAX && runnable(member))
        still[member] = still[member] > 2 ? 2 : still[member];
    else if (family.threads[member] != MACH_PORT_NULL)
        shake(member);
    return FALSE;
}

static void tell_progress(void)
{
    uint64_t done = 0;

    for (unsigned kind = 0; kind < KINDS; kind++)
        done += progress->done[kind];
    report("fuzz: done %lu served %lu tasks %u threads %u restarts %u aborts %u ended %u",
           (unsigned long)done, (unsigned long)progress->served, family.tasks_made, family.threads_made,
           family.restarts, aborts, threads_ended);
}

static void tell_waits(void)
{
    porthole_thread_array_t list = NULL;
    mach_msg_type_number_t count = 0;

    if (porthole_threads(test_host_port, &list, &count) != KERN_SUCCESS)
        return;
    for (unsigned i = 0; i < count; i++)
        report("# %s, %s: %s: %s: %s", list[i].task_name, list[i].name, list[i].state, list[i].reason,
               list[i].whom);
}

static void poll(void)
{
    boolean_t moved = FALSE;

    polls++;
    family_complete(&family);
    for (unsigned i = 0; i < members(); i++)
        moved |= watch(i);
    idle_polls = moved ? 0 : idle_polls + 1;
    if (idle_polls > HANG_POLLS_MAX) {
        tell_waits();
        FAIL("nobody gets on any more (seed %lu)", (unsigned long)settings.seed);
    }
    if (polls % STRANGERS_POLLS == 0)
        family_end_strangers(&family, FALSE);
    if (polls % RENEWAL_POLLS == 0)
        family_end_task(&family, polls / RENEWAL_POLLS % settings.tasks);
    if (polls % TELL_POLLS == 0)
        tell_progress();
}

static boolean_t finished(void)
{
    for (unsigned i = 0; i < members(); i++)
        if (works(i))
            return FALSE;
    return TRUE;
}

static void end_all(void)
{
    for (unsigned i = 0; i < settings.tasks; i++)
        family_end_task(&family, i);
    family_end_strangers(&family, TRUE);
    CHECK_OK(mach_port_destroy(mach_task_self(), family.exceptions));
}

/* Only this program's thread and the kernel's are left; what waits to be buried is given time. What of
   the warm-up was not buried yet when the count was taken makes it less. */
static boolean_t all_gone(void *unused)
{
    (void)unused;
    census_take(&after);
    return census_in_use(&after, "threads") <= census_in_use(&before, "threads") &&
           after.memory.tasks <= before.memory.tasks &&
           after.memory.objects <= before.memory.objects;
}

static void work_until(uint64_t end_ms)
{
    uint64_t last_ms = 0, at_ms;

    while (!finished() && (at_ms = now_ms()) < end_ms) {
        family_serve_exception(&family, POLL_MS);
        if (at_ms - last_ms < POLL_MS)
            continue;
        last_ms = at_ms;
        poll();
    }
}

/* A short run of everything: from then on the kernel has at hand what it keeps. */
static void warm_up(void)
{
    struct settings asked = settings;

    settings.operations = WARM_UP_OPERATIONS;
    settings.kinds = settings.members = ~0ul;
    settings.skips.count = 0;
    settings.tell = FALSE;
    family_create(&family);
    work_until(now_ms() + WARM_UP_MS);
    end_all();
    thread_sleep(100);
    family_end_strangers(&family, TRUE);
    settings = asked;
    memset(progress, 0, sizeof *progress);
    memset(&family, 0, sizeof family);
    memset(seen, 0, sizeof seen);
    aborts = threads_ended = 0;
}

void supervise(void)
{
    uint64_t start_ms;

    census_take(&after);
    tell_progress();
    if (settings.warm)
        warm_up();
    census_take(&before);
    start_ms = now_ms();
    family_create(&family);
    work_until(start_ms + settings.seconds * 1000);
    end_all();
    tell_progress();
    for (unsigned kind = 0; kind < KINDS; kind++)
        report("fuzz: kind %s %lu", kind_names[kind], (unsigned long)progress->done[kind]);
    report("fuzz: end finished %d milliseconds %lu", finished(), (unsigned long)(now_ms() - start_ms));
    if (!wait_until(all_gone, NULL, END_MS)) {
        tell_waits();
        census_growth(&before, &after, OBJECTS_KEPT, FRAMES_KEPT);
        report("# tasks %u, then %u; objects %u, then %u", before.memory.tasks, after.memory.tasks,
               before.memory.objects, after.memory.objects);
        FAIL("not all of the family is gone (seed %lu)", (unsigned long)settings.seed);
    }
    if (census_growth(&before, &after, OBJECTS_KEPT, FRAMES_KEPT) != 0)
        FAIL("the kernel keeps what the family had (seed %lu)", (unsigned long)settings.seed);
}
