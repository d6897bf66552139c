/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation that a request makes fails in turn: the request is refused for want of memory, or tries
 * again by itself, and nothing is lost or kept (injection.h). Here: memory. The other parts are in
 * injection_*.c.
 */
#include <mach/vm_behavior.h>
#include <mach/vm_sync.h>

#include "audit.h"
#include "injection.h"
#include "test.h"

#define SELF     mach_task_self()
#define SHORTAGE .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE
#define SEED     4
#define PAGES    16u
#define BYTES    ((vm_size_t)PAGES * PAGE_SIZE)

static vm_address_t area, other; /* with that pattern always; whose contents change */
static vm_address_t many;        /* untouched */
#define MANY_BYTES ((vm_size_t)1200 * PAGE_SIZE)

static void check_area(void)
{
    pattern_check(area, BYTES, SEED, 0);
}
#define INTACT .check = check_area

/* Both areas in one entry each, resident. */
static void make_areas(void)
{
    area = other = 0;
    CHECK_OK(vm_allocate(SELF, &area, BYTES, TRUE));
    CHECK_OK(vm_allocate(SELF, &other, BYTES, TRUE));
    pattern_fill(area, BYTES, SEED, 0);
    pattern_fill(other, BYTES, SEED, 0);
}

static kern_return_t allocate(void)
{
    vm_address_t at = 0;
    kern_return_t result = vm_allocate(SELF, &at, 3 * PAGE_SIZE, TRUE);

    if (result == KERN_SUCCESS)
        UNDO(vm_deallocate(SELF, at, 3 * PAGE_SIZE));
    return result;
}

/* Between two others that stay, so that it joins neither. */
static kern_return_t map_in_the_middle(void)
{
    vm_address_t at = other + 4 * PAGE_SIZE;
    kern_return_t result = vm_deallocate(SELF, at, PAGE_SIZE);

    if (result != KERN_SUCCESS)
        return result;
    UNDO(vm_map(SELF, &at, PAGE_SIZE, 0, FALSE, MACH_PORT_NULL, 0, FALSE, VM_PROT_READ, VM_PROT_ALL,
                VM_INHERIT_NONE));
    return KERN_SUCCESS;
}

static void make_whole(void)
{
    CHECK_OK(vm_deallocate(SELF, other, BYTES));
    CHECK_OK(vm_allocate(SELF, &other, BYTES, FALSE));
    pattern_fill(other, BYTES, SEED, 0);
}

static kern_return_t protect(void)
{
    return vm_protect(SELF, other + 5 * PAGE_SIZE, PAGE_SIZE, FALSE, VM_PROT_READ);
}

static kern_return_t inherit(void)
{
    return vm_inherit(SELF, other + 5 * PAGE_SIZE, PAGE_SIZE, VM_INHERIT_NONE);
}

static kern_return_t behave(void)
{
    return vm_behavior_set(SELF, other + 5 * PAGE_SIZE, PAGE_SIZE, VM_BEHAVIOR_SEQUENTIAL);
}

static kern_return_t punch(void)
{
    return vm_deallocate(SELF, other + 5 * PAGE_SIZE, PAGE_SIZE);
}

TEST(0, ranges_of_memory_change_or_stay_when_an_allocation_fails)
{
    make_areas();
    INJECT(allocate, SHORTAGE, INTACT);
    INJECT(map_in_the_middle, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(protect, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(inherit, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(behave, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(punch, SHORTAGE, .prepare = make_whole, INTACT);
}

static kern_return_t wire(void)
{
    kern_return_t result = vm_wire(test_host_port, SELF, other + PAGE_SIZE, 2 * PAGE_SIZE, VM_PROT_DEFAULT);

    if (result == KERN_SUCCESS)
        UNDO(vm_wire(test_host_port, SELF, other + PAGE_SIZE, 2 * PAGE_SIZE, VM_PROT_NONE));
    return result;
}

static void make_untouched(void)
{
    CHECK_OK(vm_deallocate(SELF, other, BYTES));
    CHECK_OK(vm_allocate(SELF, &other, BYTES, FALSE));
}

static kern_return_t wire_all(void)
{
    vm_address_t at = 0;
    kern_return_t result = vm_wire_all(test_host_port, SELF, VM_WIRE_FUTURE);

    if (result != KERN_SUCCESS)
        return result;
    result = vm_allocate(SELF, &at, 2 * PAGE_SIZE, TRUE);
    if (result == KERN_SUCCESS)
        UNDO(vm_deallocate(SELF, at, 2 * PAGE_SIZE));
    UNDO(vm_wire_all(test_host_port, SELF, VM_WIRE_NONE));
    return result;
}

static kern_return_t contiguous(void)
{
    rpc_phys_addr_t physical;
    vm_address_t at = 0;
    kern_return_t result = vm_allocate_contiguous(test_host_port, SELF, &at, &physical, 3 * PAGE_SIZE, 0,
                                                  0, PAGE_SIZE);

    if (result == KERN_SUCCESS)
        UNDO(vm_deallocate(SELF, at, 3 * PAGE_SIZE));
    return result;
}

static kern_return_t pages_phys(void)
{
    static rpc_phys_addr_t room[PAGES];
    rpc_phys_addr_t *pages = room;
    mach_msg_type_number_t count = PAGES;
    kern_return_t result = vm_pages_phys(test_host_port, SELF, area, BYTES, &pages, &count);

    if (result == KERN_SUCCESS && pages != room)
        UNDO(vm_deallocate(SELF, (vm_address_t)pages, count * sizeof *pages));
    return result;
}

/* More than fits into the reply. */
static kern_return_t many_pages_phys(void)
{
    rpc_phys_addr_t *pages = NULL;
    mach_msg_type_number_t count = 0;
    kern_return_t result = vm_pages_phys(test_host_port, SELF, many, MANY_BYTES, &pages, &count);

    if (result == KERN_SUCCESS)
        UNDO(vm_deallocate(SELF, (vm_address_t)pages, count * sizeof *pages));
    return result;
}

TEST(0, wired_memory_is_wired_or_not_when_an_allocation_fails)
{
    make_areas();
    INJECT(wire, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(wire, SHORTAGE, .prepare = make_untouched, INTACT);
    INJECT(wire_all, SHORTAGE, INTACT);
    INJECT(contiguous, SHORTAGE, INTACT);
    INJECT(pages_phys, .codes = {KERN_RESOURCE_SHORTAGE}, .fresh = TRUE, INTACT);
    CHECK_OK(vm_allocate(SELF, &many, MANY_BYTES, TRUE));
    INJECT(many_pages_phys, SHORTAGE, INTACT);
}

static kern_return_t read_bytes(vm_address_t from, vm_size_t size)
{
    vm_offset_t data = 0;
    mach_msg_type_number_t count = 0;
    kern_return_t result = vm_read(SELF, from, size, &data, &count);

    if (result != KERN_SUCCESS)
        return result;
    CHECK(memcmp((void *)data, (void *)from, size) == 0);
    UNDO(vm_deallocate(SELF, data, count));
    return KERN_SUCCESS;
}

static kern_return_t read_two_pages(void)
{
    return read_bytes(area, 2 * PAGE_SIZE);
}

static kern_return_t read_all(void)
{
    return read_bytes(area, BYTES);
}

static kern_return_t read_a_part(void)
{
    return read_bytes(area + 100, 9 * PAGE_SIZE);
}

static kern_return_t read_over(void)
{
    vm_size_t done = 0;

    return vm_read_overwrite(SELF, area, 3 * PAGE_SIZE, other, &done);
}

/* From memory that need not be copied to be sent: it is marked. */
static kern_return_t write(void)
{
    return vm_write(SELF, other, area, 5 * PAGE_SIZE);
}

static kern_return_t copy_two_pages(void)
{
    return vm_copy(SELF, area, 2 * PAGE_SIZE, other + 2 * PAGE_SIZE);
}

static kern_return_t copy_all(void)
{
    return vm_copy(SELF, area, BYTES, other);
}

/* Writing makes the copy's own pages. */
static kern_return_t read_and_write(void)
{
    vm_offset_t data = 0;
    mach_msg_type_number_t count = 0;
    kern_return_t result = vm_read(SELF, other, BYTES, &data, &count);

    if (result != KERN_SUCCESS)
        return result;
    *(volatile uint64_t *)other = 1;
    *(volatile uint64_t *)(data + PAGE_SIZE) = 1;
    CHECK_EQ(*(volatile uint64_t *)data, pattern_word(SEED, 0));
    CHECK_EQ(*(volatile uint64_t *)(other + PAGE_SIZE), pattern_word(SEED, PAGE_SIZE));
    UNDO(vm_deallocate(SELF, data, count));
    return KERN_SUCCESS;
}

TEST(0, memory_is_copied_as_it_was_when_an_allocation_fails)
{
    make_areas();
    INJECT(read_two_pages, SHORTAGE, INTACT);
    INJECT(read_all, SHORTAGE, INTACT);
    INJECT(read_a_part, SHORTAGE, INTACT);
    INJECT(read_over, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(write, .codes = {KERN_RESOURCE_SHORTAGE, MACH_SEND_NO_BUFFER}, .must_refuse = TRUE,
           .prepare = make_whole, INTACT);
    INJECT(copy_two_pages, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(copy_all, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(read_and_write, SHORTAGE, .prepare = make_whole, INTACT);
}

static kern_return_t remap(boolean_t copy)
{
    vm_address_t at = 0;
    vm_prot_t now, most;
    kern_return_t result = vm_remap(SELF, &at, 3 * PAGE_SIZE, 0, TRUE, SELF, other + 2 * PAGE_SIZE, copy,
                                    &now, &most, VM_INHERIT_COPY);

    if (result != KERN_SUCCESS)
        return result;
    pattern_check(at, 3 * PAGE_SIZE, SEED, 2 * PAGE_SIZE);
    UNDO(vm_deallocate(SELF, at, 3 * PAGE_SIZE));
    return KERN_SUCCESS;
}

static kern_return_t remap_shared(void)
{
    return remap(FALSE);
}

static kern_return_t remap_copy(void)
{
    return remap(TRUE);
}

static kern_return_t sync_all(void)
{
    return vm_msync(SELF, area, BYTES, VM_SYNC_SYNCHRONOUS);
}

TEST(0, memory_is_mapped_anew_or_not_when_an_allocation_fails)
{
    make_areas();
    INJECT(remap_shared, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(remap_copy, SHORTAGE, .prepare = make_whole, INTACT);
    INJECT(sync_all, .fresh = TRUE, INTACT);
}

TEST(0, only_a_thread_can_have_failing_allocations)
{
    porthole_callers_t callers;
    uint32_t left;

    thread_self();
    audit_begin();
    REFUSED(porthole_fail_allocation(test_host_port, MACH_PORT_NULL, 1, 1, &left, callers),
            KERN_INVALID_ARGUMENT);
    REFUSED(porthole_fail_allocation(test_host_port, SELF, 1, 1, &left, callers), KERN_INVALID_ARGUMENT);
    REFUSED(porthole_fail_allocation(test_host_port, thread_self(), 0, 1, &left, callers),
            KERN_INVALID_ARGUMENT);
    REFUSED(porthole_fail_allocation(test_host_port, thread_self(), 1, PORTHOLE_FAILURES_MAX + 1, &left, callers),
            KERN_INVALID_ARGUMENT);
    CHECK_OK(porthole_fail_allocation(test_host_port, thread_self(), 1000, 3, &left, callers));
    CHECK_EQ(left, 0);
    CHECK_OK(porthole_fail_allocation(test_host_port, thread_self(), 0, 0, &left, callers));
    CHECK_EQ(left, 3);
}
