/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pager faults: a client in the child, the pager here.
 *
 * One memory object per row. The client touches pages, or gives them back, and notes what each step
 * cost in shared memory; meanwhile this task answers the kernel's messages as the row's mode says.
 */
#include <mig/seqnos_memory_object_server.h>
#include <string.h>

#include "bench.h"

/* The handlers have the interface's parameters, wanted or not. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define PAGE 4096u
#define PAGES 96u /* that a row touches: a warm-up, then SAMPLES */
#define OPENING 64u /* pages until requests are as large as they may be */
#define CLUSTERED_PAGES (OPENING + 256u)
#define CLUSTER_MAX 32u /* pages that the source has */
#define SERVE_BYTES 1024

enum mode { SUPPLY, SUPPLY_COMPLETED, UNAVAILABLE };

struct results {
    uint64_t samples[PAGES];
    uint64_t total;
    vm_size_t bytes; /* of the object in use */
};

static struct child client;
static struct results *results; /* shared with the client */
static mach_port_t pager_set;   /* object ports and the reply port */
static enum mode mode;
static mach_port_t control; /* of the object in use */
static char *source;        /* the bytes that are supplied */
static boolean_t lock_done;

/* --- the client's steps --- */

static void touch_pages(uint64_t address)
{
    for (unsigned i = 0; i < PAGES; i++) {
        uint64_t start = now();

        *(volatile char *)(address + i * PAGE);
        results->samples[i] = now() - start;
    }
}

static void read_pages(uint64_t address, unsigned from, unsigned end)
{
    for (unsigned i = from; i < end; i++)
        *(volatile char *)(address + i * PAGE);
}

static void touch_in_order(uint64_t address)
{
    read_pages(address, 0, OPENING);
    uint64_t start = now();

    read_pages(address, OPENING, CLUSTERED_PAGES);
    results->total = now() - start;
}

static void write_all(uint64_t address)
{
    for (unsigned i = 0; i < PAGES; i++)
        *(volatile char *)(address + i * PAGE) = 1;
}

static void unmap(uint64_t address)
{
    uint64_t start = now();

    vm_deallocate(mach_task_self(), address, results->bytes);
    results->total = now() - start;
}

/* --- the pager --- */

kern_return_t seqnos_memory_object_init(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, mach_port_t name, vm_size_t page_size)
{
    control = object_control;
    mach_port_deallocate(mach_task_self_, name);
    return memory_object_ready(object_control, FALSE, MEMORY_OBJECT_COPY_NONE);
}

kern_return_t seqnos_memory_object_terminate(
    mach_port_t object, mach_port_seqno_t seqno, mach_port_t object_control, mach_port_t name)
{
    mach_port_destroy(mach_task_self_, object_control);
    mach_port_destroy(mach_task_self_, name);
    return KERN_SUCCESS;
}

kern_return_t seqnos_memory_object_data_request(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_size_t length, vm_prot_t access)
{
    if (mode == UNAVAILABLE)
        return memory_object_data_unavailable(object_control, offset, length);
    if (mode == SUPPLY)
        return memory_object_data_supply(object_control, offset, (vm_offset_t)source,
            (unsigned)length, FALSE, VM_PROT_NONE, FALSE, MACH_PORT_NULL);
    return memory_object_data_supply(object_control, offset, (vm_offset_t)source, (unsigned)length,
        FALSE, VM_PROT_NONE, TRUE, object);
}

kern_return_t seqnos_memory_object_data_unlock(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_size_t length, vm_prot_t access)
{
    return memory_object_lock_request(object_control, offset, length, MEMORY_OBJECT_RETURN_NONE,
        FALSE, VM_PROT_NONE, MACH_PORT_NULL);
}

kern_return_t seqnos_memory_object_data_return(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_offset_t data, mach_msg_type_number_t bytes,
    boolean_t dirty, boolean_t kernel_copy)
{
    return vm_deallocate(mach_task_self_, data, bytes);
}

kern_return_t seqnos_memory_object_data_write(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_offset_t data, mach_msg_type_number_t bytes)
{
    return vm_deallocate(mach_task_self_, data, bytes);
}

kern_return_t seqnos_memory_object_lock_completed(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_size_t length)
{
    lock_done = TRUE;
    return KERN_SUCCESS;
}

kern_return_t seqnos_memory_object_supply_completed(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_size_t length, kern_return_t result,
    vm_offset_t error_offset)
{
    must(result, "supply_completed");
    return KERN_SUCCESS;
}

kern_return_t seqnos_memory_object_copy(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_size_t length, mach_port_t new_object)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_change_completed(mach_port_t object, mach_port_seqno_t seqno,
    boolean_t may_cache, memory_object_copy_strategy_t strategy)
{
    return KERN_SUCCESS;
}

kern_return_t seqnos_memory_object_synchronize(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t object_control, vm_offset_t offset, vm_size_t length, vm_sync_t flags)
{
    return memory_object_synchronize_completed(object_control, offset, length);
}

kern_return_t seqnos_memory_object_change_completed_flavor(mach_port_t object,
    mach_port_seqno_t seqno, mach_port_t object_control, memory_object_flavor_t flavor)
{
    return KERN_SUCCESS;
}

/* Answers the kernel until a message comes to `reply`, or to no object; true if it was that one. */
static void serve_one(mach_port_t *came_to)
{
    struct {
        mach_msg_header_t header;
        char body[SERVE_BYTES];
    } message, answer;

    must(mach_msg_trap(
             &message.header, MACH_RCV_MSG, 0, sizeof(message), pager_set, 0, MACH_PORT_NULL),
        "pager receive");
    *came_to = message.header.msgh_local_port;
    if (message.header.msgh_id != CHILD_DONE)
        seqnos_memory_object_server(&message.header, &answer.header);
}

static mach_port_t set_member(void)
{
    mach_port_t port = port_new();

    must(mach_port_move_member(mach_task_self(), port, pager_set), "move member");
    return port;
}

static void run_client(void (*function)(uint64_t), vm_address_t address)
{
    static mach_port_t reply;
    mach_port_t came_to;

    if (reply == MACH_PORT_NULL)
        reply = set_member();
    child_command(&client, function, address, reply);
    do
        serve_one(&came_to);
    while (came_to != reply);
}

/* A fresh object, mapped into the client. */
static vm_address_t map_object(enum mode how, unsigned pages)
{
    vm_address_t address = 0;
    mach_port_t object = set_member(), came_to;

    mode = how;
    results->bytes = pages * PAGE;
    control = MACH_PORT_NULL;
    must(vm_map(client.task, &address, results->bytes, 0, TRUE, object, 0, FALSE,
             VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, VM_INHERIT_NONE),
        "vm_map");
    while (control == MACH_PORT_NULL)
        serve_one(&came_to);
    return address;
}

static uint64_t client_median(void)
{
    uint64_t samples[SAMPLES];

    for (unsigned i = 0; i < SAMPLES; i++)
        samples[i] = results->samples[PAGES - SAMPLES + i] - counter_cost();
    return median(samples, SAMPLES);
}

static void measure_faults(const char *name, enum mode how)
{
    vm_address_t address = map_object(how, PAGES);

    run_client(touch_pages, address);
    report(name, client_median());
    run_client(unmap, address);
}

/* Per page, when each request may ask for so many. */
static void measure_clusters(const char *name, unsigned pages)
{
    vm_address_t address = map_object(SUPPLY, CLUSTERED_PAGES);
    struct memory_object_attr_info attributes = {
        .copy_strategy = MEMORY_OBJECT_COPY_NONE, .cluster_size = pages * PAGE};

    must(memory_object_change_attributes_flavor_poly(control, MEMORY_OBJECT_ATTRIBUTE_INFO,
             (memory_object_info_t)&attributes, MEMORY_OBJECT_ATTR_INFO_COUNT, MACH_PORT_NULL,
             MACH_MSG_TYPE_MAKE_SEND_ONCE),
        "cluster size");
    run_client(touch_in_order, address);
    report(name, results->total / (CLUSTERED_PAGES - OPENING));
    run_client(unmap, address);
}

/* Precious clean pages taken back by the pager, flushed or kept. */
static void measure_lock_request(const char *name, boolean_t flush)
{
    vm_address_t address = map_object(SUPPLY_COMPLETED, PAGES);
    mach_port_t came_to, completed = set_member();
    uint64_t start;

    run_client(touch_pages, address);
    lock_done = FALSE;
    start = now();
    must(memory_object_lock_request(control, 0, PAGES * PAGE, MEMORY_OBJECT_RETURN_ALL, flush,
             VM_PROT_NO_CHANGE, completed),
        "lock_request");
    while (!lock_done)
        serve_one(&came_to);
    report(name, (now() - start) / PAGES);
    run_client(unmap, address);
}

static void measure_unmap_dirty(void)
{
    vm_address_t address = map_object(SUPPLY, PAGES);

    run_client(write_all, address);
    run_client(unmap, address);
    report("unmap_dirty", results->total / PAGES);
}

void bench_pager(void)
{
    vm_address_t buffer = 0;

    results = shared_alloc(sizeof(*results));
    must(vm_allocate(mach_task_self(), &buffer, CLUSTER_MAX * PAGE, TRUE), "vm_allocate");
    memset((char *)buffer, 0x5a, CLUSTER_MAX * PAGE);
    source = (char *)buffer;
    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &pager_set), "port set");
    child_start(&client);
    measure_faults("pager_fault", SUPPLY);
    measure_faults("pager_fault_completed", SUPPLY_COMPLETED);
    measure_clusters("pager_fault_cluster1", 1);
    measure_clusters("pager_fault_cluster8", 8);
    measure_clusters("pager_fault_cluster32", 32);
    measure_faults("data_unavailable", UNAVAILABLE);
    measure_lock_request("flush_precious", TRUE);
    measure_lock_request("return_precious", FALSE);
    measure_unmap_dirty();
}
