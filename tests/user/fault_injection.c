/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation that a request makes fails in turn: the request is refused for want of memory, or tries
 * again by itself, and nothing is lost or kept. Here: memory. The other parts are in injection_*.c.
 */
#include "audit.h"
#include "injection.h"
#include "test.h"

#define SELF mach_task_self()
#define SHORTAGE .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE

static vm_address_t area;

static kern_return_t memory_allocate(void)
{
    vm_address_t at = 0;
    kern_return_t result = vm_allocate(SELF, &at, 3 * PAGE_SIZE, TRUE);

    if (result == KERN_SUCCESS)
        vm_deallocate(SELF, at, 3 * PAGE_SIZE);
    return result;
}

static kern_return_t memory_read(void)
{
    vm_offset_t data = 0;
    mach_msg_type_number_t count = 0;
    kern_return_t result = vm_read(SELF, area, 2 * PAGE_SIZE, &data, &count);

    if (result == KERN_SUCCESS)
        vm_deallocate(SELF, data, count);
    return result;
}

static kern_return_t memory_write(void)
{
    return vm_write(SELF, area + 2 * PAGE_SIZE, area, PAGE_SIZE);
}

static kern_return_t memory_copy(void)
{
    return vm_copy(SELF, area, PAGE_SIZE, area + 2 * PAGE_SIZE);
}

TEST(0, requests_about_memory_survive_each_failing_allocation)
{
    CHECK_OK(vm_allocate(SELF, &area, 4 * PAGE_SIZE, TRUE));
    memset((void *)area, 1, 4 * PAGE_SIZE);
    INJECT(memory_allocate, SHORTAGE);
    INJECT(memory_read, SHORTAGE);
    INJECT(memory_write, .codes = {KERN_RESOURCE_SHORTAGE, MACH_SEND_NO_BUFFER}, .must_refuse = TRUE);
    INJECT(memory_copy, SHORTAGE);
}

TEST(0, only_a_thread_can_have_failing_allocations)
{
    porthole_callers_t callers;
    uint32_t left;

    thread_self();
    audit_begin();
    REFUSED(porthole_fail_allocation(test_host_port, MACH_PORT_NULL, 1, 1, &left, callers), KERN_INVALID_ARGUMENT);
    REFUSED(porthole_fail_allocation(test_host_port, SELF, 1, 1, &left, callers), KERN_INVALID_ARGUMENT);
    REFUSED(porthole_fail_allocation(test_host_port, thread_self(), 0, 1, &left, callers), KERN_INVALID_ARGUMENT);
    CHECK_OK(porthole_fail_allocation(test_host_port, thread_self(), 1000, 3, &left, callers));
    CHECK_EQ(left, 0);
    CHECK_OK(porthole_fail_allocation(test_host_port, thread_self(), 0, 0, &left, callers));
    CHECK_EQ(left, 3);
}
