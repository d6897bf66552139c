/* SPDX-License-Identifier: BSD-2-Clause */
/* C Threads on top of thread_start. */
#include <cthreads.h>
#include <mach.h>
#include <porthole/thread.h>

#include "thread_block.h"

struct cthread {
    cthread_fn_t function;
    any_t argument;
    any_t data; /* the thread's own */
    /* under the lock: */
    any_t result;
    boolean_t ended, detached;
    struct condition joiner; /* the one that waits for the end */
};

/* One for all: held for a few instructions, when a thread ends or is joined. */
static struct mutex lock = MUTEX_INITIALIZER;

cthread_t cthread_self(void)
{
    return thread_block_self()->cthread;
}

/* The record is the joiner's, if there is to be one, as soon as the lock is free. */
void cthread_exit(any_t result)
{
    struct cthread *self = cthread_self();

    if (self != NULL) {
        mutex_lock(&lock);
        boolean_t detached = self->detached;
        self->result = result;
        self->ended = TRUE;
        condition_signal(&self->joiner);
        mutex_unlock(&lock);
        if (detached) {
            free(self);
        }
    }
    thread_exit();
}

static void begin(void *argument)
{
    struct cthread *self = argument;

    thread_block_self()->cthread = self;
    cthread_exit(self->function(self->argument));
}

cthread_t cthread_fork(cthread_fn_t function, any_t argument)
{
    struct cthread *thread = calloc(1, sizeof *thread);

    if (thread == NULL) {
        return NULL;
    }
    thread->function = function;
    thread->argument = argument;
    if (thread_start(begin, thread, 0) == MACH_PORT_NULL) {
        free(thread);
        return NULL;
    }
    return thread;
}

any_t cthread_join(cthread_t thread)
{
    mutex_lock(&lock);
    while (!thread->ended) {
        condition_wait(&thread->joiner, &lock);
    }
    mutex_unlock(&lock);
    any_t result = thread->result;
    free(thread);
    return result;
}

void cthread_detach(cthread_t thread)
{
    mutex_lock(&lock);
    boolean_t ended = thread->ended;
    thread->detached = TRUE;
    mutex_unlock(&lock);
    if (ended) {
        free(thread);
    }
}

void cthread_yield(void)
{
    swtch_pri(0);
}

void cthread_set_data(cthread_t thread, any_t data)
{
    thread->data = data;
}

any_t cthread_data(cthread_t thread)
{
    return thread->data;
}
