/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The default pager: keeps anonymous memory that the kernel evicts, on a disk, so that disk and
 * memory never hold the same page twice (spec/emmi.md 5.8, spec/vm.md 6).
 *
 * Usage: default_pager HOST DEVICE [disk[=NAME]] [space=MiB] [threads=N] [cluster=PAGES] [name=NAME]
 *   HOST DEVICE   names of the host's privileged port and the device master port; the latter is
 *                 what every server gets, and not used here
 *   disk          adds all of the disk that the name service knows as "disk" (or NAME)
 *   space         most paging space that there may ever be; three times the memory if not given
 *   threads       that serve the kernel's objects, at least 2
 *   cluster       most pages that the kernel asks for at once, a power of two
 *   name          under which the name service will know it, "default_pager" if not given
 *
 * Started beside another, it takes the other's place: new objects are this one's, and the other ends when it has none
 * any more.
 *
 * Nothing that serves page-out may wait for a page: everything is allocated and wired before the
 * kernel is told of this pager (DP1, DP2).
 */
#include <stdio.h>
#include <stdlib.h>

#include <mach.h>
#include <mig/bootstrap.h>
#include <mig/device.h>
#include <porthole/runtime.h>
#include <porthole/thread.h>

#include "arena.h"
#include "handovers.h"
#include "lifecycle.h"
#include "object.h"
#include "records.h"
#include "service.h"
#include "statistics.h"
#include "store.h"
#include "threads.h"
#include "writes.h"

#define INTERNAL_THREADS 4u
#define EXTERNAL_THREADS 2u
#define CLUSTER_PAGES 8u
/* Per page of paging space: a record, its place in the hash table, a bit. */
#define ARENA_BYTES_PER_PAGE (sizeof(struct record) + sizeof(uint32_t) + 1)
#define ARENA_FIXED_BYTES (OBJECT_MAX * sizeof(struct object) + (size_t)128 * 1024)

static mach_port_t host_privileged;

static void fail(const char *what, kern_return_t result)
{
    printf("default_pager: %s: %s\n", what, mach_error_string(result));
    exit(1);
}

static void require(const char *what, kern_return_t result)
{
    if (result != KERN_SUCCESS)
        fail(what, result);
}

static vm_size_t memory_pages(void)
{
    vm_statistics_data_t count;
    require("vm_statistics", vm_statistics(mach_task_self(), &count));
    return (
        vm_size_t)(count.free_count + count.active_count + count.inactive_count + count.wire_count);
}

static vm_size_t option_number(int argc, char **argv, const char *name, vm_size_t standard)
{
    char value[16];
    return argument_value(argc, argv, name, value, sizeof value) ? strtoul(value, NULL, 10)
                                                                 : standard;
}

static void make_arena(vm_size_t space_pages)
{
    vm_address_t base = 0;
    vm_size_t bytes = ARENA_FIXED_BYTES + space_pages * ARENA_BYTES_PER_PAGE;
    bytes = (bytes + PAGER_PAGE - 1) & ~(PAGER_PAGE - 1);
    require("memory for the bookkeeping", vm_allocate(mach_task_self(), &base, bytes, TRUE));
    arena_init((void *)base, bytes);
    if (!object_init())
        fail("object table", KERN_RESOURCE_SHORTAGE);
    handovers_init();
    writes_init();
}

static mach_port_t make_port(mach_port_right_t kind, mach_port_t set)
{
    mach_port_t port = MACH_PORT_NULL;
    require("port", mach_port_allocate(mach_task_self(), kind, &port));
    if (set != MACH_PORT_NULL)
        require("port set", mach_port_move_member(mach_task_self(), port, set));
    return port;
}

static void make_ports(void)
{
    service_ports.set = make_port(MACH_PORT_RIGHT_PORT_SET, MACH_PORT_NULL);
    service_ports.service = make_port(MACH_PORT_RIGHT_RECEIVE, service_ports.set);
    lifecycle_ports.manager = make_port(MACH_PORT_RIGHT_RECEIVE, service_ports.set);
    lifecycle_ports.internal_set = make_port(MACH_PORT_RIGHT_PORT_SET, MACH_PORT_NULL);
    lifecycle_ports.external_set = make_port(MACH_PORT_RIGHT_PORT_SET, MACH_PORT_NULL);
}

/*
 * The threads for clients' objects are privileged too: such an object may fill the laundry, and page-out
 * then waits for them. They cannot drain the reserve, since the kernel sets a frame aside for every
 * page that it asks this task for, whoever made the object (H-16), and a thread reads one run at a time.
 */
static void start_threads(vm_size_t internal)
{
    boolean_t good = threads_serve(service_ports.set, host_privileged);
    for (vm_size_t i = 0; i < internal; i++)
        good = good && threads_serve(lifecycle_ports.internal_set, host_privileged);
    for (unsigned i = 0; i < EXTERNAL_THREADS; i++)
        good = good && threads_serve(lifecycle_ports.external_set, host_privileged);
    if (!good)
        fail("threads", KERN_RESOURCE_SHORTAGE);
}

static void become_default_manager(vm_size_t cluster_bytes)
{
    mach_port_t previous = lifecycle_ports.manager;
    require("host_default_memory_manager",
        host_default_memory_manager(host_privileged, &previous, cluster_bytes));
    if (previous != MACH_PORT_NULL)
        mach_port_deallocate(mach_task_self(), previous);
    lifecycle_watch_manager();
}

/* Waits for a service: servers start one after the other. */
static mach_port_t look_up(const char *name)
{
    mach_port_t service = MACH_PORT_NULL;
    while (bootstrap_look_up(bootstrap_port, name, &service) != KERN_SUCCESS ||
           service == MACH_PORT_NULL)
        thread_sleep(20);
    return service;
}

/* Adds as much of the device as there is bookkeeping for; returns the blocks added. */
static uint64_t add_device(mach_port_t device, uint64_t records, uint64_t record_size)
{
    kern_return_t result;
    uint64_t per_block = PAGER_PAGE / record_size, blocks = records / per_block;
    struct store *store = store_create(make_port(MACH_PORT_RIGHT_RECEIVE, service_ports.set), 0, STORE_CLUSTER_PAGES);
    for (;;) {
        pager_lock();
        result = store_add_segment(store, device, 0, blocks * per_block, record_size);
        pager_unlock();
        if (result != KERN_RESOURCE_SHORTAGE)
            break;
        blocks -= blocks / 16 + 1;
    }
    require("paging disk", result);
    return blocks;
}

static void add_disk(const char *name)
{
    mach_port_t device = MACH_PORT_NULL;
    int status[DEV_GET_RECORDS_COUNT];
    mach_msg_type_number_t count = DEV_GET_RECORDS_COUNT;
    require("opening the disk", device_open(look_up(name), D_READ | D_WRITE, "disk0", &device));
    require("size of the disk", device_get_status(device, DEV_GET_RECORDS, status, &count));
    uint64_t records = (uint32_t)status[DEV_GET_RECORDS_DEVICE_RECORDS];
    uint64_t record_size = (uint32_t)status[DEV_GET_RECORDS_RECORD_SIZE];
    if (record_size == 0 || record_size > PAGER_PAGE || records * record_size < PAGER_PAGE)
        fail("size of the disk", KERN_INVALID_ARGUMENT);
    uint64_t blocks = add_device(device, records, record_size);
    printf("default_pager: %lu MiB of %lu MiB on %s\n", blocks * PAGER_PAGE >> 20,
        records * record_size >> 20, name);
}

int main(int argc, char **argv)
{
    char disk[32], name[32] = "default_pager";
    if (argc < 3) {
        puts("usage: default_pager HOST DEVICE [disk[=NAME]] [space=MiB] [threads=N] "
             "[cluster=PAGES] [name=NAME]");
        return 1;
    }
    host_privileged = (mach_port_t)strtoul(argv[1], NULL, 10);
    argument_value(argc, argv, "name", name, sizeof name);
    vm_size_t space = option_number(argc, argv, "space", memory_pages() * 3 >> 8) << 8;
    vm_size_t threads = option_number(argc, argv, "threads", INTERNAL_THREADS);

    make_arena(space);
    make_ports();
    start_threads(threads < 2 ? 2 : threads);
    /* As an ordinary thread: all this memory out of the reserve would leave the pager that serves now,
       and is to be replaced, without the frames that it needs to make room. */
    require("vm_wire_all", vm_wire_all(host_privileged, mach_task_self(), VM_WIRE_CURRENT));
    require("thread_wire", thread_wire(host_privileged, thread_self(), TRUE));
    become_default_manager(option_number(argc, argv, "cluster", CLUSTER_PAGES) * PAGER_PAGE);
    if (argument_value(argc, argv, "disk", disk, sizeof disk))
        add_disk(disk);
    else if (argument_flag(argc, argv, "disk"))
        add_disk("disk");
    /* Whoever waits for this name may use up memory at once: bootstrap and the disk could then no
       longer answer what is asked above. */
    require("bootstrap_register",
        bootstrap_register(bootstrap_port, name, service_ports.service));
    statistics_ready();
    thread_exit();
}
