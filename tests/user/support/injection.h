/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

/*
 * Fails the first, the second, ... allocation that the kernel makes for a request, until it makes no more. Each
 * time the request must succeed or be refused with one of its codes, what it checks must hold, repeated without
 * failure it must succeed, and then all that the kernel holds must be as before (audit.h).
 *
 *     static kern_return_t allocate(void) { ... return result; }
 *     INJECT(allocate, .codes = {KERN_RESOURCE_SHORTAGE});
 *
 * The request runs in a thread of its own, and only that thread's allocations fail. It takes back what it did
 * when it succeeded. Where in the kernel the allocations failed goes to the report, for tests/runner/injection.py.
 */
#define INJECTION_CODES 6

struct injection {
    const char *name;
    kern_return_t (*request)(void);
    void (*prepare)(void); /* before each try, in the test's thread; NULL: nothing */
    void (*check)(void);   /* after each try, refused or not, in the test's thread: contents; NULL: nothing */
    kern_return_t codes[INJECTION_CODES]; /* of a refusal; none: it is never refused */
    boolean_t must_refuse; /* some allocation's failure is refused */
    unsigned times;        /* allocations in a row that fail; 0: one */
    boolean_t fresh;       /* the thread is new for each try, without what it keeps from call to call */
    boolean_t first;       /* only the first success allocates: none comes before, and a refusal is not repeated */
    boolean_t uncounted;   /* what the kernel holds afterwards is no matter: the request itself tells */
};

void inject(const struct injection *injection);
/* What the last try came to, for the check. */
extern kern_return_t injection_result;
#define INJECT(request_, ...)                                                                      \
    inject(&(struct injection){.name = #request_, .request = (request_), __VA_ARGS__})

/* In a request: takes back what it did. Failures may come just here, so it is tried again. */
#define UNDO(call)                                                                                 \
    do {                                                                                           \
        for (unsigned undo_tries = 0; (call) != KERN_SUCCESS; undo_tries++)                        \
            CHECK(undo_tries < 100);                                                               \
    } while (0)
