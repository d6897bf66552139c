/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTHREADS_H
#define CTHREADS_H

#include <porthole/sync.h>
#include <stdlib.h>

/*
 * C Threads, with the names of its manual. Mutexes and conditions are those of <porthole/sync.h>. Every
 * thread is its own kernel thread.
 */
typedef void *any_t;
typedef any_t (*cthread_fn_t)(any_t argument);
typedef struct cthread *cthread_t;
typedef struct mutex *mutex_t;
typedef struct condition *condition_t;

/* Starts function(argument); NULL if there is no memory for it. It is to be joined or detached. */
cthread_t cthread_fork(cthread_fn_t function, any_t argument);
/* Waits until the thread has ended; what its function returned. The thread is no more. Once. */
any_t cthread_join(cthread_t thread);
/* Nobody will join it: it is no more when it ends. Once. */
void cthread_detach(cthread_t thread);
/* Ends the calling thread with a result, as returning from its function does. */
void cthread_exit(any_t result) __attribute__((noreturn));
/* The calling thread; NULL in one that cthread_fork did not make. */
cthread_t cthread_self(void);
/* Lets others run. */
void cthread_yield(void);

/* One word of the thread's own. */
void cthread_set_data(cthread_t thread, any_t data);
any_t cthread_data(cthread_t thread);

static inline mutex_t mutex_alloc(void) { return calloc(1, sizeof(struct mutex)); }
static inline void mutex_init(mutex_t mutex) { mutex->word = 0; }
static inline void mutex_clear(mutex_t mutex) { mutex->word = 0; }
static inline void mutex_free(mutex_t mutex) { free(mutex); }
static inline condition_t condition_alloc(void) { return calloc(1, sizeof(struct condition)); }
static inline void condition_init(condition_t condition) { *condition = (struct condition){ 0, 0 }; }
static inline void condition_clear(condition_t condition) { condition_init(condition); }
static inline void condition_free(condition_t condition) { free(condition); }

#endif
