/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch.h"

#include <stdio.h>

#include <mach.h>
#include <mig/bootstrap.h>
#include <mig/pager_statistics.h>
#include <porthole/thread.h>

#define SHOW_EVERY_PAGES 128u
#define PLAIN_STEPS 4u
#define SETTLE_TRIES 200u

static mach_port_t pager = MACH_PORT_NULL;
static bool plain_lines;
static pager_statistics_t at_begin;

static pager_statistics_t ask(void)
{
    pager_statistics_t now = {0};
    pager_statistics(pager, &now);
    return now;
}

bool watch_begin(bool plain)
{
    plain_lines = plain;
    if (bootstrap_look_up(bootstrap_port, "default_pager", &pager) != KERN_SUCCESS)
        return false;
    return pager_statistics(pager, &at_begin) == KERN_SUCCESS;
}

uint64_t watch_free_pages(void)
{
    vm_statistics_data_t kernel;
    if (vm_statistics(mach_task_self(), &kernel) != KERN_SUCCESS)
        return 0;
    return (uint64_t)kernel.free_count;
}

uint64_t watch_free_space(void)
{
    default_pager_info_t info;
    if (default_pager_info(pager, &info) != KERN_SUCCESS)
        return 0;
    return info.dpi_free_space / info.dpi_page_size;
}

/* One line of less than 80 columns: where it is, what the kernel has left, what the pager moved. */
static void print_state(const char *phase, uint64_t done, uint64_t total)
{
    vm_statistics_data_t kernel = {0};
    pager_statistics_t now = ask();
    vm_statistics(mach_task_self(), &kernel);
    printf("demo: %-10s %3lu%% | free %5d faults %7d | out %6lu in %6lu | disk free %6lu", phase,
        total == 0 ? 100 : done * 100 / total, kernel.free_count, kernel.faults, now.returned,
        now.supplied_precious, now.free_blocks);
}

void watch_show(const char *phase, uint64_t done, uint64_t total)
{
    if (!plain_lines && done % SHOW_EVERY_PAGES == 0) {
        putchar('\r');
        print_state(phase, done, total);
    } else if (plain_lines && done % (total / PLAIN_STEPS + 1) == 0 && done != 0) {
        print_state(phase, done, total);
        putchar('\n');
    }
}

void watch_phase_done(const char *phase, uint64_t total)
{
    if (!plain_lines)
        putchar('\r');
    print_state(phase, total, total);
    putchar('\n');
}

static bool settled(const pager_statistics_t *now)
{
    return now->completed == now->supplied_precious;
}

/* Differences of counts; what describes the present stays. */
static void subtract_begin(pager_statistics_t *now)
{
    now->returned -= at_begin.returned;
    now->initialized -= at_begin.initialized;
    now->requested -= at_begin.requested;
    now->unavailable -= at_begin.unavailable;
    now->supplied_precious -= at_begin.supplied_precious;
    now->supplied_kept -= at_begin.supplied_kept;
    now->supplied_held -= at_begin.supplied_held;
    now->completed -= at_begin.completed;
    now->accepted -= at_begin.accepted;
    now->refused -= at_begin.refused;
    now->cancelled -= at_begin.cancelled;
    now->freed_blocks -= at_begin.freed_blocks;
    now->errors -= at_begin.errors;
}

void watch_end(pager_statistics_t *since_begin)
{
    *since_begin = ask();
    for (unsigned i = 0; i < SETTLE_TRIES && !settled(since_begin); i++) {
        thread_sleep(10);
        *since_begin = ask();
    }
    subtract_begin(since_begin);
}
