/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation that a request makes fails in turn: the request is refused for want of memory, or tries
 * again by itself, and nothing is lost or kept.
 */
#include "audit.h"
#include "test.h"

#define SELF       mach_task_self()
#define TRIALS_MAX 200 /* no request here makes so many allocations */

static vm_address_t area;
static mach_port_t port;

/* A request, with what takes it back when it has succeeded. */
typedef kern_return_t (*request_t)(void);

/* The call may fail itself, as it makes the kernel allocate. */
static uint32_t fail_allocation(uint32_t number)
{
    uint32_t left = 0;

    while (porthole_fail_allocation(test_host_port, SELF, number, &left) != KERN_SUCCESS)
        ;
    return left;
}

/* An allocation that may wait fails as if the wait had been interrupted. */
static boolean_t is_shortage(kern_return_t result)
{
    kern_return_t code = result & ~MACH_MSG_MASK;

    return code == KERN_RESOURCE_SHORTAGE || code == KERN_NO_SPACE || code == KERN_ABORTED ||
           code == MACH_SEND_NO_BUFFER || code == MACH_SEND_INTERRUPTED || code == MACH_RCV_BODY_ERROR ||
           code == MACH_RCV_HEADER_ERROR || code == MACH_SEND_INVALID_MEMORY;
}

/* Fails the first, the second, ... allocation of a request until it makes no more. */
static void fail_each(const char *name, request_t request)
{
    static struct audit before;
    unsigned refused = 0, number = 0;
    uint32_t left;

    CHECK_OK(request());
    CHECK_OK(request());
    audit_take(&before);
    do {
        kern_return_t result;

        CHECK(++number < TRIALS_MAX);
        fail_allocation(number);
        result = request();
        left = fail_allocation(0);
        if (result != KERN_SUCCESS && !is_shortage(result))
            FAIL("%s: allocation %u failed: 0x%x", name, number, result);
        refused += result != KERN_SUCCESS;
        audit_check(&before, name);
    } while (left == 0);
    CHECK(number > 1); /* else nothing was tried */
    printf("# %s: %u allocations, refused for %u\n", name, number - 1, refused);
}
#define FAIL_EACH(request) fail_each(#request, request)

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
    FAIL_EACH(memory_allocate);
    FAIL_EACH(memory_read);
    FAIL_EACH(memory_write);
    FAIL_EACH(memory_copy);
}

static kern_return_t port_set_allocate(void)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &made);

    if (result == KERN_SUCCESS)
        mach_port_mod_refs(SELF, made, MACH_PORT_RIGHT_PORT_SET, -1);
    return result;
}

static kern_return_t dead_name_request(void)
{
    mach_port_t previous = MACH_PORT_NULL;
    kern_return_t result =
        mach_port_request_notification(SELF, port, MACH_NOTIFY_DEAD_NAME, 0, port,
                                       MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);

    if (result == KERN_SUCCESS) {
        mach_port_request_notification(SELF, port, MACH_NOTIFY_DEAD_NAME, 0, MACH_PORT_NULL,
                                       MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
        mach_port_deallocate(SELF, previous);
    }
    bait_difference(port); /* the right that was made has ended, and said so */
    return result;
}

static kern_return_t task_make(void)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = task_create(SELF, FALSE, &made);

    if (result == KERN_SUCCESS) {
        task_terminate(made);
        mach_port_deallocate(SELF, made);
    }
    return result;
}

static kern_return_t thread_make(void)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = thread_create(SELF, &made);

    if (result == KERN_SUCCESS) {
        thread_terminate(made);
        mach_port_deallocate(SELF, made);
    }
    return result;
}

TEST(0, requests_about_ports_tasks_and_threads_survive_each_failing_allocation)
{
    port = port_make(TRUE);
    FAIL_EACH(port_set_allocate);
    FAIL_EACH(dead_name_request);
    FAIL_EACH(task_make);
    FAIL_EACH(thread_make);
}

TEST(0, only_a_task_of_the_kernel_can_have_failing_allocations)
{
    uint32_t left;

    audit_begin();
    REFUSED(porthole_fail_allocation(test_host_port, MACH_PORT_NULL, 1, &left), KERN_INVALID_ARGUMENT);
    CHECK_OK(porthole_fail_allocation(test_host_port, SELF, 1000, &left));
    CHECK_EQ(left, 0);
    CHECK_OK(porthole_fail_allocation(test_host_port, SELF, 0, &left));
    CHECK(left > 900 && left <= 1000);
}
