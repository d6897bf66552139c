/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting on a word of memory: gsync_wait, gsync_wake, gsync_requeue. */
#include "sleepers.h"
#include "test.h"
#include "wire.h"

#define SELF       mach_task_self()
#define ID_WAKE    4205
#define ID_REQUEUE 4206
#define WAITERS    6
#define REASON     "a word to change"

/* A client that waits; its value is what gsync_wait answers. */
struct waiter {
    struct client client;
    mach_port_t task;
    vm_address_t address;
    unsigned value, second;
    unsigned milliseconds;
    int flags;
};

static uint64_t do_wait(void *argument)
{
    struct waiter *waiter = argument;

    return (uint64_t)gsync_wait(waiter->task, waiter->address, waiter->value, waiter->second,
                                waiter->milliseconds, waiter->flags);
}

/* Starts it, and waits until its thread sleeps, too. */
static void wait_on(struct waiter *waiter, vm_address_t address, unsigned value, int flags)
{
    unsigned before = sleepers(REASON);

    waiter->task = waiter->task ? waiter->task : SELF;
    waiter->address = address;
    waiter->value = value;
    waiter->flags = flags;
    client_call(&waiter->client, do_wait, waiter);
    sleepers_expect(REASON, before + 1);
}

/* One-way requests tell their codes to whom names a reply port. */
static kern_return_t answer_to(struct wire *wire)
{
    mach_port_t reply = mach_reply_port();
    kern_return_t code;

    wire_reply_port(wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_OK(wire_send(wire, 0));
    CHECK_OK(wire_receive(wire, reply, 5000));
    code = *(kern_return_t *)wire_data(wire, 0);
    CHECK_OK(mach_port_mod_refs(SELF, reply, MACH_PORT_RIGHT_RECEIVE, -1));
    return code;
}

static mach_msg_type_t one(unsigned name, unsigned bits)
{
    return (mach_msg_type_t){.msgt_name = name, .msgt_size = bits, .msgt_inline = TRUE,
                             .msgt_number = 1};
}

static void add_address(struct wire *wire, vm_address_t address)
{
    *(vm_address_t *)wire_add(wire, one(MACH_MSG_TYPE_INTEGER_64, 64), 8, FALSE) = address;
}

/* routine: gsync_wake */
static kern_return_t wake(mach_port_t task, vm_address_t address, unsigned value, int flags)
{
    static struct wire wire;

    wire_begin(&wire, task, MACH_MSG_TYPE_COPY_SEND, ID_WAKE);
    add_address(&wire, address);
    wire_add_number(&wire, value);
    wire_add_number(&wire, (unsigned)flags);
    return answer_to(&wire);
}

/* routine: gsync_requeue */
static kern_return_t requeue(vm_address_t from, vm_address_t to, boolean_t wake_one, int flags)
{
    static struct wire wire;

    wire_begin(&wire, SELF, MACH_MSG_TYPE_COPY_SEND, ID_REQUEUE);
    add_address(&wire, from);
    add_address(&wire, to);
    *(boolean_t *)wire_add(&wire, one(MACH_MSG_TYPE_BOOLEAN, 32), 4, FALSE) = wake_one;
    wire_add_number(&wire, (unsigned)flags);
    return answer_to(&wire);
}

static vm_address_t words(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(SELF, &address, size, TRUE));
    return address;
}

static unsigned done_count(struct waiter *waiters, unsigned count)
{
    unsigned done = 0;

    for (unsigned i = 0; i < count; i++)
        done += client_wait(&waiters[i].client, 10) == CLIENT_DONE;
    return done;
}

TEST(0, a_waiter_sleeps_until_it_is_woken)
{
    static struct waiter waiter;
    vm_address_t word = words(PAGE_SIZE);

    wait_on(&waiter, word, 0, 0);
    CHECK_OK(gsync_wake(SELF, word, 0, 0));
    CHECK_EQ(client_finish(&waiter.client), KERN_SUCCESS);
}

TEST(0, another_value_is_told_at_once)
{
    vm_address_t word = words(PAGE_SIZE);

    *(unsigned *)word = 7;
    CHECK_RETURNS(gsync_wait(SELF, word, 6, 0, 0, 0), KERN_INVALID_ARGUMENT);
    *(unsigned *)(word + 4) = 8;
    CHECK_RETURNS(gsync_wait(SELF, word, 7, 9, 0, GSYNC_QUAD), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(gsync_wait(SELF, word, 6, 8, 0, GSYNC_QUAD), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(gsync_wait(SELF, word, 7, 9, 1, GSYNC_TIMED), KERN_TIMEDOUT);
    CHECK_RETURNS(gsync_wait(SELF, word, 7, 8, 1, GSYNC_TIMED | GSYNC_QUAD), KERN_TIMEDOUT);
}

TEST(0, two_words_may_lie_on_two_pages)
{
    vm_address_t word = words(2 * PAGE_SIZE) + PAGE_SIZE - 4;

    *(unsigned *)(word + 4) = 5;
    CHECK_RETURNS(gsync_wait(SELF, word, 0, 4, 0, GSYNC_QUAD), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(gsync_wait(SELF, word, 0, 5, 0, GSYNC_QUAD | GSYNC_TIMED), KERN_TIMEDOUT);
    CHECK_OK(vm_deallocate(SELF, word + 4, PAGE_SIZE));
    CHECK_RETURNS(gsync_wait(SELF, word, 0, 5, 0, GSYNC_QUAD | GSYNC_TIMED), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(gsync_wait(SELF, word, 0, 5, 0, GSYNC_TIMED), KERN_TIMEDOUT);
}

TEST(0, a_wait_ends_when_its_time_is_over)
{
    static struct waiter waiter;
    vm_address_t word = words(PAGE_SIZE);

    CHECK_RETURNS(gsync_wait(SELF, word, 0, 0, 0, GSYNC_TIMED), KERN_TIMEDOUT);
    waiter.milliseconds = 2000;
    wait_on(&waiter, word, 0, GSYNC_TIMED);
    CHECK_EQ(client_finish(&waiter.client), KERN_TIMEDOUT);
    CHECK_RETURNS(wake(SELF, word, 0, 0), KERN_INVALID_ARGUMENT); /* it has left the queue */
}

TEST(0, thread_abort_ends_a_wait)
{
    static struct waiter waiter;
    vm_address_t word = words(PAGE_SIZE);

    wait_on(&waiter, word, 0, 0);
    CHECK_OK(thread_abort(waiter.client.thread));
    CHECK_EQ(client_finish(&waiter.client), KERN_INTERRUPTED);
    CHECK_RETURNS(wake(SELF, word, 0, 0), KERN_INVALID_ARGUMENT);
}

TEST(0, a_waiter_that_is_terminated_is_forgotten)
{
    static struct waiter waiters[2];
    vm_address_t word = words(PAGE_SIZE);

    wait_on(&waiters[0], word, 0, 0);
    wait_on(&waiters[1], word, 0, 0);
    CHECK_OK(thread_terminate(waiters[0].client.thread));
    CHECK_RETURNS(wake(SELF, word, 0, 0), KERN_SUCCESS);
    CHECK_EQ(client_finish(&waiters[1].client), KERN_SUCCESS);
    CHECK_RETURNS(wake(SELF, word, 0, 0), KERN_INVALID_ARGUMENT);
}

TEST(0, addresses_are_checked)
{
    vm_address_t word = words(PAGE_SIZE);
    int flags[] = {0, GSYNC_SHARED};

    for (unsigned i = 0; i < 2; i++) {
        CHECK_RETURNS(gsync_wait(SELF, word + 2, 0, 0, 0, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(gsync_wait(SELF, 0, 0, 0, 0, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(gsync_wait(SELF, -(vm_address_t)4, 0, 0, 0, flags[i] | GSYNC_QUAD),
                      KERN_INVALID_ADDRESS);
        CHECK_RETURNS(wake(SELF, word + 1, 0, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(wake(SELF, 0, 0, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(requeue(word + 1, word, FALSE, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(requeue(word, word + 3, FALSE, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(requeue(0, word, FALSE, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(requeue(word, 0, FALSE, flags[i]), KERN_INVALID_ADDRESS);
        CHECK_RETURNS(requeue(word, word + 4, TRUE, flags[i]), KERN_INVALID_ARGUMENT);
        CHECK_RETURNS(wake(SELF, word, 0, flags[i] | GSYNC_BROADCAST), KERN_INVALID_ARGUMENT);
    }
    CHECK_OK(vm_protect(SELF, word, PAGE_SIZE, FALSE, VM_PROT_NONE));
    CHECK_RETURNS(gsync_wait(SELF, word, 0, 0, 0, 0), KERN_INVALID_ADDRESS);
    CHECK_RETURNS(gsync_wait(test_host_port, word, 0, 0, 0, 0), KERN_INVALID_TASK);
    CHECK_RETURNS(wake(test_host_port, word, 0, 0), KERN_INVALID_TASK);
}

TEST(0, a_wake_may_first_store_the_value)
{
    static struct waiter waiter;
    vm_address_t word = words(PAGE_SIZE);

    CHECK_RETURNS(wake(SELF, word, 9, GSYNC_MUTATE), KERN_INVALID_ARGUMENT); /* stored all the same */
    CHECK_EQ(*(volatile unsigned *)word, 9);
    wait_on(&waiter, word, 9, 0);
    CHECK_RETURNS(wake(SELF, word, 10, GSYNC_MUTATE), KERN_SUCCESS);
    CHECK_EQ(*(volatile unsigned *)word, 10);
    CHECK_EQ(client_finish(&waiter.client), KERN_SUCCESS);
    CHECK_RETURNS(wake(SELF, word, 11, 0), KERN_INVALID_ARGUMENT);
    CHECK_EQ(*(volatile unsigned *)word, 10);
    CHECK_OK(vm_protect(SELF, word, PAGE_SIZE, FALSE, VM_PROT_READ));
    CHECK_RETURNS(wake(SELF, word, 12, GSYNC_MUTATE), KERN_INVALID_ADDRESS);
    CHECK_EQ(*(volatile unsigned *)word, 10);
}

TEST(0, a_stored_value_goes_to_a_copy_of_its_own)
{
    vm_address_t word = words(PAGE_SIZE), copy = words(PAGE_SIZE);

    *(unsigned *)word = 1;
    CHECK_OK(vm_copy(SELF, word, PAGE_SIZE, copy));
    CHECK_EQ(*(volatile unsigned *)copy, 1);
    CHECK_RETURNS(wake(SELF, word, 2, GSYNC_MUTATE), KERN_INVALID_ARGUMENT);
    CHECK_EQ(*(volatile unsigned *)copy, 1);
    CHECK_EQ(*(volatile unsigned *)word, 2);
}

TEST(0, waiters_are_woken_one_by_one_or_all)
{
    static struct waiter waiters[WAITERS];
    vm_address_t word = words(PAGE_SIZE);

    for (unsigned i = 0; i < WAITERS; i++)
        wait_on(&waiters[i], word, 0, 0);
    CHECK_RETURNS(wake(SELF, word + 4, 0, GSYNC_BROADCAST), KERN_INVALID_ARGUMENT);
    CHECK_OK(wake(SELF, word, 0, 0));
    CHECK_EQ(client_finish(&waiters[0].client), KERN_SUCCESS); /* who came first */
    CHECK_EQ(done_count(waiters + 1, WAITERS - 1), 0);
    CHECK_OK(wake(SELF, word, 0, GSYNC_BROADCAST));
    for (unsigned i = 1; i < WAITERS; i++)
        CHECK_EQ(client_finish(&waiters[i].client), KERN_SUCCESS);
}

TEST(0, waiters_move_to_another_word)
{
    static struct waiter waiters[WAITERS];
    vm_address_t from = words(PAGE_SIZE), to = words(PAGE_SIZE);

    for (unsigned i = 0; i < WAITERS; i++)
        wait_on(&waiters[i], from, 0, 0);
    CHECK_OK(requeue(from, to, TRUE, 0)); /* wakes 0, moves 1 */
    CHECK_EQ(client_finish(&waiters[0].client), KERN_SUCCESS);
    CHECK_OK(requeue(from, to, FALSE, 0)); /* moves 2 */
    CHECK_EQ(done_count(waiters + 1, WAITERS - 1), 0);
    CHECK_OK(wake(SELF, to, 0, GSYNC_BROADCAST));
    CHECK_EQ(client_finish(&waiters[1].client), KERN_SUCCESS);
    CHECK_EQ(client_finish(&waiters[2].client), KERN_SUCCESS);
    CHECK_RETURNS(wake(SELF, to, 0, 0), KERN_INVALID_ARGUMENT);
    CHECK_OK(requeue(from, from, TRUE, GSYNC_BROADCAST)); /* to itself: wakes 3 */
    CHECK_EQ(client_finish(&waiters[3].client), KERN_SUCCESS);
    CHECK_OK(requeue(from, to, FALSE, GSYNC_BROADCAST));
    CHECK_RETURNS(wake(SELF, from, 0, 0), KERN_INVALID_ARGUMENT);
    CHECK_OK(wake(SELF, to, 0, GSYNC_BROADCAST));
    CHECK_EQ(client_finish(&waiters[4].client), KERN_SUCCESS);
    CHECK_EQ(client_finish(&waiters[5].client), KERN_SUCCESS);
}

static void wait_shared_and_answer(void *word)
{
    CHECK_OK(gsync_wait(SELF, (vm_address_t)word, 0, 0, 0, GSYNC_SHARED));
    ((volatile unsigned *)word)[1] = 1;
    CHECK_OK(gsync_wake(SELF, (vm_address_t)word + 4, 0, GSYNC_SHARED));
    thread_sleep(100000);
}

/* Also where the memory was shared with nobody, and a copy stood behind it, when the first waiter came. */
TEST(0, tasks_wait_for_each_other_in_shared_memory)
{
    static struct helper helper;
    static struct waiter waiter;
    vm_address_t word = shared_memory(64 * PAGE_SIZE);

    *(unsigned *)word = 0;
    CHECK_OK(vm_copy(SELF, word, 64 * PAGE_SIZE, words(64 * PAGE_SIZE)));
    wait_on(&waiter, word + 4, 0, GSYNC_SHARED);
    helper_create(&helper, wait_shared_and_answer, (void *)word);
    helper_run(&helper);
    while (wake(SELF, word, 0, GSYNC_SHARED) != KERN_SUCCESS)
        thread_sleep(1);
    CHECK_EQ(client_finish(&waiter.client), KERN_SUCCESS);
    CHECK_EQ(((volatile unsigned *)word)[1], 1);
    helper_end(&helper);
}

static void wait_private(void *word)
{
    gsync_wait(SELF, (vm_address_t)word, 0, 0, 0, 0);
    *(volatile unsigned *)word = 2;
    gsync_wait(SELF, (vm_address_t)word, 2, 0, 0, 0);
}

/* The same address of two tasks is two words; each can be woken, and changed, from outside. */
TEST(0, a_private_word_belongs_to_one_task)
{
    static struct helper helper;
    static struct waiter waiter;
    vm_address_t word = words(PAGE_SIZE);

    helper_create(&helper, wait_private, (void *)word);
    helper_run(&helper);
    sleepers_expect(REASON, 1);
    CHECK_RETURNS(wake(SELF, word, 0, 0), KERN_INVALID_ARGUMENT);
    CHECK_OK(wake(helper.task, word, 0, 0));
    while (gsync_wait(helper.task, word, 2, 0, 0, GSYNC_TIMED) != KERN_TIMEDOUT)
        thread_sleep(1);
    sleepers_expect(REASON, 1);
    waiter.task = helper.task;
    wait_on(&waiter, word + 8, 0, 0); /* in the other task's memory */
    CHECK_RETURNS(wake(SELF, word + 8, 0, 0), KERN_INVALID_ARGUMENT);
    CHECK_OK(wake(helper.task, word + 8, 5, GSYNC_MUTATE));
    CHECK_EQ(client_finish(&waiter.client), KERN_SUCCESS);
    CHECK_RETURNS(gsync_wait(helper.task, word + 8, 0, 0, 0, 0), KERN_INVALID_ARGUMENT);
    CHECK_EQ(((volatile unsigned *)word)[2], 0);
    wait_on(&waiter, word + 8, 5, 0);
    helper_end(&helper); /* nobody can wake it now; it can be aborted */
    sleepers_expect(REASON, 1);
    CHECK_OK(thread_abort(waiter.client.thread));
    CHECK_EQ(client_finish(&waiter.client), KERN_INTERRUPTED);
}

/* While the word's page is on its way its manager answers; only then is the word compared. */
TEST(0, the_word_may_be_its_managers)
{
    static struct manager manager;
    static struct waiter waiter;
    vm_address_t word = manager_start(&manager, 0, PAGE_SIZE);
    static unsigned data[1024] = {3};

    waiter.task = SELF;
    waiter.address = word;
    waiter.value = 3;
    waiter.flags = GSYNC_SHARED;
    client_call(&waiter.client, do_wait, &waiter);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(memory_object_data_supply(manager.control, 0, (vm_address_t)data, PAGE_SIZE, FALSE,
                                       VM_PROT_NONE, FALSE, MACH_PORT_NULL));
    sleepers_expect(REASON, 1);
    CHECK_OK(wake(SELF, word, 4, GSYNC_SHARED | GSYNC_MUTATE));
    CHECK_EQ(client_finish(&waiter.client), KERN_SUCCESS);
    CHECK_EQ(*(volatile unsigned *)word, 4);
}

TEST(0, a_wait_for_the_words_manager_can_be_ended)
{
    static struct manager manager;
    static struct waiter waiter;
    vm_address_t word = manager_start(&manager, 0, PAGE_SIZE);

    waiter.task = SELF;
    waiter.address = word;
    client_call(&waiter.client, do_wait, &waiter);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(thread_abort(waiter.client.thread));
    CHECK_EQ(client_finish(&waiter.client), KERN_INTERRUPTED);
}

#define ROUNDS 2000
static volatile unsigned turn[2];

static uint64_t answer_turns(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (turn[0] == i)
            gsync_wait(SELF, (vm_address_t)&turn[0], i, 0, 0, 0);
        turn[1] = i + 1;
        gsync_wake(SELF, (vm_address_t)&turn[1], 0, 0);
    }
    return 0;
}

TEST(0, no_wake_is_lost)
{
    static struct client client;

    client_call(&client, answer_turns, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        CHECK_OK(gsync_wake(SELF, (vm_address_t)&turn[0], i + 1, GSYNC_MUTATE));
        while (turn[1] == i)
            gsync_wait(SELF, (vm_address_t)&turn[1], i, 0, 0, 0);
    }
    CHECK_EQ(client_finish(&client), 0);
}
