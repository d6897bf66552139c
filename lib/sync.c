/* SPDX-License-Identifier: BSD-2-Clause */
#include <mach.h>
#include <mach/thread_switch.h>
#include <porthole/sync.h>

#include "thread_block.h"

boolean_t mutex_try_lock(struct mutex *mutex)
{
    return __atomic_exchange_n(&mutex->taken, 1, __ATOMIC_ACQUIRE) == 0;
}

/* Depressing lets also an owner of lower priority run; swtch would not. */
void mutex_lock(struct mutex *mutex)
{
    while (!mutex_try_lock(mutex)) {
        thread_switch(MACH_PORT_NULL, SWITCH_OPTION_DEPRESS, 1);
    }
}

void mutex_unlock(struct mutex *mutex)
{
    __atomic_store_n(&mutex->taken, 0, __ATOMIC_RELEASE);
}

struct condition_waiter {
    struct condition_waiter *next;
    mach_port_name_t port; /* the waiter's receive right */
    boolean_t signalled;   /* a message is on its way to the port */
};

static mach_port_name_t wake_port(void)
{
    struct thread_block *self = thread_block_self();

    if (self->wake_port == MACH_PORT_NULL) {
        self->wake_port = mach_reply_port();
    }
    return self->wake_port;
}

static void waiter_add(struct condition *condition, struct condition_waiter *waiter)
{
    if (condition->last == NULL) {
        condition->first = waiter;
    } else {
        condition->last->next = waiter;
    }
    condition->last = waiter;
}

static void waiter_remove(struct condition *condition, struct condition_waiter *waiter)
{
    struct condition_waiter *before = NULL;

    for (struct condition_waiter *at = condition->first; at != waiter; at = at->next) {
        before = at;
    }
    if (before == NULL) {
        condition->first = waiter->next;
    } else {
        before->next = waiter->next;
    }
    if (condition->last == waiter) {
        condition->last = before;
    }
}

static boolean_t wait(struct condition *condition, struct mutex *mutex, mach_msg_option_t option,
                      mach_msg_timeout_t timeout)
{
    struct condition_waiter waiter = { NULL, wake_port(), FALSE };
    mach_msg_header_t wake;

    waiter_add(condition, &waiter);
    mutex_unlock(mutex);
    mach_msg_return_t result = mach_msg(&wake, MACH_RCV_MSG | option, 0, sizeof wake, waiter.port,
                                        timeout, MACH_PORT_NULL);
    mutex_lock(mutex);
    if (result == MACH_MSG_SUCCESS) {
        return TRUE;
    }
    if (waiter.signalled) { /* it came just after the time: take it, or it wakes a later wait */
        mach_msg(&wake, MACH_RCV_MSG, 0, sizeof wake, waiter.port, 0, MACH_PORT_NULL);
        return TRUE;
    }
    waiter_remove(condition, &waiter);
    return FALSE;
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
    wait(condition, mutex, MACH_MSG_OPTION_NONE, 0);
}

boolean_t condition_wait_timeout(struct condition *condition, struct mutex *mutex,
                                 unsigned milliseconds)
{
    return wait(condition, mutex, MACH_RCV_TIMEOUT, milliseconds);
}

void condition_signal(struct condition *condition)
{
    struct condition_waiter *waiter = condition->first;
    mach_msg_header_t wake = {0};

    if (waiter == NULL) {
        return;
    }
    waiter_remove(condition, waiter);
    waiter->signalled = TRUE;
    wake.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND_ONCE, 0);
    wake.msgh_remote_port = waiter->port;
    mach_msg(&wake, MACH_SEND_MSG, sizeof wake, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

void condition_broadcast(struct condition *condition)
{
    while (condition->first != NULL) {
        condition_signal(condition);
    }
}
