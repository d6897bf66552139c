/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel calls that need no model, and the pager's lock made of the host's. */
#include <pthread.h>
#include <unistd.h>

#include <mach.h>

#include "servers/default_pager/statistics.h"
#include "servers/default_pager/sync.h"

mach_port_t mach_task_self_ = 1;
pager_statistics_t statistics;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;

void pager_lock(void)
{
    pthread_mutex_lock(&lock);
}

void pager_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void pager_wait(struct condition *condition)
{
    (void)condition;
    pthread_cond_wait(&woken, &lock);
}

void pager_wake(struct condition *condition)
{
    (void)condition;
    pthread_cond_broadcast(&woken);
}

void pager_pause(void)
{
    pager_unlock();
    usleep(1000);
    pager_lock();
}

void mach_print(const char *string)
{
    (void)string;
}

kern_return_t mach_port_destroy(mach_port_t task, mach_port_t name)
{
    (void)task, (void)name;
    return KERN_SUCCESS;
}

kern_return_t mach_port_deallocate(mach_port_t task, mach_port_t name)
{
    (void)task, (void)name;
    return KERN_SUCCESS;
}

kern_return_t mach_port_move_member(mach_port_t task, mach_port_t member, mach_port_t after)
{
    (void)task, (void)member, (void)after;
    return KERN_SUCCESS;
}

kern_return_t mach_port_allocate(mach_port_t task, mach_port_right_t right, mach_port_t *name)
{
    (void)task, (void)right;
    *name = 0x4444;
    return KERN_SUCCESS;
}

kern_return_t mach_port_request_notification(mach_port_t task, mach_port_t name, mach_msg_id_t id,
    mach_port_mscount_t sync, mach_port_t notify, mach_msg_type_name_t type, mach_port_t *previous)
{
    (void)task, (void)name, (void)id, (void)sync, (void)notify, (void)type;
    *previous = MACH_PORT_NULL;
    return KERN_SUCCESS;
}

kern_return_t memory_object_ready(
    mach_port_t control, boolean_t may_cache, memory_object_copy_strategy_t strategy)
{
    (void)control, (void)may_cache, (void)strategy;
    return KERN_SUCCESS;
}
