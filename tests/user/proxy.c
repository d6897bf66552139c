/* SPDX-License-Identifier: BSD-2-Clause */
/* Proxies: restricted views of memory objects and of regions. */
#include "test.h"

#define SELF mach_task_self()
#define PAGE PAGE_SIZE
#define ALL  (~(vm_size_t)0)

/* A proxy of [start, start + length) of one object. */
static kern_return_t proxy_of(mach_port_t object, vm_prot_t protection, vm_offset_t start,
                              vm_size_t length, mach_port_t *proxy)
{
    rpc_vm_offset_t offset = 0, from = start;
    rpc_vm_size_t bytes = length;

    return memory_object_create_proxy(SELF, protection, &object, MACH_MSG_TYPE_COPY_SEND, 1, &offset,
                                      1, &from, 1, &bytes, 1, proxy);
}

static mach_port_t make_proxy(mach_port_t object, vm_prot_t protection, vm_offset_t start,
                              vm_size_t length)
{
    mach_port_t proxy = MACH_PORT_NULL;

    CHECK_OK(proxy_of(object, protection, start, length, &proxy));
    CHECK_EQ(port_type(proxy), MACH_PORT_TYPE_SEND);
    CHECK_EQ(port_refs(proxy, MACH_PORT_RIGHT_SEND), 1);
    return proxy;
}

static kern_return_t map(mach_port_t object, vm_address_t *address, vm_offset_t offset,
                         vm_size_t size, boolean_t copy)
{
    *address = 0;
    return vm_map(SELF, address, size, 0, TRUE, object, offset, copy, VM_PROT_ALL, VM_PROT_ALL,
                  VM_INHERIT_COPY);
}

static unsigned send_rights(mach_port_t port)
{
    mach_port_rights_t rights;

    CHECK_OK(mach_port_get_srights(SELF, port, &rights));
    return rights;
}

static vm_prot_t max_protection_at(vm_address_t address)
{
    vm_size_t size;
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;

    CHECK_OK(vm_region(SELF, &address, &size, &protection, &max_protection, &inheritance, &shared,
                       &name, &offset));
    CHECK_EQ(protection, max_protection);
    if (MACH_PORT_VALID(name))
        CHECK_OK(mach_port_deallocate(SELF, name));
    return max_protection;
}

/* A manager's object of four pages, resident with a pattern. */
static vm_address_t resident_object(struct manager *manager)
{
    vm_address_t address = manager_start(manager, 0, 4 * PAGE);

    manager_fill(manager, address, 0, 4 * PAGE, 9, FALSE);
    return address;
}

TEST(0, a_proxy_maps_its_range_of_the_object)
{
    static struct manager manager;
    vm_address_t whole = resident_object(&manager), part;
    mach_port_t proxy = make_proxy(manager.object, VM_PROT_ALL, PAGE, 2 * PAGE);

    CHECK_OK(map(proxy, &part, 0, 2 * PAGE, FALSE));
    pattern_check(part, 2 * PAGE, 9, PAGE);
    *(volatile uint64_t *)part = 77; /* the same memory */
    CHECK_EQ(*(volatile uint64_t *)(whole + PAGE), 77);
    CHECK_OK(map(proxy, &part, PAGE, PAGE, FALSE));
    pattern_check(part, PAGE, 9, 2 * PAGE);
    CHECK_RETURNS(map(proxy, &part, 0, 2 * PAGE + 1, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(map(proxy, &part, PAGE, 2 * PAGE, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(map(proxy, &part, 3 * PAGE, PAGE, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(map(proxy, &part, 1, PAGE, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_EQ(port_refs(proxy, MACH_PORT_RIGHT_SEND), 1);
}

TEST(0, a_proxy_limits_protection)
{
    static struct manager manager;
    vm_address_t address;
    mach_port_t read_only, write_only;

    resident_object(&manager);
    read_only = make_proxy(manager.object, VM_PROT_READ, 0, ALL);
    CHECK_OK(map(read_only, &address, 0, PAGE, FALSE));
    CHECK_EQ(max_protection_at(address), VM_PROT_READ);
    CHECK_RETURNS(vm_protect(SELF, address, PAGE, FALSE, VM_PROT_WRITE), KERN_PROTECTION_FAILURE);
    CHECK_OK(map(read_only, &address, 0, PAGE, TRUE)); /* a copy is the caller's own */
    CHECK_EQ(max_protection_at(address), VM_PROT_ALL);
    *(volatile char *)address = 1;
    write_only = make_proxy(manager.object, VM_PROT_WRITE, 0, ALL);
    CHECK_RETURNS(map(write_only, &address, 0, PAGE, TRUE), KERN_PROTECTION_FAILURE);
    CHECK_OK(map(write_only, &address, 0, PAGE, FALSE));
    CHECK_EQ(max_protection_at(address), VM_PROT_WRITE);
}

TEST(0, a_proxy_of_a_proxy_allows_what_both_allow)
{
    static struct manager manager;
    vm_address_t address;
    mach_port_t inner, outer, none;

    resident_object(&manager);
    inner = make_proxy(manager.object, VM_PROT_READ, PAGE, 3 * PAGE);
    outer = make_proxy(inner, VM_PROT_READ | VM_PROT_WRITE, PAGE, ALL - PAGE);
    CHECK_OK(mach_port_deallocate(SELF, inner)); /* the outer one does without */
    CHECK_OK(map(outer, &address, 0, 2 * PAGE, FALSE));
    pattern_check(address, 2 * PAGE, 9, 2 * PAGE);
    CHECK_EQ(max_protection_at(address), VM_PROT_READ);
    CHECK_RETURNS(map(outer, &address, 0, 3 * PAGE, FALSE), KERN_INVALID_ARGUMENT);
    none = make_proxy(outer, VM_PROT_ALL, 2 * PAGE, PAGE);
    CHECK_RETURNS(map(none, &address, 0, 1, FALSE), KERN_INVALID_ARGUMENT);
}

TEST(0, a_proxy_ends_with_its_last_right_and_gives_the_objects_up)
{
    static struct manager manager;
    mach_port_t proxy, more[200];
    vm_address_t address;
    unsigned before, names;

    resident_object(&manager);
    before = send_rights(manager.object);
    names = port_name_count();
    proxy = make_proxy(manager.object, VM_PROT_ALL, 0, ALL);
    CHECK_EQ(send_rights(manager.object), before + 1);
    CHECK_OK(map(proxy, &address, 0, PAGE, FALSE));
    CHECK_OK(mach_port_deallocate(SELF, proxy));
    CHECK_EQ(send_rights(manager.object), before);
    pattern_check(address, PAGE, 9, 0); /* what is mapped stays */
    proxy = manager.object;
    for (unsigned i = 0; i < 200; i++)
        proxy = more[i] = make_proxy(proxy, VM_PROT_ALL, 0, ALL);
    for (unsigned i = 0; i < 200; i++)
        CHECK_OK(mach_port_deallocate(SELF, more[i]));
    CHECK_EQ(send_rights(manager.object), before);
    CHECK_EQ(port_name_count(), names);
}

TEST(0, a_proxy_of_a_proxy_of_a_dead_object_is_refused)
{
    static struct manager manager;
    mach_port_t proxy, second;
    vm_address_t address;

    resident_object(&manager);
    proxy = make_proxy(manager.object, VM_PROT_ALL, 0, ALL);
    second = make_proxy(proxy, VM_PROT_ALL, 0, ALL);
    CHECK_OK(mach_port_destroy(SELF, manager.object));
    CHECK_RETURNS(proxy_of(proxy, VM_PROT_ALL, 0, ALL, &second), KERN_INVALID_NAME);
    CHECK_RETURNS(map(second, &address, 0, PAGE, FALSE), KERN_INVALID_OBJECT);
    CHECK_RETURNS(map(proxy, &address, 0, PAGE, TRUE), KERN_INVALID_OBJECT);
}

TEST(0, bad_proxies_are_refused)
{
    mach_port_t object = port_make(TRUE), dead = MACH_PORT_DEAD, null = MACH_PORT_NULL;
    mach_port_t two[] = {object, object}, proxy;
    rpc_vm_offset_t zero[2] = {0, 0}, one = 1;
    rpc_vm_size_t all[2] = {ALL, ALL};

    CHECK_RETURNS(memory_object_create_proxy(test_host_port, VM_PROT_ALL, &object,
                                             MACH_MSG_TYPE_COPY_SEND, 1, zero, 1, zero, 1, all, 1,
                                             &proxy), KERN_INVALID_TASK);
    CHECK_RETURNS(memory_object_create_proxy(SELF, VM_PROT_ALL, two, MACH_MSG_TYPE_COPY_SEND, 2, zero,
                                             2, zero, 2, all, 2, &proxy), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(memory_object_create_proxy(SELF, VM_PROT_ALL, two, MACH_MSG_TYPE_COPY_SEND, 0, zero,
                                             0, zero, 0, all, 0, &proxy), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(memory_object_create_proxy(SELF, VM_PROT_ALL, &object, MACH_MSG_TYPE_COPY_SEND, 1,
                                             zero, 2, zero, 1, all, 1, &proxy), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(memory_object_create_proxy(SELF, VM_PROT_ALL, &object, MACH_MSG_TYPE_COPY_SEND, 1,
                                             zero, 1, zero, 0, all, 1, &proxy), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(memory_object_create_proxy(SELF, VM_PROT_ALL, &object, MACH_MSG_TYPE_COPY_SEND, 1,
                                             zero, 1, zero, 1, all, 2, &proxy), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(memory_object_create_proxy(SELF, VM_PROT_ALL, &object, MACH_MSG_TYPE_COPY_SEND, 1,
                                             &one, 1, zero, 1, all, 1, &proxy), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(proxy_of(null, VM_PROT_ALL, 0, ALL, &proxy), KERN_INVALID_NAME);
    CHECK_RETURNS(proxy_of(dead, VM_PROT_ALL, 0, ALL, &proxy), KERN_INVALID_NAME);
    CHECK_RETURNS(proxy_of(object, VM_PROT_ALL, PAGE, ALL, &proxy), KERN_INVALID_ARGUMENT);
    CHECK_EQ(send_rights(object), 1);
    CHECK_EQ(port_status(object).mps_sorights, 0);
}

TEST(0, a_proxy_of_what_is_no_memory_object_maps_nothing)
{
    mach_port_t of_task = make_proxy(mach_task_self(), VM_PROT_ALL, 0, ALL), gone = port_make(TRUE);
    mach_port_t of_gone = make_proxy(gone, VM_PROT_ALL, 0, ALL);
    vm_address_t address;

    CHECK_RETURNS(map(of_task, &address, 0, PAGE, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_OK(mach_port_mod_refs(SELF, gone, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_RETURNS(map(of_gone, &address, 0, PAGE, FALSE), KERN_INVALID_OBJECT);
}

static mach_port_t region_proxy(vm_address_t address, vm_prot_t protection, vm_size_t length)
{
    mach_port_t proxy;

    CHECK_OK(vm_region_create_proxy(SELF, address, protection, length, &proxy));
    return proxy;
}

static void write_through(void *argument)
{
    mach_port_t proxy = *(mach_port_t *)argument;
    vm_address_t address = 0;

    CHECK_OK(vm_map(SELF, &address, PAGE, 0, TRUE, proxy, PAGE, FALSE, VM_PROT_DEFAULT,
                    VM_PROT_DEFAULT, VM_INHERIT_COPY));
    CHECK_EQ(*(volatile uint64_t *)address, 5);
    *(volatile uint64_t *)address = 6;
    thread_sleep(100000);
}

TEST(0, a_region_of_anonymous_memory_can_be_shared_by_a_proxy)
{
    static struct helper helper;
    static mach_port_t proxy;
    vm_address_t memory = 0, again;

    CHECK_OK(vm_allocate(SELF, &memory, 4 * PAGE, TRUE));
    *(volatile uint64_t *)(memory + 2 * PAGE) = 5;
    proxy = region_proxy(memory + PAGE, VM_PROT_ALL, 2 * PAGE);
    helper_create(&helper, write_through, &proxy);
    helper_give(&helper, proxy, MACH_MSG_TYPE_COPY_SEND);
    helper_run(&helper);
    while (*(volatile uint64_t *)(memory + 2 * PAGE) != 6)
        thread_sleep(2);
    helper_end(&helper);
    CHECK_OK(map(proxy, &again, 0, 2 * PAGE, TRUE)); /* a copy */
    *(volatile uint64_t *)(again + PAGE) = 7;
    CHECK_EQ(*(volatile uint64_t *)(memory + 2 * PAGE), 6);
    CHECK_OK(vm_deallocate(SELF, memory, 4 * PAGE)); /* the proxy keeps it */
    CHECK_OK(map(proxy, &again, PAGE, PAGE, FALSE));
    CHECK_EQ(*(volatile uint64_t *)again, 6);
}

TEST(0, a_region_of_an_object_gives_a_proxy_of_the_object)
{
    static struct manager manager;
    vm_address_t whole = resident_object(&manager), again;
    unsigned before = send_rights(manager.object);
    mach_port_t proxy = region_proxy(whole + PAGE, VM_PROT_READ, 4 * PAGE); /* as far as it goes */

    CHECK_EQ(send_rights(manager.object), before + 1);
    CHECK_OK(map(proxy, &again, 0, 3 * PAGE, FALSE));
    pattern_check(again, 3 * PAGE, 9, PAGE);
    CHECK_EQ(max_protection_at(again), VM_PROT_READ);
    CHECK_RETURNS(map(proxy, &again, 0, 4 * PAGE, FALSE), KERN_INVALID_ARGUMENT);
    CHECK_OK(mach_port_deallocate(SELF, proxy));
    CHECK_EQ(send_rights(manager.object), before);
}

TEST(0, regions_limit_their_proxies)
{
    vm_address_t memory = 0, again;
    mach_port_t proxy;

    CHECK_OK(vm_allocate(SELF, &memory, 2 * PAGE, TRUE));
    CHECK_OK(vm_protect(SELF, memory, 2 * PAGE, TRUE, VM_PROT_READ));
    CHECK_RETURNS(vm_region_create_proxy(SELF, memory, VM_PROT_ALL, 2 * PAGE + 1, &proxy),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_region_create_proxy(test_host_port, memory, VM_PROT_ALL, PAGE, &proxy),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(vm_region_create_proxy(SELF, -(vm_address_t)PAGE, VM_PROT_ALL, PAGE, &proxy),
                  KERN_NO_SPACE);
    proxy = region_proxy(memory, VM_PROT_ALL, 2 * PAGE);
    CHECK_OK(map(proxy, &again, 0, 2 * PAGE, FALSE));
    CHECK_EQ(max_protection_at(again), VM_PROT_READ);
}
