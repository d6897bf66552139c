/* SPDX-License-Identifier: BSD-2-Clause */
#include "pager_lock.h"

#include <assert.h>
#include <porthole/thread.h>
#include <stddef.h>

#include "thread_block.h"

static struct mutex lock = MUTEX_INITIALIZER;
static struct thread_block *volatile holder;

void pager_lock(void)
{
    mutex_lock(&lock);
    holder = thread_block_self();
}

void pager_unlock(void)
{
    holder = NULL;
    mutex_unlock(&lock);
}

boolean_t pager_locked(void)
{
    return holder == thread_block_self();
}

void pager_assert_unlocked(void)
{
    assert(!pager_locked());
}

void pager_wait(struct condition *condition)
{
    holder = NULL;
    condition_wait(condition, &lock);
    holder = thread_block_self();
}

void pager_pause(void)
{
    pager_unlock();
    thread_sleep(10);
    pager_lock();
}

void pager_wake(struct condition *condition)
{
    condition_broadcast(condition);
}
