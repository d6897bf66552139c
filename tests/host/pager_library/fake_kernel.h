/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel and its ports, faked on the host, for the pager library to talk to.
 *
 * It keeps the law of spec/emmi.md towards one memory object at a time: takes only what it asked for, returns
 * refused precious pages before the completion. Messages are made by MIG's stubs, queued, numbered when a
 * thread takes them, and handled by several threads at once. Each page that comes is compared with what was
 * last written to it. Port references and out-of-line memory are counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/port.h>
#include <mach/std_types.h>

#define FAKE_PAGES 48u

struct fake_page {
    enum { FAKE_ABSENT, FAKE_REQUESTED, FAKE_RESIDENT } state;
    bool dirty, precious;
    bool lost;    /* the store could not write it: errors are right */
    uint64_t tag; /* what was last written; 0: nothing ever */
};

struct fake_kernel {
    mach_port_t control, name;
    bool terminated;                 /* the control port is the pager's */
    bool control_gone;               /* and was destroyed */
    unsigned late;                   /* messages in it */
    unsigned references, references_max; /* that the pager holds of it */
    unsigned supplies, refused, errors;
    struct fake_page pages[FAKE_PAGES];
};
extern struct fake_kernel fake_kernel;
extern unsigned fake_failures;
/* How often there is no memory for malloc and vm_allocate. */
extern unsigned fake_shortages_per_mille;

/* A check that counts and reports. */
void fake_check(bool good, const char *what);
/* What a page with that tag holds. */
void fake_page_fill(void *data, uint64_t tag);
bool fake_page_is(const void *data, uint64_t tag);

/* Starts threads that take messages and give them to the library. */
void fake_start(unsigned threads);
void fake_stop(void);
/* Waits until no message is queued and none is being handled. */
void fake_drain(void);

/* A new association with an object. */
void fake_begin(mach_port_t object);
/* What clients do, and page-out: all return at once. */
void fake_request(unsigned page, unsigned count);
void fake_write(unsigned page);
void fake_evict(unsigned page, unsigned count);
void fake_clean(unsigned page); /* the kernel keeps a copy */
/* Messages that are no kernel's, but well-formed. */
void fake_junk(void);
/* The last mapping is gone; and the last right. */
void fake_terminate(void);
void fake_no_senders(mach_port_mscount_t made);
void fake_senders_left(bool left);

/* Pages of out-of-line memory, and references to ports, that somebody still has. */
long fake_regions(void);
long fake_rights(void);
