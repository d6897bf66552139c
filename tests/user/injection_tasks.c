/* SPDX-License-Identifier: BSD-2-Clause */
/* Each allocation that fails in turn (injection.h): tasks, threads, exceptions, processors, what the host tells. */
#include <mach/pc_sample.h>
#include <mig/mach_debug.h>
#include <mig/mach_i386.h>
#include <mig/task_notify.h>

#include "audit.h"
#include "injection.h"
#include "test.h"

#define SELF     mach_task_self()
#define SHORTAGE .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE
#define BYTES    ((vm_size_t)8 * PAGE_SIZE)
#define SEED     9

static mach_port_t task, thread, port, host, set, control;
static vm_address_t area;

static kern_return_t end_task(mach_port_t made)
{
    UNDO(task_terminate(made));
    UNDO(mach_port_deallocate(SELF, made));
    return KERN_SUCCESS;
}

static kern_return_t create_task(boolean_t inherit)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = task_create(task, inherit, &made);

    return result == KERN_SUCCESS ? end_task(made) : result;
}

static kern_return_t create_empty_task(void)
{
    return create_task(FALSE);
}

static kern_return_t create_heir(void)
{
    return create_task(TRUE);
}

/* What it inherits is there, though the parent's changes. */
static kern_return_t read_of_heir(void)
{
    mach_port_t made = MACH_PORT_NULL;
    vm_offset_t data = 0;
    mach_msg_type_number_t count = 0;
    kern_return_t result = task_create(task, TRUE, &made);

    if (result != KERN_SUCCESS)
        return result;
    result = vm_write(task, area + PAGE_SIZE, area, PAGE_SIZE);
    if (result == KERN_SUCCESS)
        result = vm_read(made, area, BYTES, &data, &count);
    if (result == KERN_SUCCESS) {
        pattern_check(data, BYTES, SEED, 0);
        UNDO(vm_deallocate(SELF, data, count));
    }
    end_task(made);
    return result;
}

/* The parent's memory: as the area here. */
static void fill_parent(void)
{
    CHECK_OK(vm_write(task, area, area, BYTES));
}

static void make_parent(void)
{
    vm_address_t at;

    CHECK_OK(task_create(SELF, FALSE, &task));
    CHECK_OK(vm_allocate(SELF, &area, BYTES, TRUE));
    pattern_fill(area, BYTES, SEED, 0);
    at = area;
    CHECK_OK(vm_allocate(task, &at, BYTES, FALSE));
    fill_parent();
    CHECK_OK(vm_inherit(task, area + 2 * PAGE_SIZE, PAGE_SIZE, VM_INHERIT_SHARE));
}

static kern_return_t create_thread(void)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = thread_create(task, &made);

    if (result != KERN_SUCCESS)
        return result;
    UNDO(thread_terminate(made));
    UNDO(mach_port_deallocate(SELF, made));
    return KERN_SUCCESS;
}

TEST(0, tasks_and_threads_are_made_or_not_when_an_allocation_fails)
{
    make_parent();
    INJECT(create_empty_task, SHORTAGE);
    INJECT(create_heir, SHORTAGE);
    INJECT(read_of_heir, .codes = {KERN_RESOURCE_SHORTAGE, MACH_SEND_NO_BUFFER}, .must_refuse = TRUE,
           .prepare = fill_parent);
    INJECT(create_thread, SHORTAGE);
}

static kern_return_t drop_list(mach_port_t *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (MACH_PORT_VALID(list[i]))
            UNDO(mach_port_deallocate(SELF, list[i]));
    if (count > 0)
        UNDO(vm_deallocate(SELF, (vm_address_t)list, count * sizeof *list));
    return KERN_SUCCESS;
}

/* Calls that answer with an array of rights. */
#define LISTS(function, call)                                                                      \
    static kern_return_t function(void)                                                            \
    {                                                                                              \
        mach_port_t *list = NULL;                                                                  \
        mach_msg_type_number_t count = 0;                                                          \
        kern_return_t result = call;                                                               \
                                                                                                   \
        return result == KERN_SUCCESS ? drop_list(list, count) : result;                           \
    }

LISTS(list_threads, task_threads(SELF, &list, &count))
LISTS(list_registered, mach_ports_lookup(SELF, &list, &count))
LISTS(list_sets, host_processor_sets(host, &list, &count))
LISTS(list_processors, host_processors(test_host_port, &list, &count))
LISTS(list_tasks_of_set, processor_set_tasks(control, &list, &count))
LISTS(list_threads_of_set, processor_set_threads(control, &list, &count))

static kern_return_t register_ports(void)
{
    mach_port_t ports[2] = {port, port};

    return mach_ports_register(SELF, ports, 2);
}

static kern_return_t get_state(void)
{
    natural_t state[i386_THREAD_STATE_COUNT];
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    kern_return_t result = thread_get_state(thread, i386_THREAD_STATE, state, &count);

    return result == KERN_SUCCESS ? thread_set_state(thread, i386_THREAD_STATE, state, count) : result;
}

static kern_return_t float_state(void)
{
    natural_t state[i386_FLOAT_STATE_COUNT];
    mach_msg_type_number_t count = i386_FLOAT_STATE_COUNT;
    kern_return_t result = thread_get_state(thread, i386_FLOAT_STATE, state, &count);

    return result == KERN_SUCCESS ? thread_set_state(thread, i386_FLOAT_STATE, state, count) : result;
}

#define REFUSED_LIST                                                                               \
    .codes = {KERN_RESOURCE_SHORTAGE, MACH_RCV_BODY_ERROR | MACH_MSG_VM_KERNEL,                    \
              MACH_RCV_BODY_ERROR | MACH_MSG_IPC_KERNEL},                                          \
    .must_refuse = TRUE

static void make_task(void)
{
    host = mach_host_self();
    port = port_make(TRUE);
    CHECK_OK(task_create(SELF, FALSE, &task));
    CHECK_OK(thread_create(task, &thread));
    CHECK_OK(processor_set_default(host, &set));
    CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
}

TEST(0, lists_of_rights_are_given_or_refused_when_an_allocation_fails)
{
    make_task();
    INJECT(register_ports, .codes = {KERN_RESOURCE_SHORTAGE, MACH_SEND_NO_BUFFER}, .fresh = TRUE);
    INJECT(list_registered, REFUSED_LIST);
    INJECT(list_threads, REFUSED_LIST);
    INJECT(list_sets, REFUSED_LIST);
    INJECT(list_processors, REFUSED_LIST);
    INJECT(list_tasks_of_set, REFUSED_LIST);
    INJECT(list_threads_of_set, REFUSED_LIST);
    INJECT(get_state, .codes = {KERN_RESOURCE_SHORTAGE}, .fresh = TRUE);
    INJECT(float_state, .codes = {KERN_RESOURCE_SHORTAGE}, .fresh = TRUE);
}

static mach_port_t new_task;

static void make_new_task(void)
{
    if (new_task != MACH_PORT_NULL)
        end_task(new_task);
    CHECK_OK(task_create(SELF, FALSE, &new_task));
}

static kern_return_t sample(void)
{
    int tick = 0;

    return task_enable_pc_sampling(new_task, &tick, SAMPLED_PC_PERIODIC);
}

static kern_return_t permit_io(void)
{
    mach_port_t permission = MACH_PORT_NULL;
    kern_return_t result = i386_io_perm_create(test_device_port, 0x70, 0x71, &permission);

    if (result != KERN_SUCCESS)
        return result;
    result = i386_io_perm_modify(new_task, permission, TRUE);
    UNDO(mach_port_deallocate(SELF, permission));
    return result;
}

static kern_return_t set_exception_port(void)
{
    return task_set_special_port(new_task, TASK_EXCEPTION_PORT, port);
}

TEST(0, what_a_task_may_have_besides_is_given_or_not_when_an_allocation_fails)
{
    make_task();
    make_new_task();
    INJECT(sample, SHORTAGE, .prepare = make_new_task);
    INJECT(permit_io, SHORTAGE, .prepare = make_new_task);
    INJECT(set_exception_port, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = make_new_task, .fresh = TRUE);
}

/* ---- an exception, from the thread whose allocations fail */

static volatile unsigned answered;

static void answer(void *unused)
{
    (void)unused;
    for (;;) {
        struct exception exception;

        if (!exception_receive(port, &exception, 600000))
            continue;
        answered++;
        CHECK_EQ(exception.exception, EXC_BAD_ACCESS);
        CHECK_OK(vm_allocate(SELF, (vm_address_t[]){area}, PAGE_SIZE, FALSE));
        exception_answer(&exception, KERN_SUCCESS);
    }
}

static void make_hole(void)
{
    answered = 0;
    vm_deallocate(SELF, area, PAGE_SIZE);
}

static kern_return_t raise(void)
{
    *(volatile uint64_t *)area = 5;
    CHECK_EQ(answered, 1);
    return KERN_SUCCESS;
}

TEST(0, an_exception_is_told_when_an_allocation_fails)
{
    port = port_make(TRUE);
    CHECK_OK(vm_allocate(SELF, &area, PAGE_SIZE, TRUE));
    CHECK(thread_start(answer, NULL, 0) != MACH_PORT_NULL);
    CHECK_OK(task_set_special_port(SELF, TASK_EXCEPTION_PORT, port));
    INJECT(raise, .prepare = make_hole);
    INJECT(raise, .prepare = make_hole, .fresh = TRUE);
}

/* ---- what kernel and host tell */

#define ARRAY(function, type, call)                                                                \
    static kern_return_t function(void)                                                            \
    {                                                                                              \
        type *list = NULL;                                                                         \
        mach_msg_type_number_t count = 0;                                                          \
        kern_return_t result = call;                                                               \
                                                                                                   \
        if (result == KERN_SUCCESS && count > 0)                                                   \
            UNDO(vm_deallocate(SELF, (vm_address_t)list, count * sizeof *list));                   \
        return result;                                                                             \
    }

ARRAY(tell_tasks, porthole_task_t, porthole_tasks(test_host_port, &list, &count))
ARRAY(tell_threads, porthole_thread_t, porthole_threads(test_host_port, &list, &count))
ARRAY(tell_objects, porthole_object_t, porthole_objects(test_host_port, &list, &count))
ARRAY(tell_caches, porthole_cache_t, porthole_caches(test_host_port, &list, &count))
ARRAY(tell_processors, porthole_processor_t, porthole_processors(test_host_port, &list, &count))
ARRAY(tell_slabs, cache_info_t, host_slab_info(test_host_port, &list, &count))

static uint64_t identity;

ARRAY(tell_regions, porthole_region_t, porthole_regions(test_host_port, identity, &list, &count))
ARRAY(tell_ports, porthole_port_t, porthole_ports(test_host_port, identity, &list, &count))

static void find_identity(void)
{
    vm_offset_t address;
    unsigned type;

    CHECK_OK(mach_port_kernel_object(SELF, SELF, &type, &address));
    identity = address;
}

TEST(0, what_the_kernel_tells_of_itself_it_tells_or_not_when_an_allocation_fails)
{
    make_task();
    find_identity();
    INJECT(tell_tasks, REFUSED_LIST);
    INJECT(tell_threads, REFUSED_LIST);
    INJECT(tell_objects, REFUSED_LIST);
    INJECT(tell_caches, REFUSED_LIST);
    INJECT(tell_processors, REFUSED_LIST);
    INJECT(tell_slabs, REFUSED_LIST);
    INJECT(tell_regions, REFUSED_LIST);
    INJECT(tell_ports, REFUSED_LIST);
}

/* ---- waits on words */

static kern_return_t wake(void)
{
    volatile unsigned *word = (volatile unsigned *)area;
    kern_return_t result = gsync_wake(SELF, (vm_address_t)word, 7, GSYNC_SHARED | GSYNC_MUTATE);

    if (result == KERN_SUCCESS && *word != 7)
        return KERN_RESOURCE_SHORTAGE; /* there is no reply that could tell */
    return result;
}

static kern_return_t wait_mismatched(void)
{
    kern_return_t result = gsync_wait(SELF, area + PAGE_SIZE, 3, 0, 0, GSYNC_SHARED);

    return result == KERN_INVALID_ARGUMENT ? KERN_SUCCESS : result; /* another value: no wait */
}

static void make_fresh(void)
{
    if (area)
        CHECK_OK(vm_deallocate(SELF, area, 2 * PAGE_SIZE));
    CHECK_OK(vm_allocate(SELF, &area, 2 * PAGE_SIZE, area == 0));
    CHECK_OK(vm_inherit(SELF, area, 2 * PAGE_SIZE, VM_INHERIT_SHARE));
}

TEST(0, words_are_waited_on_and_woken_when_an_allocation_fails)
{
    make_fresh();
    INJECT(wake, SHORTAGE, .prepare = make_fresh);
    INJECT(wait_mismatched, SHORTAGE, .prepare = make_fresh);
}
