/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages, objects, the default pager, the kernel's caches.
 */
#include <mig/pager_statistics.h>
#include <mig/porthole_debug.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "strip.h"

#define STRIP_COLUMNS 40

void command_memory(int argc, char **argv)
{
    porthole_memory_t memory;

    (void)argc, (void)argv;
    if (!worked("memory", porthole_memory(shell.host, &memory)))
        return;
    printf("  pages of 4096 bytes: %u\n", memory.total);
    printf("  free %u, active %u, inactive %u, wired %u\n", memory.free, memory.active,
        memory.inactive, memory.wired);
    printf("  on their way out: %u to the default pager, %u to other managers\n", memory.laundry,
        memory.external_laundry);
    printf("  page-out starts below %u free, stops at %u; reserve %u (internal %u, last %u)\n",
        memory.level_free_min, memory.level_free_target, memory.level_reserved,
        memory.level_reserved_internal, memory.level_reserved_really);
    printf("  faults %u: zero-filled %u, copied on write %u, paged in %u; paged out %u, "
           "reactivated %u\n",
        memory.faults, memory.zero_fills, memory.cow_faults, memory.pageins, memory.pageouts,
        memory.reactivations);
    printf("  %u objects, %u tasks\n", memory.objects, memory.tasks);
}

/* Pages by state: precious ones that are dirty count as dirty. */
static void print_strip(const porthole_object_t *object)
{
    uint32_t precious = object->precious < object->clean ? object->precious : object->clean;
    const uint32_t pages[STRIP_STATES] = {
        [STRIP_UNAVAILABLE] = object->unavailable,
        [STRIP_CLEAN] = object->clean - precious,
        [STRIP_PRECIOUS] = precious,
        [STRIP_DIRTY] = object->dirty,
        [STRIP_REQUESTED] = object->requested,
        [STRIP_RETURNING] = object->returning,
    };

    strip_print_shares(pages, STRIP_COLUMNS);
}

static void print_object(const porthole_object_t *object)
{
    static const char *const association[] = {"", "not ready", "ready", "ending", "detached"};

    printf("  %-16lx %7lu %5u %5u %5u %4u %4u  %-10s %-14.32s ", object->identity,
        object->size / vm_page_size, object->clean, object->dirty, object->precious,
        object->requested, object->wired,
        object->flags & PORTHOLE_OBJECT_INTERNAL
            ? object->association == PORTHOLE_OBJECT_NONE ? "anonymous" : "paged"
            : object->association < 5 ? association[object->association] : "?",
        object->manager);
    print_strip(object);
    printf("\n");
}

void command_objects(int argc, char **argv)
{
    porthole_object_array_t objects;
    mach_msg_type_number_t count;
    boolean_t all = argc > 1 && strcmp(argv[1], "all") == 0;

    if (!worked("objects", porthole_objects(shell.host, &objects, &count)))
        return;
    printf("  %-16s %7s %5s %5s %5s %4s %4s  %-10s %-14s ", "object", "pages", "clean", "dirty", "prec.",
        "req.", "wire", "kind", "manager");
    strip_print_legend();
    printf("\n");
    for (unsigned i = 0; i < count; i++)
        if (all || objects[i].association != PORTHOLE_OBJECT_NONE)
            print_object(&objects[i]);
    if (!all)
        printf("  (%u in all; `objects all` shows those without a manager too)\n", count);
    release(objects, count * sizeof(*objects));
}

static void print_pager(const pager_statistics_t *pager)
{
    printf("  blocks: %lu, %lu free, %lu reserved for pages that only memory holds\n",
        pager->total_blocks, pager->free_blocks, pager->reserved_blocks);
    printf("  objects: %lu\n", pager->objects);
    printf("  returned %lu, initialized %lu, rewritten in place %lu\n", pager->returned,
        pager->initialized, pager->rewritten);
    printf("  requested %lu: never written %lu, supplied precious %lu, kept %lu\n",
        pager->requested, pager->unavailable, pager->supplied_precious, pager->supplied_kept);
    printf("  completed %lu: accepted %lu, refused %lu; cancelled %lu; blocks freed %lu\n",
        pager->completed, pager->accepted, pager->refused, pager->cancelled, pager->freed_blocks);
    printf("  held for lack of blocks %lu, errors %lu, bad pages %lu, its own faults %lu\n",
        pager->held, pager->errors, pager->bad_pages, pager->pager_faults);
}

void command_pager(int argc, char **argv)
{
    pager_statistics_t statistics;
    mach_port_t pager;

    (void)argc, (void)argv;
    if (!worked("default_pager", bootstrap_look_up(bootstrap_port, "default_pager", &pager)))
        return;
    if (worked("statistics", pager_statistics(pager, &statistics)))
        print_pager(&statistics);
    mach_port_deallocate(mach_task_self(), pager);
}

void command_caches(int argc, char **argv)
{
    porthole_cache_array_t caches;
    mach_msg_type_number_t count;

    (void)argc, (void)argv;
    if (!worked("caches", porthole_caches(shell.host, &caches, &count)))
        return;
    printf("  %-20s %7s %8s %8s %7s %7s\n", "cache", "bytes", "in use", "free", "frames", "limit");
    for (unsigned i = 0; i < count; i++)
        printf("  %-20.32s %7lu %8lu %8lu %7lu %7lu\n", caches[i].name, caches[i].object_size,
            caches[i].in_use, caches[i].free, caches[i].frames, caches[i].limit);
    release(caches, count * sizeof(*caches));
}
