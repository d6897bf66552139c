/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-out daemon.
 *
 * Active pages become inactive in the order in which they became active; an inactive page that is used
 * again becomes active, one that is not is evicted. The daemon works while free frames are below
 * free_target, sends no more than its throttles allow, and then waits for frames to come back, never
 * without a limit of time (R8). It draws on the reserve (R3) and waits for nobody but the default pager.
 *
 * When nothing could be evicted for EXHAUSTED_ROUNDS, or LAUNDRY_ROUNDS while the default pager still has pages to
 * write, it says so once, and new anonymous memory of
 * ordinary tasks is refused until there is room again; whoever has its memory goes on. For that, when
 * a round was fruitless the next one searches everything for the few pages that can still leave.
 */
#include "mm/pageout.h"

#include "kernel/clock.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/x86_64/time.h"
#include "mm/default_manager.h"
#include "mm/manager.h"
#include "mm/page.h"
#include "mm/pageout_page.h"
#include "mm/pmap.h"
#include "mm/vm_object.h"

#define SCAN_MAX 512u            /* inactive pages looked at in one round */
#define THROTTLED_MAX 128u       /* of them, pages that could not be sent */
#define SEARCH_MAX 8192u         /* both, after a fruitless round */
#define EXTERNAL_BURST 32u       /* pages sent to other managers in one round (H-45) */
#define DEACTIVATE_MAX 1024u     /* active pages looked at in one round */
#define ROUND_PAUSE_MS 50u
#define EXHAUSTED_ROUNDS 40u     /* two seconds of pauses */
#define LAUNDRY_ROUNDS 200u      /* ten: a disk may take its time */

struct round {
    unsigned freed, sent, external, throttled;
};

/* What has come of the rounds since it was judged last. */
struct progress {
    unsigned freed, sent;
    uint32_t returned_before;
    uint64_t judged_at_ns;
};

static struct wait_queue idle;    /* the daemon, while there is nothing to do */
static struct wait_queue paused;  /* the daemon, between two rounds */
static bool exhausted;
static unsigned fruitless_rounds;
static uint32_t laundry_returned; /* frames that have come back, ever */

static const struct wait_reason waits_for_shortage = {"free memory to run short", NULL};

static void describe_laundry(const void *unused, char *buffer, size_t bytes)
{
    (void)unused;
    snprintf(buffer, bytes, "%u pages at the default pager, %u at others", page_counts.laundry,
              page_counts.external_laundry);
}

static const struct wait_reason waits_for_laundry = {"managers to free pages", describe_laundry};

bool pageout_is_exhausted(void)
{
    return exhausted;
}

void pageout_wake(void)
{
    wait_queue_wake_one(&idle, WAIT_AWAKENED);
}

/* Wakes the daemon when half of what it may send is room again, not for each frame. */
void pageout_laundry_done(void)
{
    laundry_returned++;
    if (!wait_queue_empty(&paused) && page_counts.laundry <= PAGEOUT_LAUNDRY_MAX / 2)
        wait_queue_wake_one(&paused, WAIT_AWAKENED);
}

/* --- one round --- */

static struct page *first_page(enum page_queue queue)
{
    struct list_node *node = list_first(page_queue_list(queue));

    return node ? list_entry(node, struct page, queue_link) : NULL;
}

/* Moves active pages to the inactive queue until that has its share, two thirds of both. */
static void refill_inactive(void)
{
    uint32_t target = (page_counts.active + page_counts.inactive) / 3 * 2;

    for (unsigned i = 0; i < DEACTIVATE_MAX && page_counts.inactive < target; i++) {
        struct page *page = first_page(PAGE_QUEUE_ACTIVE);

        if (!page)
            return;
        pmap_harvest(page);
        page->referenced = false;
        page_deactivate(page);
    }
}

static void move_to_tail(struct page *page)
{
    page_unqueue(page);
    page_deactivate(page);
}

/* The last round found nothing that could leave. */
static bool searching(void)
{
    return exhausted || fruitless_rounds > 0;
}

/* A page that cannot be sent now: behind the others, and out of the way of active ones in a search. */
static void set_aside(struct page *page)
{
    move_to_tail(page);
    if (searching())
        page_activate(page);
}

static void look_at(struct page *page, struct round *round)
{
    bool trusted = page->object && manager_is_trusted(page->object);

    if (!page->absent)
        pmap_harvest(page);
    if (page->referenced && !page->absent) {
        page->referenced = false;
        page_counts.reactivations++;
        page_activate(page);
        return;
    }
    if (!trusted && round->external >= EXTERNAL_BURST && (page->dirty || page->precious)) {
        round->throttled++;
        move_to_tail(page);
        return;
    }
    switch (pageout_evict(page)) {
    case EVICTION_FREED:
        round->freed++;
        break;
    case EVICTION_SENT:
        round->sent++;
        round->external += !trusted;
        break;
    case EVICTION_KEPT:
        move_to_tail(page);
        break;
    case EVICTION_THROTTLED:
        round->throttled++;
        set_aside(page);
        break;
    }
}

/* Frames that are free, or will be when the default pager is done with them. */
static uint32_t frames_to_come(void)
{
    return page_counts.free + page_counts.laundry;
}

static void run_round(struct round *round)
{
    uint32_t scan_max = searching() ? SEARCH_MAX : SCAN_MAX;
    uint32_t throttled_max = searching() ? SEARCH_MAX : THROTTLED_MAX;
    uint32_t limit = page_counts.inactive < scan_max ? page_counts.inactive : scan_max;

    for (uint32_t i = 0; i < limit && round->throttled < throttled_max; i++) {
        struct page *page = first_page(PAGE_QUEUE_INACTIVE);

        if (!page || frames_to_come() >= page_levels.free_target)
            return;
        look_at(page, round);
    }
}

/* --- when nothing helps --- */

static const char *why_nothing_leaves(void)
{
    if (!default_manager_port())
        return "no default pager";
    return page_counts.laundry > 0 ? "which the default pager does not free" : "no page can leave";
}

static void give_up(void)
{
    if (exhausted)
        return;
    exhausted = true;
    kprintf("pageout: nothing can be paged out (%u free, %u in laundry, %s): "
            "new anonymous memory is refused\n", page_counts.free, page_counts.laundry,
            why_nothing_leaves());
    page_wake_waiters();
}

static unsigned patience(void)
{
    return page_counts.laundry > 0 ? LAUNDRY_ROUNDS : EXHAUSTED_ROUNDS;
}

static bool has_progressed(const struct progress *progress)
{
    return progress->freed > 0 || progress->sent > 0 ||
           laundry_returned != progress->returned_before;
}

/* Judges what the rounds of one pause have come to: a manager's answer may end each of them early. */
static void note_progress(struct progress *progress, const struct round *round)
{
    progress->freed += round->freed;
    progress->sent += round->sent;
    if (page_counts.free > page_levels.free_min)
        exhausted = false;
    if (clock_now_ns() < progress->judged_at_ns)
        return;
    /* Below that, threads wait for memory: without progress nothing else would end their wait. */
    if (has_progressed(progress) || page_counts.free > page_levels.reserved + PAGE_WAIT_MARGIN)
        fruitless_rounds = 0;
    else if (++fruitless_rounds >= patience())
        give_up();
    *progress = (struct progress){.returned_before = laundry_returned,
                                  .judged_at_ns = deadline_after_ms(ROUND_PAUSE_MS)};
}

static void daemon(void *unused)
{
    struct progress progress = {0};

    (void)unused;
    thread_current()->vm_privileged = true;
    for (;;) {
        struct round round = {0};

        if (page_counts.free >= page_levels.free_target) {
            exhausted = false;
            fruitless_rounds = 0;
            page_wake_waiters();
            wait_queue_sleep(&idle, &waits_for_shortage, NULL, WAIT_UNINTERRUPTIBLE,
                             DEADLINE_NEVER);
            continue;
        }
        refill_inactive();
        run_round(&round);
        if (round.freed > 0 && page_counts.free > page_levels.reserved)
            sched_yield();
        else
            wait_queue_sleep(&paused, &waits_for_laundry, NULL, WAIT_UNINTERRUPTIBLE,
                             deadline_after_ms(ROUND_PAUSE_MS));
        note_progress(&progress, &round);
    }
}

void pageout_init(void)
{
    wait_queue_init(&idle);
    wait_queue_init(&paused);
    thread_create_kernel("pageout", SCHED_PRIORITY_KERNEL, daemon, NULL);
}
