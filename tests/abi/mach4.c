/* SPDX-License-Identifier: BSD-2-Clause */
/* mach4: sampling of program counters, and proxies for memory objects. */
#include "module.h"

#include <mach/thread_switch.h>

#include "mach.h"
#include "mach4.h"
#include "mach_port.h"

static void proxies(void)
{
    vm_address_t at = 0, there = 0;
    mach_port_t proxy = MACH_PORT_NULL;
    mach_port_t objects[1] = { MACH_PORT_NULL };
    rpc_vm_offset_t zero[1] = { 0 };
    rpc_vm_size_t length[1] = { PAGE };
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    vm_size_t size;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;

    check_ok(vm_allocate(self, &at, 2 * PAGE, TRUE), "two pages");
    memset((void *)at, 'p', 2 * PAGE);
    check_ok(vm_region_create_proxy(self, at, VM_PROT_READ, 2 * PAGE, &proxy),
             "vm_region_create_proxy");
    check_ok(vm_map(self, &there, 2 * PAGE, 0, TRUE, proxy, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                    VM_INHERIT_NONE), "vm_map of a proxy");
    check(((char *)there)[2 * PAGE - 1] == 'p', "shows the region");
    ((volatile char *)at)[0] = 'q';
    check(*(volatile char *)there == 'q', "itself, not a copy");
    check_ok(vm_deallocate(self, there, 2 * PAGE), "the mapping goes");
    there = 0;
    check_ok(vm_map(self, &there, PAGE, 0, TRUE, proxy, 0, FALSE, VM_PROT_DEFAULT, VM_PROT_ALL,
                    VM_INHERIT_NONE), "asking for more access than the proxy allows");
    check_ok(vm_region(self, &there, &size, &protection, &max_protection, &inheritance, &shared,
                       &name, &offset), "vm_region of that");
    check(protection == VM_PROT_READ && max_protection == VM_PROT_READ, "gets what it allows");
    if (name != MACH_PORT_NULL)
        check_ok(mach_port_deallocate(self, name), "the region's name goes");
    check_ok(vm_deallocate(self, there, PAGE), "the mapping goes");
    check_ok(mach_port_deallocate(self, proxy), "the proxy goes");
    check(memory_object_create_proxy(self, VM_PROT_READ, objects, MACH_MSG_TYPE_COPY_SEND, 1, zero,
                                     1, zero, 1, length, 1, &proxy) != KERN_SUCCESS,
          "no proxy for no object");
    check_ok(vm_deallocate(self, at, 2 * PAGE), "the pages go");
}

static volatile long counted;

static void count_up(void *argument)
{
    (void)argument;
    for (;;)
        counted++;
}

static void sampling(void)
{
    mach_port_t thread = thread_begin(count_up, NULL);
    int tick = 0, samples = 0;
    sampled_pc_seqno_t sequence = 0;
    static struct sampled_pc pcs[512];
    mach_msg_type_number_t count = 512;
    kern_return_t code, enabled = thread_enable_pc_sampling(thread, &tick, SAMPLED_PC_PERIODIC);

    check_ok(enabled, "thread_enable_pc_sampling");
    check(tick > 0, "tells the period");
    do {
        thread_switch(MACH_PORT_NULL, SWITCH_OPTION_WAIT, 10);
        count = 512;
        code = thread_get_sampled_pcs(thread, &sequence, pcs, &count);
    } while (code == KERN_SUCCESS && count == 0);
    check_ok(code, "thread_get_sampled_pcs");
    check(count >= 1 && pcs[0].pc >= (vm_offset_t)count_up && pcs[0].pc < (vm_offset_t)count_up + 64 &&
          pcs[0].sampletype == SAMPLED_PC_PERIODIC, "a sample lies in the thread's loop");
    check_ok(thread_disable_pc_sampling(thread, &samples), "thread_disable_pc_sampling");
    check_ok(thread_terminate(thread), "thread_terminate");
    check_code(task_disable_pc_sampling(host_port, &samples), KERN_INVALID_ARGUMENT,
               "a host is no task");
}

void module(void)
{
    proxies();
    sampling();
}
