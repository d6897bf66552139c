/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * demo: uses more memory than the machine has, and checks that every page survives.
 *
 * Usage: demo HOST [factor=N] [poweroff] [plain]
 *   HOST      name of the host's privileged port; needed for poweroff
 *   factor    how many times the free memory is touched, 2 if not given
 *   poweroff  powers the machine off in the end
 *   plain     whole lines instead of one line that is written over
 *
 * The pages are written and read again in several orders. Each time a page is visited, it is
 * compared with what was last written to it; some visits write it anew. In the end the pager's
 * counts are compared with each other: a completion for every page supplied, a freed block for
 * every page accepted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mach.h>
#include <mach/host_reboot.h>
#include <porthole/runtime.h>

#include "orders.h"
#include "pattern.h"
#include "watch.h"

/* Paging space is looked at this often while the set grows. */
#define GROWTH_PAGES 32u
/* Growth ends when paging space has blocks left for this part of memory only. */
#define MARGIN_PART 4u

struct set {
    unsigned char *memory;
    uint8_t *rounds; /* by page: in which round it was last written; 0: never */
    uint64_t pages;  /* touched */
    uint64_t bad_pages;
};

static void *page_at(const struct set *set, uint64_t page)
{
    return set->memory + page * PATTERN_BYTES;
}

/*
 * Touches page after page up to the target, or as far as paging space goes. Pages that have no
 * block when none is left must stay in memory; for the others to move in and out, some of memory
 * must be left to them: so it ends while there are blocks for a part of the pages that are in
 * memory now.
 */
static void grow(struct set *set, uint64_t target, uint64_t free_pages)
{
    for (; set->pages < target; set->pages++) {
        if (set->pages % GROWTH_PAGES == 0 && watch_free_space() < free_pages / MARGIN_PART)
            break;
        pattern_write(page_at(set, set->pages), set->pages, 1);
        set->rounds[set->pages] = 1;
        watch_show("writing", set->pages, target);
    }
    watch_phase_done("writing", set->pages);
    if (set->pages < target)
        printf("demo: paging space exhausted: touched %lu of %lu pages\n", set->pages, target);
}

static void check_page(struct set *set, uint64_t page)
{
    if (pattern_matches(page_at(set, page), page, set->rounds[page]))
        return;
    if (set->bad_pages++ < 10)
        printf("\ndemo: page %lu is not as it was written in round %u\n", page, set->rounds[page]);
}

/* Visits every page; writes every rewrite-th anew (0: none). */
static void visit(struct set *set, enum order order, uint8_t round, unsigned rewrite)
{
    const char *phase = order_name(order);
    for (uint64_t i = 0; i < set->pages; i++) {
        uint64_t page = order_page(order, i, set->pages);
        check_page(set, page);
        if (rewrite != 0 && page % rewrite == 0) {
            pattern_write(page_at(set, page), page, round);
            set->rounds[page] = round;
        }
        watch_show(phase, i, set->pages);
    }
    watch_phase_done(phase, set->pages);
}

static bool prepare(struct set *set, uint64_t target)
{
    vm_address_t memory = 0, rounds = 0;
    if (vm_allocate(mach_task_self(), &memory, target * PATTERN_BYTES, TRUE) != KERN_SUCCESS ||
        vm_allocate(mach_task_self(), &rounds, target, TRUE) != KERN_SUCCESS)
        return false;
    *set = (struct set){.memory = (unsigned char *)memory, .rounds = (uint8_t *)rounds};
    return true;
}

/* What must be true of the counts; prints what is not. */
static bool consistent(const struct set *set, uint64_t free_pages, const pager_statistics_t *count)
{
    bool good = true;
    const struct {
        bool holds;
        const char *what;
    } rules[] = {
        {set->bad_pages == 0, "every page came back as it was written"},
        {count->bad_pages == 0 && count->errors == 0, "the pager lost no page"},
        {set->pages <= free_pages || count->returned > 0, "pages went out"},
        {set->pages <= free_pages || count->requested > 0, "pages came back"},
        {count->completed == count->supplied_precious, "each supplied page was completed"},
        {count->completed == count->accepted + count->refused, "each was accepted or refused"},
        {count->freed_blocks + count->cancelled == count->accepted,
            "a block was freed for each accepted page"},
        {count->reserved_blocks == count->out, "a block is reserved for each page that is out"},
        {count->pager_faults == 0, "the pager itself never faulted"},
    };
    for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].holds)
            printf("demo: does not hold: %s\n", rules[i].what);
        good = good && rules[i].holds;
    }
    return good;
}

static bool summarize(const struct set *set, uint64_t free_pages)
{
    pager_statistics_t count;
    watch_end(&count);
    bool good = consistent(set, free_pages, &count);
    printf("demo: %s memory=%lu touched=%lu returned=%lu requested=%lu supplied_precious=%lu "
           "completed=%lu refused=%lu freed_blocks=%lu pager_faults=%lu bad_pages=%lu\n",
        good ? "PASS" : "FAIL", free_pages, set->pages, count.returned, count.requested,
        count.supplied_precious, count.completed, count.refused, count.freed_blocks,
        count.pager_faults, set->bad_pages);
    return good;
}

static bool run(uint64_t factor, bool plain)
{
    struct set set;
    if (!watch_begin(plain)) {
        puts("demo: FAIL no default pager");
        return false;
    }
    uint64_t free_pages = watch_free_pages();
    printf("demo: %lu pages are free; touching %lu times as many\n", free_pages, factor);
    puts("demo: out: pages that the kernel returned to the pager; in: pages that the pager handed over");
    if (!prepare(&set, factor * free_pages)) {
        puts("demo: FAIL no address space");
        return false;
    }
    grow(&set, factor * free_pages, free_pages);
    visit(&set, ORDER_SEQUENTIAL, 0, 0);
    visit(&set, ORDER_RANDOM, 2, 3);
    visit(&set, ORDER_STRIDED, 3, 5);
    visit(&set, ORDER_SEQUENTIAL, 0, 0);
    bool good = summarize(&set, free_pages);
    vm_deallocate(mach_task_self(), (vm_address_t)set.memory, factor * free_pages * PATTERN_BYTES);
    vm_deallocate(mach_task_self(), (vm_address_t)set.rounds, factor * free_pages);
    return good;
}

int main(int argc, char **argv)
{
    char value[16];
    uint64_t factor = 2;
    if (argument_value(argc, argv, "factor", value, sizeof value))
        factor = strtoul(value, NULL, 10);
    else if (argc > 2 && atoi(argv[2]) > 0)
        factor = (uint64_t)atoi(argv[2]);
    bool good = run(factor == 0 ? 2 : factor, argument_flag(argc, argv, "plain"));
    if (argc > 1 && argument_flag(argc, argv, "poweroff"))
        host_reboot(
            (mach_port_t)strtoul(argv[1], NULL, 10), good ? HOST_REBOOT_HALT : HOST_REBOOT_RESTART);
    return good ? 0 : 1;
}
