/* SPDX-License-Identifier: BSD-2-Clause */
/* gnumach: sleeping on words (gsync), names, wiring, physical memory, and the end of a thread. */
#include "module.h"

#include "gnumach.h"
#include "mach.h"
#include "mach_port.h"

/* <mach/gsync.h> is not among the reference's installed headers: the numbers are the manual's. */
#define GSYNC_SHARED    0x01
#define GSYNC_QUAD      0x02
#define GSYNC_TIMED     0x04
#define GSYNC_BROADCAST 0x08
#define GSYNC_MUTATE    0x10

static volatile unsigned word[2];
static volatile int asleep, woken;
static volatile kern_return_t result;

static void sleeper(void *argument)
{
    (void)argument;
    __atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
    do
        result = gsync_wait(self, (vm_address_t)word, 0, 0, 0, 0);
    while (word[0] == 0 && result == KERN_SUCCESS);
    __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
    thread_end();
}

static void sleeping(void)
{
    check_code(gsync_wait(self, (vm_address_t)word, 1, 0, 0, 0), KERN_INVALID_ARGUMENT,
               "another value: no sleep");
    check_code(gsync_wait(self, (vm_address_t)word, 0, 0, 1, GSYNC_TIMED), KERN_TIMEDOUT,
               "a time limit");
    check_code(gsync_wait(self, (vm_address_t)word, 0, 1, 0, GSYNC_QUAD), KERN_INVALID_ARGUMENT,
               "the second word is another");
    check_code(gsync_wait(self, 0x10, 0, 0, 0, 0), KERN_INVALID_ADDRESS, "no such word");
    thread_begin(sleeper, NULL);
    thread_begin(sleeper, NULL);
    while (asleep < 2)
        swtch_pri(0);
    check_ok(gsync_wake(self, (vm_address_t)word, 1, GSYNC_MUTATE | GSYNC_BROADCAST), "gsync_wake");
    for (int turn = 0; woken < 2 && turn < 1000000; turn++) {
        gsync_wake(self, (vm_address_t)word, 1, GSYNC_BROADCAST);
        swtch_pri(0);
    }
    check(woken == 2 && word[0] == 1, "stores the value and wakes all");
    check_ok(gsync_requeue(self, (vm_address_t)word, (vm_address_t)(word + 1), FALSE, 0),
             "gsync_requeue of nobody");
}

static void names(void)
{
    mach_port_t thread = mach_thread_self();
    kernel_debug_name_t name;

    check_ok(task_set_name(self, "a task's name"), "task_set_name");
    check_ok(thread_set_name(thread, "a thread's name"), "thread_set_name");
    check_ok(thread_get_name(thread, name), "thread_get_name");
    check(strcmp(name, "a thread's name") == 0, "tells it again");
    check_code(thread_get_name(self, name), KERN_INVALID_ARGUMENT, "a task is no thread");
    check_ok(task_set_essential(self, FALSE), "task_set_essential");
}

static void memory(void)
{
    vm_address_t at = 0;
    rpc_phys_addr_t physical = 0;
    rpc_phys_addr_array_t pages;
    mach_msg_type_number_t count = 0;
    vm_cache_statistics_data_t statistics;

    check_ok(vm_cache_statistics(self, &statistics), "vm_cache_statistics");
    check_ok(vm_allocate_contiguous(host_port, self, &at, &physical, 4 * PAGE, 0, 1 << 24, PAGE),
             "vm_allocate_contiguous below 16 MiB");
    check(physical % PAGE == 0 && physical + 4 * PAGE <= 1 << 24, "is where it was wanted");
    for (unsigned i = 0; i < 4; i++)
        ((volatile char *)at)[i * PAGE] = 1;
    check_ok(vm_pages_phys(host_port, self, at, 4 * PAGE, &pages, &count), "vm_pages_phys");
    check(count == 4, "of four pages");
    check(pages[0] == physical && pages[3] == physical + 3 * PAGE, "tells the same places");
    check_ok(vm_deallocate(self, (vm_address_t)pages, PAGE), "the array goes");
    check_ok(vm_deallocate(self, at, 4 * PAGE), "the memory goes");
    check_code(vm_allocate_contiguous(self, self, &at, &physical, PAGE, 0, 1 << 24, PAGE),
               KERN_INVALID_HOST, "it takes the host port");
    check_ok(vm_allocate(self, &at, PAGE, TRUE), "a page");
    check_code(vm_msync(self, at, PAGE, VM_SYNC_SYNCHRONOUS | VM_SYNC_ASYNCHRONOUS),
               KERN_INVALID_ARGUMENT, "vm_msync in two ways at once");
    check_ok(vm_wire_all(host_port, self, VM_WIRE_CURRENT), "vm_wire_all");
    check_ok(vm_wire_all(host_port, self, VM_WIRE_NONE), "and back");
    check_code(vm_wire_all(host_port, self, 0x40), KERN_INVALID_ARGUMENT, "no such way");
    check_ok(vm_deallocate(self, at, PAGE), "the page goes");
}

/* A thread that gives up its name and its memory with its last call. */
struct leaving {
    mach_port_t thread, reply;
    vm_address_t memory;
};

static void leave(void *argument)
{
    struct leaving *leaving = argument;

    while (leaving->thread == MACH_PORT_NULL)
        swtch_pri(0);
    thread_terminate_release(leaving->thread, self, leaving->thread, leaving->reply,
                             leaving->memory, PAGE);
    check(0, "thread_terminate_release does not return");
}

static void the_end_of_a_thread(void)
{
    static volatile struct leaving leaving;

    leaving.reply = port_make(0);
    check_ok(vm_allocate(self, (vm_address_t *)&leaving.memory, PAGE, TRUE), "a page");
    leaving.thread = thread_begin(leave, (void *)&leaving);
    for (int turn = 0; port_type(leaving.thread) != 0 && turn < 1000; turn++)
        thread_switch(MACH_PORT_NULL, 2, 10);
    check(port_type(leaving.thread) == 0, "thread_terminate_release gives up the thread's name");
    check(port_type(leaving.reply) == 0, "and its reply port");
    vm_address_t at = leaving.memory;
    check_ok(vm_allocate(self, &at, PAGE, FALSE), "and its memory");
}

void module(void)
{
    sleeping();
    names();
    memory();
    the_end_of_a_thread();
}
