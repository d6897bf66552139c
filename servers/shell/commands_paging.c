/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who pages what: managers, stores, the pages of a task's objects.
 */
#include <mig/mach_debug.h>
#include <mig/pager_statistics.h>
#include <mig/porthole_debug.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "strip.h"

#define MANAGERS_MAX 32
#define STRIP_COLUMNS 64

/* --- what managers owe --- */

struct manager {
    const char *name;
    uint32_t objects, resident;
    uint32_t unread;                            /* not received yet */
    uint32_t requested, unlocking, synchronizing; /* to be answered by the manager */
    uint32_t flushing;                          /* to be completed by the kernel */
};

static void count_object(struct manager *manager, const porthole_object_t *object)
{
    manager->objects++;
    manager->resident += object->clean + object->dirty;
    manager->unread += object->unread;
    manager->requested += object->requested;
    manager->unlocking += object->unlocking;
    manager->synchronizing += object->synchronizing;
    manager->flushing += object->flushing;
}

/* Sums up the objects of each manager; how many there are. */
static unsigned collect(struct manager *managers, const porthole_object_t *objects, unsigned count)
{
    unsigned used = 0;

    for (unsigned i = 0; i < count; i++) {
        unsigned at = 0;

        if (objects[i].manager[0] == '\0')
            continue;
        while (at < used && strncmp(managers[at].name, objects[i].manager, PORTHOLE_NAME_MAX) != 0)
            at++;
        if (at == MANAGERS_MAX)
            continue;
        if (at == used)
            managers[used++] = (struct manager){.name = objects[i].manager};
        count_object(&managers[at], &objects[i]);
    }
    return used;
}

void command_managers(int argc, char **argv)
{
    struct manager managers[MANAGERS_MAX];
    porthole_object_array_t objects;
    mach_msg_type_number_t count;
    unsigned used;

    (void)argc, (void)argv;
    if (!worked("objects", porthole_objects(shell.host, &objects, &count)))
        return;
    used = collect(managers, objects, count);
    printf("  %-16s %7s %8s %6s | owes: %5s %6s %5s | is owed: %s\n", "manager", "objects", "resident",
        "unread", "pages", "access", "syncs", "lock completions");
    for (unsigned i = 0; i < used; i++)
        printf("  %-16.32s %7u %8u %6u | %11u %6u %5u | %9u\n", managers[i].name, managers[i].objects,
            managers[i].resident, managers[i].unread, managers[i].requested, managers[i].unlocking,
            managers[i].synchronizing, managers[i].flushing);
    release(objects, count * sizeof(*objects));
}

/* --- what the default pager's stores hold --- */

static void print_store(unsigned number, const pager_store_t *store)
{
    uint64_t used = store->total_blocks - store->free_blocks;

    printf("  %5u %8lu %7lu %8lu %8lu %8lu %8lu  ", number, store->priority, store->cluster_pages,
        store->total_blocks, used, store->pages_out, store->pages_in);
    if (store->pages_out_failed + store->pages_in_failed > 0)
        printf("failed: %lu out, %lu in", store->pages_out_failed, store->pages_in_failed);
    printf("\n");
}

void command_stores(int argc, char **argv)
{
    pager_store_array_t stores;
    mach_msg_type_number_t count = sizeof(stores) / sizeof(stores[0]);
    pager_statistics_t pager;
    mach_port_t port;

    (void)argc, (void)argv;
    if (!worked("default_pager", bootstrap_look_up(bootstrap_port, "default_pager", &port)))
        return;
    if (worked("stores", pager_stores(port, stores, &count)) &&
        worked("statistics", pager_statistics(port, &pager))) {
        printf("  %5s %8s %7s %8s %8s %8s %8s\n", "store", "priority", "cluster", "blocks", "hold data",
            "out", "in");
        for (unsigned i = 0; i < count; i++)
            print_store(i, &stores[i]);
        printf("  %lu objects; %lu pages only in memory, a block kept for each; %lu held for lack of blocks; "
               "%lu supplies not completed\n",
            pager.objects, pager.out, pager.held, pager.supplied_precious - pager.completed);
    }
    mach_port_deallocate(mach_task_self(), port);
}

/* --- the pages of a task's objects, by their places --- */

static enum strip_state state_of(uint32_t bits)
{
    if (bits & VPI_STATE_ABSENT)
        return bits & VPI_STATE_BUSY ? STRIP_REQUESTED : STRIP_UNAVAILABLE;
    if (bits & VPI_STATE_DIRTY)
        return STRIP_DIRTY;
    return bits & VPI_STATE_PRECIOUS ? STRIP_PRECIOUS : STRIP_CLEAN;
}

/* A page has as many columns as it gets of all, or shares one, which shows the most noteworthy of its pages. */
static void print_places(const vm_page_info_t *pages, unsigned count, const vm_region_info_t *region)
{
    enum strip_state states[STRIP_COLUMNS] = {STRIP_NONE};
    uint64_t size = (region->vri_end - region->vri_start) / vm_page_size;

    for (unsigned i = 0; i < count; i++) {
        uint64_t place = (pages[i].vpi_offset - region->vri_offset) / vm_page_size;
        uint64_t column = place * STRIP_COLUMNS / size;

        if (place >= size)
            continue;
        do {
            if (state_of(pages[i].vpi_state) > states[column])
                states[column] = state_of(pages[i].vpi_state);
        } while (++column < (place + 1) * STRIP_COLUMNS / size);
    }
    strip_print(states, STRIP_COLUMNS);
}

static void print_region(const vm_region_info_t *region, mach_port_t object)
{
    vm_page_info_t on_stack[64];
    vm_page_info_array_t pages = on_stack;
    mach_msg_type_number_t count = sizeof(on_stack) / sizeof(on_stack[0]);

    if (!worked("pages", mach_vm_object_pages(object, &pages, &count)))
        return;
    printf("  %12lx %7lu [", (unsigned long)region->vri_start,
        (unsigned long)(region->vri_end - region->vri_start) / vm_page_size);
    print_places(pages, count, region);
    printf("]\n");
    if (pages != on_stack)
        release(pages, count * sizeof(*pages));
}

void command_pages(int argc, char **argv)
{
    vm_region_info_t region;
    mach_port_t task, object;

    if (argc != 2) {
        printf("usage: pages TASK\n");
        return;
    }
    task = task_by_name(argv[1]);
    if (task == MACH_PORT_NULL)
        return;
    printf("  %12s %7s  ", "region", "pages");
    strip_print_legend();
    printf("\n");
    for (vm_address_t at = 0; mach_vm_region_info(task, at, &region, &object) == KERN_SUCCESS;
         at = region.vri_end) {
        if (!MACH_PORT_VALID(object))
            continue;   /* nobody manages it */
        print_region(&region, object);
        mach_port_deallocate(mach_task_self(), object);
    }
    mach_port_deallocate(mach_task_self(), task);
}
