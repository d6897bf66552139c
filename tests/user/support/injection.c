/* SPDX-License-Identifier: BSD-2-Clause */
#include "injection.h"

#include "audit.h"
#include "test.h"

#define SELF       mach_task_self()
#define TRIALS_MAX 400 /* no request here makes so many allocations */
#define WORDS_MAX  300

/* Where the worker stands. What it runs between GO and DONE may fail; it spins in the states beside. */
enum phase { IDLE, CALLED, READY, GO, DONE, SETTLE };

kern_return_t injection_result;

static struct worker {
    mach_port_t thread; /* MACH_PORT_NULL: there is none */
    volatile unsigned phase;
    kern_return_t (*volatile request)(void); /* NULL: to end */
    volatile kern_return_t result;
} worker;

static void set_phase(unsigned phase)
{
    __atomic_store_n(&worker.phase, phase, __ATOMIC_SEQ_CST);
}

/* Without a call that allocates: there the wrong allocation might fail. */
static void spin_until(unsigned phase)
{
    while (__atomic_load_n(&worker.phase, __ATOMIC_SEQ_CST) != phase)
        swtch();
}

/* What a refused call may have cost: the port for replies, and the buffers that a thread keeps. */
static void settle(void)
{
    mach_port_type_t type;

    CHECK_OK(mach_port_type(SELF, mig_get_reply_port(), &type));
}

static void work(void *argument)
{
    (void)argument;
    for (;;) {
        while (worker.phase == IDLE)
            gsync_wait(SELF, (vm_address_t)&worker.phase, IDLE, 0, 0, 0);
        if (!worker.request)
            break;
        mig_get_reply_port();
        set_phase(READY);
        spin_until(GO);
        worker.result = worker.request();
        set_phase(DONE);
        spin_until(SETTLE);
        settle();
        set_phase(IDLE);
    }
    worker.thread = MACH_PORT_NULL;
    set_phase(IDLE);
}

/* Lets the worker run a request; a new one makes no call before. */
static void call_worker(kern_return_t (*request)(void))
{
    worker.request = request;
    set_phase(CALLED);
    if (worker.thread != MACH_PORT_NULL) {
        CHECK_OK(gsync_wake(SELF, (vm_address_t)&worker.phase, 0, 0));
        return;
    }
    worker.thread = thread_start(work, NULL, 0);
    CHECK(worker.thread != MACH_PORT_NULL);
}

static void end_worker(void)
{
    if (worker.thread == MACH_PORT_NULL)
        return;
    call_worker(NULL);
    spin_until(IDLE);
}

static unsigned fail_allocations(unsigned number, unsigned times, porthole_callers_t callers)
{
    unsigned left = 0;

    CHECK_OK(porthole_fail_allocation(test_host_port, worker.thread, number, times, &left, callers));
    return left;
}

static void report_callers(const porthole_callers_t callers)
{
    char words[WORDS_MAX];
    unsigned used = 0;

    for (unsigned i = 0; i < PORTHOLE_CALLERS && callers[i] != 0; i++)
        used += (unsigned)snprintf(words + used, sizeof words - used, " %lx", callers[i]);
    report("failed:%s", words);
}

/* Runs the request with the number-th allocation failing, 0: none; TRUE if it came to that one. */
static boolean_t try(const struct injection *injection, unsigned number)
{
    unsigned times = injection->times > 0 ? injection->times : 1, left;
    porthole_callers_t callers;

    if (injection->prepare)
        injection->prepare();
    call_worker(injection->request);
    spin_until(READY);
    if (number > 0)
        fail_allocations(number, times, callers);
    set_phase(GO);
    spin_until(DONE);
    left = fail_allocations(0, 0, callers);
    set_phase(SETTLE);
    spin_until(IDLE);
    if (injection->fresh)
        end_worker();
    injection_result = worker.result;
    if (number == 0 || left == times)
        return FALSE;
    report_callers(callers);
    return TRUE;
}

static void try_without_failure(const struct injection *injection, unsigned number)
{
    try(injection, 0);
    if (worker.result != KERN_SUCCESS)
        FAIL("%s: without failure, after allocation %u had failed: 0x%x", injection->name, number,
             worker.result);
    if (injection->check)
        injection->check();
}

static boolean_t may_refuse(const struct injection *injection, kern_return_t code)
{
    for (unsigned i = 0; i < INJECTION_CODES && injection->codes[i] != KERN_SUCCESS; i++)
        if (injection->codes[i] == code)
            return TRUE;
    return FALSE;
}

/* Fails the number-th; FALSE: the request was done before. */
static boolean_t fail_one(const struct injection *injection, unsigned number, unsigned *refused)
{
    boolean_t failed = try(injection, number);

    if (worker.result != KERN_SUCCESS && !(failed && may_refuse(injection, worker.result)))
        FAIL("%s: allocation %u failed: 0x%x", injection->name, number, worker.result);
    if (injection->check)
        injection->check();
    if (worker.result != KERN_SUCCESS) {
        ++*refused;
        if (!injection->first)
            try_without_failure(injection, number);
    }
    return failed;
}

void inject(const struct injection *injection)
{
    static struct audit before;
    unsigned refused = 0, number = 0;
    boolean_t failed;

    for (unsigned i = 0; i < 2 && !injection->first; i++)
        try_without_failure(injection, 0);
    audit_take(&before);
    do {
        CHECK(++number < TRIALS_MAX);
        failed = fail_one(injection, number, &refused);
        if (!injection->uncounted) {
            const char *difference = audit_difference(&before);

            if (difference)
                FAIL("%s: after allocation %u failed: %s", injection->name, number, difference);
        }
    } while (failed);
    report("# %s: %u allocations failed, %u were refused", injection->name, number - 1, refused);
    if (number == 1)
        FAIL("%s: it allocates nothing", injection->name);
    if (injection->must_refuse && refused == 0)
        FAIL("%s: no failure was refused", injection->name);
    end_worker();
}
