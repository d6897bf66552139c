/* SPDX-License-Identifier: BSD-2-Clause */
/* C Threads, mutexes, conditions: what they promise, and that nothing of them stays. */
#include <cthreads.h>

#include "test.h"

#define THREADS 4
#define ROUNDS  20000

static struct mutex lock = MUTEX_INITIALIZER;
static struct condition changed = CONDITION_INITIALIZER;

static vm_size_t virtual_bytes(void)
{
    struct task_basic_info info;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

    CHECK_OK(task_info(mach_task_self(), TASK_BASIC_INFO, (task_info_t)&info, &count));
    return info.virtual_size;
}

/* The words tell: a mutex that is only taken has no waiter to wake, and a condition counts the signals
   that were sent. */
TEST(0, what_nobody_else_wants_asks_the_kernel_nothing)
{
    for (unsigned i = 0; i < 1000; i++) {
        mutex_lock(&lock);
        CHECK_EQ(lock.word, 1);
        CHECK(!mutex_try_lock(&lock));
        CHECK_EQ(lock.word, 1);
        condition_signal(&changed);
        condition_broadcast(&changed);
        CHECK_EQ(changed.signals, 0);
        mutex_unlock(&lock);
        CHECK_EQ(lock.word, 0);
        CHECK(mutex_try_lock(&lock));
        mutex_unlock(&lock);
    }
}

static volatile uint64_t counter; /* with two accesses, so that two inside at once lose a step */

static any_t count_up(any_t rounds)
{
    for (uint64_t i = 0; i < (uint64_t)rounds; i++) {
        mutex_lock(&lock);
        uint64_t seen = counter;
        if (i % 100 == 0) {
            cthread_yield(); /* so that others come and wait */
        }
        counter = seen + 1;
        mutex_unlock(&lock);
    }
    return rounds;
}

TEST(0, a_mutex_lets_one_in_at_a_time)
{
    cthread_t thread[THREADS];

    unsigned names = port_name_count();
    for (unsigned i = 0; i < THREADS; i++) {
        thread[i] = cthread_fork(count_up, (any_t)ROUNDS);
        CHECK(thread[i] != NULL);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK_EQ(cthread_join(thread[i]), ROUNDS);
    }
    CHECK_EQ(counter, THREADS * ROUNDS);
    CHECK_EQ(lock.word, 0);
    CHECK(port_name_count() <= names + 2 * THREADS); /* threads that are still on their way out */
}

static unsigned waiting, released, tokens;

static any_t wait_for_a_token(any_t unused)
{
    mutex_lock(&lock);
    waiting++;
    while (tokens == 0) {
        condition_wait(&changed, &lock);
    }
    tokens--;
    released++;
    mutex_unlock(&lock);
    return unused;
}

static boolean_t all_wait(void *unused)
{
    (void)unused;
    mutex_lock(&lock);
    boolean_t all = changed.waiters == THREADS;
    mutex_unlock(&lock);
    return all;
}

static boolean_t released_are(void *number)
{
    mutex_lock(&lock);
    boolean_t so = released == (unsigned)(uint64_t)number;
    mutex_unlock(&lock);
    return so;
}

TEST(0, a_signal_wakes_one_and_a_broadcast_all)
{
    cthread_t thread[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        thread[i] = cthread_fork(wait_for_a_token, NULL);
    }
    CHECK(wait_until(all_wait, NULL, CLIENT_WAIT));
    mutex_lock(&lock);
    tokens = 1;
    condition_signal(&changed);
    mutex_unlock(&lock);
    CHECK(wait_until(released_are, (void *)1, CLIENT_WAIT));
    mutex_lock(&lock);
    tokens = THREADS - 1;
    condition_broadcast(&changed);
    mutex_unlock(&lock);
    for (unsigned i = 0; i < THREADS; i++) {
        cthread_join(thread[i]);
    }
    CHECK_EQ(released, THREADS);
    CHECK_EQ(changed.waiters, 0);
}

TEST(0, a_signal_without_waiters_is_not_kept)
{
    mutex_lock(&lock);
    condition_signal(&changed);
    condition_broadcast(&changed);
    CHECK(!condition_wait_timeout(&changed, &lock, 20));
    mutex_unlock(&lock);
}

static volatile mach_port_t waiter_thread;

static any_t wait_once(any_t unused)
{
    mutex_lock(&lock);
    waiter_thread = thread_self();
    condition_wait(&changed, &lock);
    released++;
    mutex_unlock(&lock);
    return unused;
}

static boolean_t one_waits(void *unused)
{
    (void)unused;
    return *(volatile unsigned *)&changed.waiters == 1;
}

TEST(0, thread_abort_ends_no_wait_of_a_condition)
{
    cthread_t thread = cthread_fork(wait_once, NULL);

    CHECK(wait_until(one_waits, NULL, CLIENT_WAIT));
    for (unsigned i = 0; i < 5; i++) {
        CHECK_OK(thread_abort(waiter_thread));
        thread_sleep(10);
    }
    mutex_lock(&lock);
    CHECK_EQ(released, 0);
    condition_signal(&changed);
    mutex_unlock(&lock);
    cthread_join(thread);
    CHECK_EQ(released, 1);
}

static once_flag flag = ONCE_FLAG_INIT;
static volatile unsigned times;

static void note_once(void)
{
    times++;
    cthread_yield(); /* so that others come and would call it, too */
}

static any_t call_it(any_t unused)
{
    call_once(&flag, note_once);
    return (any_t)(uint64_t)(times + (unused != NULL));
}

TEST(0, call_once_calls_once_and_all_wait_for_that)
{
    cthread_t thread[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        thread[i] = cthread_fork(call_it, NULL);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK_EQ(cthread_join(thread[i]), 1);
    }
}

static any_t its_own(any_t value)
{
    cthread_set_data(cthread_self(), value);
    cthread_yield();
    cthread_exit(cthread_data(cthread_self()));
}

TEST(0, each_thread_has_a_word_and_a_result_of_its_own)
{
    cthread_t thread[THREADS];

    CHECK(cthread_self() == NULL); /* the first thread was not forked */
    for (unsigned i = 0; i < THREADS; i++) {
        thread[i] = cthread_fork(its_own, (any_t)(uint64_t)(100 + i));
    }
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK_EQ(cthread_join(thread[i]), 100 + i);
    }
}

static volatile unsigned ended;

/* Does a request, so that it has a reply port, too. */
static any_t come_and_go(any_t unused)
{
    virtual_bytes();
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    return unused;
}

static boolean_t ended_are(void *number)
{
    return ended == (unsigned)(uint64_t)number;
}

/* boot: timeout=120 */
TEST(0, a_thousand_threads_joined_or_detached_leave_nothing)
{
    vm_size_t bytes = 0;
    unsigned names = 0;

    for (unsigned i = 0; i < 1000; i++) {
        cthread_t thread = cthread_fork(come_and_go, NULL);
        CHECK(thread != NULL);
        if (i % 2) {
            cthread_join(thread);
        } else {
            cthread_detach(thread);
            CHECK(wait_until(ended_are, (void *)(uint64_t)(i + 1), CLIENT_WAIT));
        }
        if (i == 20) {
            names = port_name_count();
            bytes = virtual_bytes();
        }
    }
    CHECK(port_name_count() <= names + 10);
    CHECK(virtual_bytes() <= bytes + 5 * THREAD_STACK_MAX);
}

static boolean_t gate_open;

static any_t come_and_go_together(any_t unused)
{
    mutex_lock(&lock);
    while (!gate_open) {
        condition_wait(&changed, &lock);
    }
    mutex_unlock(&lock);
    return come_and_go(unused);
}

/* With what the heap grew by. */
static boolean_t stacks_are_few(void *bytes_before)
{
    return virtual_bytes() <= *(vm_size_t *)bytes_before + 512 * 1024 + 20 * THREAD_STACK_DEFAULT;
}

TEST(0, many_that_end_together_leave_few_stacks)
{
    vm_size_t bytes = virtual_bytes();

    for (unsigned i = 0; i < 100; i++) {
        cthread_t thread = cthread_fork(come_and_go_together, NULL);
        CHECK(thread != NULL);
        cthread_detach(thread);
    }
    mutex_lock(&lock);
    gate_open = TRUE;
    condition_broadcast(&changed);
    mutex_unlock(&lock);
    CHECK(wait_until(ended_are, (void *)100, CLIENT_WAIT));
    CHECK(wait_until(stacks_are_few, &bytes, CLIENT_WAIT));
}
