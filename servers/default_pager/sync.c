/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync.h"

#include <mach.h>
#include <porthole/thread.h>

static struct mutex lock = MUTEX_INITIALIZER;

void pager_lock(void)
{
    mutex_lock(&lock);
}

void pager_unlock(void)
{
    mutex_unlock(&lock);
}

void pager_wait(struct condition *condition)
{
    condition_wait(condition, &lock);
}

void pager_pause(void)
{
    mutex_unlock(&lock);
    thread_sleep(10);
    mutex_lock(&lock);
}

void pager_wake(struct condition *condition)
{
    condition_broadcast(condition);
}
