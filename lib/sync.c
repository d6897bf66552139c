/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks and conditions on words of memory. Who need not wait asks the kernel nothing; who waits sleeps
 * in gsync_wait, which needs no memory of this task's and no port but the thread's reply port.
 */
#include <mach.h>
#include <mach/gsync.h>
#include <porthole/sync.h>

enum { FREE, TAKEN, WAITED_FOR }; /* a mutex's word */

static void sleep_on(volatile unsigned *word, unsigned value)
{
    gsync_wait(mach_task_self(), (vm_address_t)word, value, 0, 0, 0);
}

static void wake(volatile unsigned *word, int flags)
{
    gsync_wake(mach_task_self(), (vm_address_t)word, 0, flags);
}

boolean_t mutex_try_lock(struct mutex *mutex)
{
    unsigned free = FREE;

    return __atomic_compare_exchange_n(&mutex->word, &free, TAKEN, FALSE, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* A thread that had to wait cannot know whether others do: it says so, and its unlock wakes one. */
void mutex_lock(struct mutex *mutex)
{
    if (mutex_try_lock(mutex)) {
        return;
    }
    while (__atomic_exchange_n(&mutex->word, WAITED_FOR, __ATOMIC_ACQUIRE) != FREE) {
        sleep_on(&mutex->word, WAITED_FOR);
    }
}

/* After the exchange the mutex is not read any more: its memory may be gone by then. */
void mutex_unlock(struct mutex *mutex)
{
    if (__atomic_exchange_n(&mutex->word, FREE, __ATOMIC_RELEASE) == WAITED_FOR) {
        wake(&mutex->word, 0);
    }
}

/*
 * A signal changes the word. Who read it before the mutex was released and sleeps only while it is the
 * same misses no signal. Conditions: the mutex is held. FALSE if the time passed without a signal.
 */
static boolean_t wait(struct condition *condition, struct mutex *mutex, int flags,
                      unsigned milliseconds)
{
    unsigned before = condition->signals;
    kern_return_t result;

    condition->waiters++;
    mutex_unlock(mutex);
    do {
        result = gsync_wait(mach_task_self(), (vm_address_t)&condition->signals, before, 0,
                            milliseconds, flags);
    } while (result == KERN_INTERRUPTED); /* at once with another word */
    mutex_lock(mutex);
    condition->waiters--;
    return result != KERN_TIMEDOUT || condition->signals != before;
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
    wait(condition, mutex, 0, 0);
}

boolean_t condition_wait_timeout(struct condition *condition, struct mutex *mutex,
                                 unsigned milliseconds)
{
    return wait(condition, mutex, GSYNC_TIMED, milliseconds);
}

static void signal(struct condition *condition, int flags)
{
    if (condition->waiters != 0) {
        condition->signals++;
        wake(&condition->signals, flags);
    }
}

void condition_signal(struct condition *condition)
{
    signal(condition, 0);
}

void condition_broadcast(struct condition *condition)
{
    signal(condition, GSYNC_BROADCAST);
}

void call_once(once_flag *flag, void (*function)(void))
{
    if (__atomic_load_n(&flag->done, __ATOMIC_ACQUIRE)) {
        return;
    }
    mutex_lock(&flag->lock);
    if (!flag->done) {
        function();
        __atomic_store_n(&flag->done, TRUE, __ATOMIC_RELEASE);
    }
    mutex_unlock(&flag->lock);
}
