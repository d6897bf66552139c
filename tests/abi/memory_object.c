/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object: a little pager written against the reference's memory_object server, with its answers
 * by the reference's stubs: pages supplied, unlocked, returned, refused, and the end of an object.
 */
#include "module.h"

#include "mach.h"
#include "mach_port.h"
#include "memory_object_server.h"

#define PAGES  4
#define LOCKED PAGE       /* this page comes without write permission */
#define ABSENT (2 * PAGE) /* the pager has no data for this one */
#define BROKEN (3 * PAGE) /* and an error for this one */

static mach_port_t object, control, completions;
static struct {
    int inits, requests, unlocks, returns, locks, supplies, changes, ends;
    vm_offset_t offset, length;
    vm_prot_t access;
    int dirty;
    char first;
    kern_return_t result;
} seen;

kern_return_t memory_object_init(mach_port_t port, mach_port_t control_port, mach_port_t name,
                                 vm_size_t page_size)
{
    seen.inits += port == object && page_size == PAGE;
    control = control_port;
    mach_port_deallocate(self, name);
    return memory_object_ready(control, FALSE, MEMORY_OBJECT_COPY_NONE);
}

/* Hands over a page: locked against writing, or precious. */
static kern_return_t supply(vm_offset_t offset)
{
    vm_address_t page = 0;

    vm_allocate(self, &page, PAGE, TRUE);
    memset((void *)page, (int)(offset / PAGE) + 'A', PAGE);
    return memory_object_data_supply(control, offset, page, PAGE, TRUE,
                                     offset == LOCKED ? VM_PROT_WRITE : VM_PROT_NONE, TRUE,
                                     completions);
}

kern_return_t memory_object_data_request(mach_port_t port, mach_port_t control_port,
                                         vm_offset_t offset, vm_size_t length, vm_prot_t access)
{
    seen.requests += port == object && control_port == control;
    seen.offset = offset;
    seen.length = length;
    seen.access = access;
    mach_port_deallocate(self, control_port);
    if (offset == ABSENT)
        return memory_object_data_unavailable(control, offset, length);
    if (offset == BROKEN)
        return memory_object_data_error(control, offset, length, KERN_MEMORY_ERROR);
    return supply(offset);
}

kern_return_t memory_object_data_unlock(mach_port_t port, mach_port_t control_port,
                                        vm_offset_t offset, vm_size_t length, vm_prot_t access)
{
    seen.unlocks += port == object && control_port == control;
    seen.offset = offset;
    seen.access = access;
    mach_port_deallocate(self, control_port);
    return memory_object_lock_request(control, offset, length, MEMORY_OBJECT_RETURN_NONE, FALSE,
                                      VM_PROT_NONE, MACH_PORT_NULL);
}

kern_return_t memory_object_data_return(mach_port_t port, mach_port_t control_port,
                                        vm_offset_t offset, vm_offset_t data,
                                        mach_msg_type_number_t bytes, boolean_t dirty,
                                        boolean_t kernel_copy)
{
    (void)kernel_copy;
    seen.returns += port == object && control_port == control;
    seen.offset = offset;
    seen.length = bytes;
    seen.dirty = dirty;
    seen.first = *(char *)data;
    mach_port_deallocate(self, control_port);
    return vm_deallocate(self, data, bytes);
}

kern_return_t memory_object_lock_completed(mach_port_t port, mach_port_t control_port,
                                           vm_offset_t offset, vm_size_t length)
{
    seen.locks += port == completions && control_port == control;
    seen.offset = offset;
    seen.length = length;
    return mach_port_deallocate(self, control_port);
}

kern_return_t memory_object_supply_completed(mach_port_t port, mach_port_t control_port,
                                             vm_offset_t offset, vm_size_t length,
                                             kern_return_t result, vm_offset_t error_offset)
{
    (void)error_offset;
    seen.supplies += port == completions && control_port == control;
    seen.offset = offset;
    seen.length = length;
    seen.result = result;
    return mach_port_deallocate(self, control_port);
}

kern_return_t memory_object_change_completed(mach_port_t port, boolean_t may_cache,
                                             memory_object_copy_strategy_t strategy)
{
    seen.changes += port == completions && may_cache && strategy == MEMORY_OBJECT_COPY_DELAY;
    return KERN_SUCCESS;
}

kern_return_t memory_object_copy(mach_port_t port, mach_port_t control_port, vm_offset_t offset,
                                 vm_size_t length, mach_port_t copy)
{
    (void)port, (void)control_port, (void)offset, (void)length, (void)copy;
    return KERN_FAILURE;
}

kern_return_t memory_object_terminate(mach_port_t port, mach_port_t control_port, mach_port_t name)
{
    seen.ends += port == object && port_type(control_port) & MACH_PORT_TYPE_RECEIVE;
    mach_port_destroy(self, control_port);
    return mach_port_destroy(self, name);
}

/* Nobody awaits an answer to what the kernel tells, so that the result of serving tells nothing. */
static void serve(mach_port_t port, mach_msg_id_t id, const char *words)
{
    serve_one(memory_object_server, port);
    check(served_id == id, words);
}

/* --- the client: a thread that touches the mapping --- */

static vm_address_t mapping;
static volatile char *volatile touch; /* what it is to touch, NULL when it has */
static volatile int store;            /* it writes instead of reading */
static volatile int value, touched;

static void client(void *argument)
{
    (void)argument;
    for (;;) {
        if (touch == NULL) {
            swtch_pri(0);
            continue;
        }
        if (store)
            *touch = (char)value;
        else
            value = *touch;
        touch = NULL;
        touched = 1;
    }
}

static void begin(vm_offset_t offset, int writes)
{
    touched = 0;
    store = writes;
    touch = (char *)mapping + offset;
}

static void supplied_and_unlocked(void)
{
    begin(0, 0);
    serve(object, 2203, "a read makes memory_object_data_request");
    check(seen.requests == 1 && seen.offset == 0 && seen.length == PAGE &&
          seen.access & VM_PROT_READ, "for one page, to be read");
    serve(completions, 2207, "memory_object_supply_completed arrives");
    check(seen.supplies == 1 && seen.offset == 0 && seen.length == PAGE, "for that page");
    check_code(seen.result, KERN_SUCCESS, "which was accepted");
    check(wait_for(&touched) && value == 'A', "the client sees the page");
    begin(LOCKED, 0);
    serve(object, 2203, "another page is asked for");
    serve(completions, 2207, "and accepted");
    check(wait_for(&touched) && value == 'B', "and read");
    value = 'x';
    begin(LOCKED, 1);
    serve(object, 2204, "writing a locked page makes memory_object_data_unlock");
    check(seen.unlocks == 1 && seen.offset == LOCKED && seen.access & VM_PROT_WRITE,
          "with the access that is wanted");
    check(wait_for(&touched), "memory_object_lock_request lets the client go on");
    check(*(char *)(mapping + LOCKED) == 'x', "and its byte is there");
}

static void absent(void)
{
    begin(ABSENT, 0);
    serve(object, 2203, "a page that the pager does not have");
    check(wait_for(&touched) && value == 0, "reads as zero");
}

static void returned(void)
{
    check_ok(memory_object_lock_request(control, LOCKED, PAGE, MEMORY_OBJECT_RETURN_ALL, TRUE,
                                        VM_PROT_NO_CHANGE, completions),
             "memory_object_lock_request flushes a page");
    serve(object, 2208, "memory_object_data_return brings it");
    check(seen.returns == 1 && seen.offset == LOCKED && seen.length == PAGE && seen.dirty &&
          seen.first == 'x', "dirty, out of line, with what was written");
    serve(completions, 2206, "memory_object_lock_completed follows");
    check(seen.locks == 1 && seen.offset == LOCKED && seen.length == PAGE, "for that page");
}

static void attributes(void)
{
    boolean_t ready = FALSE, may_cache = TRUE;
    memory_object_copy_strategy_t strategy = 99;

    check_ok(memory_object_get_attributes(control, &ready, &may_cache, &strategy),
             "memory_object_get_attributes");
    check(ready && !may_cache && strategy == MEMORY_OBJECT_COPY_NONE, "says what was said");
    check_ok(memory_object_change_attributes(control, TRUE, MEMORY_OBJECT_COPY_DELAY, completions),
             "memory_object_change_attributes");
    serve(completions, 2209, "memory_object_change_completed arrives");
    check(seen.changes == 1, "with the new attributes");
    check_ok(memory_object_change_attributes(control, FALSE, MEMORY_OBJECT_COPY_NONE, MACH_PORT_NULL),
             "and back, without completion");
}

static mach_port_t exceptions;

static void broken(void)
{
    char message[256];

    begin(BROKEN, 0);
    serve(object, 2203, "a page that the pager cannot read");
    check(receive(exceptions, message, sizeof message, NEVER) == MACH_MSG_SUCCESS && !touched,
          "is an exception of the client");
}

static void ends(mach_port_t thread)
{
    check_ok(thread_terminate(thread), "the client ends");
    check_ok(vm_deallocate(self, mapping, PAGES * PAGE), "the mapping goes");
    while (seen.ends == 0) { /* precious pages come back first */
        serve_one(memory_object_server, object);
        check(served_id == 2208 || served_id == 2201, "what an object's end brings");
    }
    check(seen.returns >= 2, "the precious page came back");
    check(port_type(control) == 0 || port_type(control) & MACH_PORT_TYPE_DEAD_NAME,
          "the control port died");
}

void module(void)
{
    mach_port_t thread;

    object = port_make(1);
    completions = port_make(0);
    exceptions = port_make(1);
    check_ok(vm_map(self, &mapping, PAGES * PAGE, 0, TRUE, object, 0, FALSE,
                    VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, VM_INHERIT_SHARE),
             "vm_map of a memory object");
    serve(object, 2200, "memory_object_init");
    check(seen.inits == 1, "with the page size");
    thread = thread_begin(client, NULL);
    check_ok(thread_set_special_port(thread, THREAD_EXCEPTION_PORT, exceptions),
             "the client's exceptions");
    supplied_and_unlocked();
    absent();
    returned();
    attributes();
    broken();
    ends(thread);
}
