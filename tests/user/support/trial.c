/* SPDX-License-Identifier: BSD-2-Clause */
#include "trial.h"

#include "audit.h"
#include "test.h"

#define SELF        mach_task_self()
#define THREADS     12 /* more than the requests to one routine make */
#define REPORTS_MAX 40 /* wrong answers that are told; then the test gives up */

const struct routine *routine;
struct objects objects;
struct request request;

static struct audit whole, made; /* before the objects of this routine were made, and since */
static unsigned wrong, cases;

static void tell(const char *what, const char *more)
{
    report("# %s %d %s: %s\n", routine->name, routine->id, what, more);
    if (++wrong >= REPORTS_MAX)
        FAIL("%u cases, %u wrong", cases, wrong);
}

/* Nothing may have changed; the next case is judged by how it is now. */
static void unchanged(const char *what)
{
    const char *found = bait_difference(objects.ports[OBJECT_PORT]);

    if (!found)
        found = audit_difference(&made);
    if (!found)
        return;
    tell(what, found);
    audit_take(&made);
}

void expect(const char *what, kern_return_t expected)
{
    kern_return_t code = request_call(&request);
    char words[80];

    cases++;
    if (code != expected) {
        snprintf(words, sizeof words, "%#x, expected %#x", (unsigned)code, (unsigned)expected);
        tell(what, words);
    }
    unchanged(what);
}

void expect_malformed(const char *what)
{
    kern_return_t code = request_call(&request);
    char words[80];

    cases++;
    if (code != MIG_BAD_ARGUMENTS && code != MACH_SEND_MSG_TOO_SMALL &&
        code != MACH_SEND_INVALID_TYPE && code != MACH_SEND_INVALID_RIGHT &&
        code != MACH_SEND_INVALID_MEMORY) {
        snprintf(words, sizeof words, "%#x, expected a refusal of its form", (unsigned)code);
        tell(what, words);
    }
    unchanged(what);
}

void begin(void)
{
    request_begin(&request, routine, objects.ports[routine->target]);
}

/* A request that was obeyed may have put rights to the bait where they stay. */
static void renew_bait(void)
{
    CHECK_OK(mach_port_destroy(SELF, objects.ports[OBJECT_PORT]));
    objects.ports[OBJECT_PORT] = port_make(FALSE);
    audit_take(&made);
}

void expect_any(const char *what)
{
    kern_return_t code = request_call(&request);

    cases++;
    if (code == KERN_SUCCESS || code == ANSWER_NONE)
        renew_bait();
    else
        unchanged(what);
}

/* The kernel keeps the port that register_new_task_notification gave it, dead as it may be. */
#define ID_REGISTER 4203

static void try_routine(void (*try)(void))
{
    const char *found;

    objects_make(&objects);
    audit_take(&made);
    try();
    objects_end(&objects);
    found = audit_difference(&whole);
    if (found && routine->id != ID_REGISTER)
        tell("references", found);
    audit_take(&whole);
}

/* What is made once and kept (stacks of threads, for one) is there after the second time. */
static void warm_up(void)
{
    mach_port_t task, threads[THREADS];

    CHECK_OK(task_create(SELF, FALSE, &task));
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_OK(thread_create(task, &threads[i]));
    CHECK_OK(task_terminate(task));
    CHECK_OK(mach_port_deallocate(SELF, task));
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_OK(mach_port_deallocate(SELF, threads[i]));
    for (unsigned i = 0; i < 2; i++) {
        routine = &routines[0];
        objects_make(&objects);
        begin();
        request_call(&request);
        audit_take(&made);
        objects_end(&objects);
        audit_take(&whole);
    }
    audit_difference(&whole);
    audit_take(&whole);
}

void trial_subsystem(const char *subsystem, void (*try)(void))
{
    unsigned tried = 0;

    warm_up();
    for (unsigned i = 0; i < routine_count; i++) {
        if (strcmp(routines[i].subsystem, subsystem) != 0)
            continue;
        routine = &routines[i];
        try_routine(try);
        tried++;
    }
    report("# %u routines, %u cases\n", tried, cases);
    if (wrong > 0)
        FAIL("%u cases, %u wrong", cases, wrong);
    CHECK(tried > 0);
}
