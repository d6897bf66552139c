/* SPDX-License-Identifier: BSD-2-Clause */
/* Several processors: threads that run at once, and what one has the others do. */
/* boot-all: cpus=4 */
#include <mach/machine/thread_status.h>

#include "registers.h"
#include "test.h"

#define PROCESSORS 4

static volatile uint64_t turns[2 * PROCESSORS];

static uint64_t turn(void *argument)
{
    for (;;)
        (*(volatile uint64_t *)argument)++;
    return 0;
}

static boolean_t has_turned(void *argument)
{
    return *(volatile uint64_t *)argument != 0;
}

static void start_turning(struct client *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        client_call(&clients[i], turn, (void *)&turns[i]);
        CHECK(wait_until(has_turned, (void *)&turns[i], 10000));
    }
}

/* Time for others, which a stopped thread would use if it could. */
static void linger(void)
{
    for (volatile unsigned i = 0; i < 20000; i++)
        ;
}

/* How many processors run this task's threads just now, by the kernel's word. */
static unsigned running_here(void)
{
    porthole_processor_array_t list;
    mach_msg_type_number_t count;
    unsigned here = 0;

    CHECK_OK(porthole_processors(test_host_port, &list, &count));
    CHECK_EQ(count, PROCESSORS);
    for (unsigned i = 0; i < count; i++)
        here += strcmp(list[i].task, "processors") == 0;
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)list, count * sizeof *list));
    return here;
}

static boolean_t all_run_here(void *unused)
{
    (void)unused;
    return running_here() == PROCESSORS;
}

TEST(0, each_processor_runs_a_thread_of_its_own)
{
    struct client clients[PROCESSORS - 1];

    start_turning(clients, PROCESSORS - 1);
    CHECK(wait_until(all_run_here, NULL, 20000));
    for (unsigned i = 0; i < PROCESSORS - 1; i++)
        client_end(&clients[i]);
}

TEST(0, a_suspended_thread_has_stopped_on_its_processor)
{
    struct client client;
    struct i386_thread_state state;
    mach_msg_type_number_t count;

    start_turning(&client, 1);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t before;

        CHECK_OK(thread_suspend(client.thread));
        before = turns[0];
        linger();
        CHECK_EQ(turns[0], before);
        CHECK_OK(thread_resume(client.thread));
        count = i386_THREAD_STATE_COUNT;
        CHECK_OK(thread_get_state(client.thread, i386_THREAD_STATE, (thread_state_t)&state, &count));
        CHECK(state.rip >= (uint64_t)turn && state.rip < (uint64_t)turn + 256);
    }
    client_end(&client);
}

static struct helper suspended;

static volatile boolean_t both; /* both are about to suspend it */

static uint64_t suspend_it(void *unused)
{
    (void)unused;
    both = TRUE;
    return (uint64_t)task_suspend(suspended.task);
}

static void turn_for_ever(void *argument)
{
    turn(argument);
}

TEST(0, whoever_suspends_a_task_finds_it_stopped)
{
    volatile uint64_t *word = (volatile uint64_t *)shared_memory(PAGE_SIZE);
    struct client other;

    helper_create(&suspended, turn_for_ever, (void *)word);
    helper_run(&suspended);
    CHECK(wait_until(has_turned, (void *)word, 20000));
    for (unsigned i = 0; i < 200; i++) {
        uint64_t before;

        both = FALSE;
        client_call(&other, suspend_it, NULL);
        while (!both)
            ;
        CHECK_OK(task_suspend(suspended.task));
        before = *word;
        linger();
        CHECK_EQ(*word, before);
        CHECK_EQ(client_finish(&other), KERN_SUCCESS);
        CHECK_OK(task_resume(suspended.task));
        CHECK_OK(task_resume(suspended.task));
    }
    CHECK_OK(task_terminate(suspended.task));
}

TEST(0, what_is_protected_is_written_by_no_processor_any_more)
{
    vm_address_t page;
    struct client clients[PROCESSORS - 1];

    CHECK_OK(vm_allocate(mach_task_self(), &page, PAGE_SIZE, TRUE));
    for (unsigned i = 0; i < PROCESSORS - 1; i++)
        client_call(&clients[i], turn, (void *)(page + 8 * i));
    for (unsigned round = 0; round < 30; round++) {
        volatile uint64_t *words = (volatile uint64_t *)page;
        uint64_t before[PROCESSORS - 1];

        for (unsigned i = 0; i < PROCESSORS - 1; i++)
            words[i] = 0;
        for (unsigned i = 0; i < PROCESSORS - 1; i++)
            CHECK(wait_until(has_turned, (void *)&words[i], 10000));
        CHECK_OK(vm_protect(mach_task_self(), page, PAGE_SIZE, FALSE, VM_PROT_READ));
        for (unsigned i = 0; i < PROCESSORS - 1; i++)
            before[i] = words[i];
        linger();
        for (unsigned i = 0; i < PROCESSORS - 1; i++)
            CHECK_EQ(words[i], before[i]);
        for (unsigned i = 0; i < PROCESSORS - 1; i++)
            client_expect_bad_access(&clients[i], KERN_PROTECTION_FAILURE, page + 8 * i);
        CHECK_OK(vm_protect(mach_task_self(), page, PAGE_SIZE, FALSE, VM_PROT_READ | VM_PROT_WRITE));
        for (unsigned i = 0; i < PROCESSORS - 1; i++)
            client_retry(&clients[i]);
    }
    for (unsigned i = 0; i < PROCESSORS - 1; i++)
        client_end(&clients[i]);
}

#define FRESH_PAGES 16

TEST(0, a_frame_that_is_given_away_is_written_by_its_new_owner_alone)
{
    struct client client;

    for (unsigned round = 0; round < 30; round++) {
        vm_address_t page, fresh;

        CHECK_OK(vm_allocate(mach_task_self(), &page, (1 + FRESH_PAGES) * PAGE_SIZE, TRUE));
        fresh = page + PAGE_SIZE; /* untouched until the page's frame is free */
        client_call(&client, turn, (void *)page);
        CHECK(wait_until(has_turned, (void *)page, 10000));
        CHECK_OK(vm_deallocate(mach_task_self(), page, PAGE_SIZE));
        for (unsigned i = 0; i < FRESH_PAGES; i++)
            CHECK_EQ(*(volatile uint64_t *)(fresh + i * PAGE_SIZE), 0);
        linger();
        for (unsigned i = 0; i < FRESH_PAGES; i++)
            CHECK_EQ(*(volatile uint64_t *)(fresh + i * PAGE_SIZE), 0);
        client_expect_bad_access(&client, KERN_INVALID_ADDRESS, page);
        client_end(&client);
        CHECK_OK(vm_deallocate(mach_task_self(), fresh, FRESH_PAGES * PAGE_SIZE));
    }
}

static void turn_on_all(void *argument)
{
    static struct client others[PROCESSORS - 1];

    for (unsigned i = 0; i < PROCESSORS - 1; i++)
        client_call(&others[i], turn, (uint64_t *)argument + 1 + i);
    turn(argument);
}

TEST(0, a_task_that_is_ended_or_suspended_stops_on_all_processors)
{
    volatile uint64_t *words = (volatile uint64_t *)shared_memory(PAGE_SIZE);
    uint64_t before[PROCESSORS];
    struct helper helper;

    helper_create(&helper, turn_on_all, (void *)words);
    helper_run(&helper);
    for (unsigned i = 0; i < PROCESSORS; i++)
        CHECK(wait_until(has_turned, (void *)&words[i], 20000));
    CHECK_OK(task_suspend(helper.task));
    for (unsigned i = 0; i < PROCESSORS; i++)
        before[i] = words[i];
    linger();
    for (unsigned i = 0; i < PROCESSORS; i++)
        CHECK_EQ(words[i], before[i]);
    CHECK_OK(task_resume(helper.task));
    CHECK_OK(task_terminate(helper.task));
    for (unsigned i = 0; i < PROCESSORS; i++)
        before[i] = words[i];
    linger();
    for (unsigned i = 0; i < PROCESSORS; i++)
        CHECK_EQ(words[i], before[i]);
}

/* Keeps a value in a vector register and one behind its FS base for a while; what they are then. */
static uint64_t keep(void *argument)
{
    uint64_t mine = (uint64_t)argument, block = mine, vector = 0, based = 0;
    struct i386_fsgs_base_state bases = {(uint64_t)&block, 0};
    mach_msg_type_number_t count = i386_FSGS_BASE_STATE_COUNT;

    CHECK_OK(thread_set_self_state(i386_FSGS_BASE_STATE, (thread_state_t)&bases, count));
    for (unsigned i = 0; i < 40; i++) {
        __asm__ volatile("movq %2, %%xmm9\n\t"
                         "mov $300000, %%ecx\n"
                         "1: dec %%ecx\n\t"
                         "jnz 1b\n\t"
                         "movq %%xmm9, %0\n\t"
                         "mov %%fs:0, %1"
                         : "=&r"(vector), "=&r"(based) : "r"(mine) : "rcx", "xmm9", "cc");
        if (vector != mine || based != mine)
            return 0;
        swtch_pri(0);
    }
    return mine;
}

TEST(0, registers_and_bases_go_with_a_thread_from_processor_to_processor)
{
    static struct client clients[3 * PROCESSORS];

    for (unsigned i = 0; i < 3 * PROCESSORS; i++)
        client_call(&clients[i], keep, (void *)(uint64_t)(i + 1));
    for (unsigned i = 0; i < 3 * PROCESSORS; i++) {
        CHECK_EQ(client_wait(&clients[i], 60000), CLIENT_DONE);
        CHECK_EQ(clients[i].value, i + 1);
    }
}

static void check_available(integer_t wanted)
{
    struct host_basic_info basic;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;

    CHECK_OK(host_info(mach_host_self(), HOST_BASIC_INFO, (host_info_t)&basic, &count));
    CHECK_EQ(basic.max_cpus, PROCESSORS);
    CHECK_EQ(basic.avail_cpus, wanted);
}

TEST(0, processors_leave_service_and_come_back)
{
    processor_array_t list;
    mach_msg_type_number_t count, size = PROCESSOR_BASIC_INFO_COUNT;
    struct processor_basic_info info;
    struct client clients[PROCESSORS];
    mach_port_t found;

    CHECK_OK(host_processors(test_host_port, &list, &count));
    CHECK_EQ(count, PROCESSORS);
    start_turning(clients, PROCESSORS);
    CHECK_RETURNS(processor_start(list[1]), KERN_FAILURE);
    CHECK_RETURNS(processor_exit(list[0]), KERN_FAILURE);
    CHECK_RETURNS(processor_control(list[1], NULL, 0), KERN_FAILURE);
    CHECK_RETURNS(processor_exit(mach_task_self()), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(processor_start(mach_task_self()), KERN_INVALID_ARGUMENT);
    for (unsigned i = 1; i < PROCESSORS; i++)
        CHECK_OK(processor_exit(list[i]));
    CHECK_OK(processor_exit(list[1])); /* it has */
    check_available(1);
    CHECK_OK(processor_info(list[1], PROCESSOR_BASIC_INFO, &found, (processor_info_t)&info, &size));
    CHECK(!info.running && !info.is_master && info.slot_num == 1);
    CHECK_RETURNS(processor_get_assignment(list[1], &found), KERN_FAILURE);
    for (unsigned i = 0; i < PROCESSORS; i++) {
        turns[i] = 0;
        CHECK(wait_until(has_turned, (void *)&turns[i], 20000)); /* all on one processor */
    }
    CHECK(running_here() <= 1);
    for (unsigned i = 1; i < PROCESSORS; i++)
        CHECK_OK(processor_start(list[i]));
    check_available(PROCESSORS);
    CHECK(wait_until(all_run_here, NULL, 20000));
    for (unsigned i = 0; i < PROCESSORS; i++)
        client_end(&clients[i]);
}

TEST(0, the_statistics_of_the_lock_add_up)
{
    porthole_processor_array_t before, after;
    mach_msg_type_number_t count;
    uint64_t taken = 0;

    CHECK_RETURNS(porthole_processors(mach_host_self(), &before, &count), KERN_INVALID_HOST);
    CHECK_OK(porthole_processors(test_host_port, &before, &count));
    for (unsigned i = 0; i < 1000; i++)
        swtch();
    CHECK_OK(porthole_processors(test_host_port, &after, &count));
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(after[i].slot, i);
        CHECK(after[i].in_service);
        CHECK(after[i].lock_contended <= after[i].lock_acquisitions);
        CHECK(after[i].lock_longest_hold <= after[i].lock_hold_time);
        CHECK(after[i].lock_hold_time >= before[i].lock_hold_time);
        CHECK(after[i].lock_contended == before[i].lock_contended ||
              after[i].lock_wait_time > before[i].lock_wait_time);
        taken += after[i].lock_acquisitions - before[i].lock_acquisitions;
    }
    CHECK(taken >= 1000);
}
