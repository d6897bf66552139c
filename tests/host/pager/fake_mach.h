/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel, a disk and their ports, faked on the host, for the default pager's own code to run on.
 *
 * The fake kernel keeps the law of spec/emmi.md: it takes only what it asked for, returns refused
 * precious pages before the completion, and queues everything for an object on that object's port.
 * Threads of the pager take messages as from a port set: in order for each port, numbered at
 * dequeue, handled at the same time.
 *
 * Every page that the kernel gets is compared with what was last written to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/port.h>

#define FAKE_OBJECTS 6
#define FAKE_PAGES 96
#define FAKE_PAGE_BYTES 4096u

enum fake_state { FAKE_ABSENT, FAKE_REQUESTED, FAKE_RESIDENT };

struct fake_page {
    enum fake_state state;
    bool dirty, precious;
    bool lost;    /* data_error came for it: its content is not known any more */
    uint64_t tag; /* what was last written; 0: nothing ever */
};

struct fake_message;

struct fake_object {
    mach_port_t port, control, name;
    bool live;
    uint32_t seqno;
    int control_refs;
    bool terminated; /* the kernel has let go of the control port */
    bool control_receive_gone;
    uint64_t base_page; /* where in the object its pages begin: some far out */
    struct fake_message *first, *last;
    struct fake_page pages[FAKE_PAGES];
};

/* What may go wrong on purpose. */
struct fake_faults {
    unsigned write_error_per_mille; /* such a block is bad from then on */
    unsigned read_error_per_mille;  /* the next one does not */
    unsigned early_return_per_mille; /* an accepted page comes back before the completion (D-33) */
};
extern struct fake_faults fake_faults;
extern struct fake_object fake_objects[FAKE_OBJECTS];

/* Starts threads that receive and call the pager's handlers. */
void fake_start(unsigned threads, uint64_t disk_blocks);
/* Waits until no message is queued and no handler runs. */
void fake_drain(void);
/* Ends the threads. */
void fake_stop(void);

/* What the kernel does to an object; all return at once. */
void fake_create(struct fake_object *object, uint64_t base_page);
void fake_touch(struct fake_object *object, unsigned page, unsigned cluster);
void fake_write(struct fake_object *object, unsigned page);
void fake_evict(struct fake_object *object, unsigned page, unsigned count);
void fake_initialize(struct fake_object *object, unsigned page);
void fake_withdraw(struct fake_object *object, unsigned page);
void fake_send_junk(struct fake_object *object);
void fake_terminate(struct fake_object *object);

/* Out-of-line regions that exist; failed checks so far. */
long fake_regions(void);
extern unsigned fake_failures;
/* A check that counts and reports. */
void fake_check(bool good, const char *what);
