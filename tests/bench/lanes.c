/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows when several processors are at it: as many lanes as processors, each a client in a task
 * of its own with a server of its own in another task.
 *
 * All lanes begin a row together. What the row costs is the time until the last lane is done, over
 * the operations of all lanes: under `-icount` the processors take turns and the counter counts the
 * instructions of all, those that wait for the kernel's lock included. Who is done sleeps.
 */
#include <stdio.h>

#include "operations.h"

#define LANES_MAX 8
#define TOUCHED_PAGES 1024

struct row {
    const char *name;
    unsigned operations; /* of each lane */
    void (*prepare)(void);
    void (*operate)(void);
};

static struct echo_client client;
static mach_port_t port;
static volatile char *memory;

static void make_port(void)
{
    port = port_new();
}

static void make_server(void)
{
    echo_start(&client);
}

static void make_memory(void)
{
    vm_address_t address = 0;

    must(vm_allocate(mach_task_self(), &address, TOUCHED_PAGES * vm_page_size, TRUE), "vm_allocate");
    memory = (volatile char *)address;
}

static void take_type(void)
{
    mach_port_type_t type;

    must(mach_port_type(mach_task_self_, port, &type), "mach_port_type");
}

static void call_header(void)
{
    echo_header(&client);
}

static void call_128(void)
{
    echo_128_bytes(&client);
}

static void call_out_of_line(void)
{
    echo_out_of_line(&client);
}

static void touch(void)
{
    *memory = 1;
    memory += vm_page_size;
}

static const struct row rows[] = {
    {"null_trap", 20000, NULL, trap_null},
    {"task_self", 20000, NULL, trap_task_self},
    {"kernel_rpc", 10000, make_port, take_type},
    {"port_allocate_destroy", 5000, NULL, port_allocate_destroy},
    {"vm_allocate_deallocate", 5000, NULL, vm_allocate_deallocate},
    {"rpc_header", 10000, make_server, call_header},
    {"rpc_128", 10000, NULL, call_128},
    {"ool_64k", 2000, NULL, call_out_of_line},
    {"zero_fill", TOUCHED_PAGES, make_memory, touch},
};
#define ROWS (sizeof rows / sizeof rows[0])

static struct child lanes[LANES_MAX];
static unsigned lane_count;
static mach_port_t done; /* the lanes' answers */

/* How long all processors together have held the lock. */
static uint64_t lock_held(void)
{
    porthole_processor_array_t list;
    mach_msg_type_number_t count;
    uint64_t held = 0;

    must(porthole_processors(host_privileged_port, &list, &count), "porthole_processors");
    for (unsigned i = 0; i < count; i++)
        held += list[i].lock_hold_time;
    vm_deallocate(mach_task_self(), (vm_address_t)list, count * sizeof *list);
    return held;
}

/* What one lane does, in its own task. */
static void lane_prepare(uint64_t row)
{
    rows[row].prepare();
}

static void lane_operate(uint64_t row)
{
    for (unsigned n = 0; n < rows[row].operations; n++)
        rows[row].operate();
}

/* Lets all lanes do it and returns when the last one has. */
static void all_lanes(void (*function)(uint64_t), uint64_t row)
{
    struct {
        mach_msg_header_t header;
        char room[64];
    } answer;

    for (unsigned i = 0; i < lane_count; i++)
        child_command(&lanes[i], function, row, done);
    for (unsigned i = 0; i < lane_count; i++)
        must(mach_msg_trap(&answer.header, MACH_RCV_MSG, 0, sizeof answer, done, 0, MACH_PORT_NULL),
             "lane's answer");
}

static void measure_row(unsigned row)
{
    uint64_t operations = (uint64_t)lane_count * rows[row].operations, held, start;
    char name[64];

    if (rows[row].prepare)
        all_lanes(lane_prepare, row);
    held = lock_held();
    start = now();
    all_lanes(lane_operate, row);
    report(rows[row].name, (now() - start) / operations);
    snprintf(name, sizeof name, "%s_locked", rows[row].name);
    report(name, (lock_held() - held) / operations);
}

void bench_lanes(unsigned count)
{
    done = port_new();
    lane_count = count < LANES_MAX ? count : LANES_MAX;
    for (unsigned i = 0; i < lane_count; i++)
        child_start(&lanes[i]);
    for (unsigned i = 0; i < ROWS; i++)
        measure_row(i);
}
