/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random messages and traps from several tasks at once: a family whose members do to each other, to
 * themselves and to the kernel whatever the interface lets them, while a supervisor keeps them at it.
 *
 * Operation k of member m is drawn from the seed, m and k alone. A member that dies, or is stuck, begins
 * again with the next operation. What the family holds cannot rightly stop the machine: its tasks and
 * threads, the host's name, and, if asked for, the privileged host port, whose few such requests
 * are sent by nobody (request_allowed).
 */
#pragma once

#include <mach.h>
#include <stdint.h>

#include "skips.h"

#define TASKS_MAX 8u
#define THREADS_MAX 4u           /* of each task */
#define MEMBERS_MAX (TASKS_MAX * THREADS_MAX)

/* Kinds of operations, in the order of the table in member.c. */
enum kind {
    KIND_REQUEST, KIND_WRONG_REQUEST, KIND_LETTER, KIND_RECEIVE, KIND_TRAP, KIND_PORT, KIND_MEMORY,
    KIND_TOUCH, KIND_FAULT, KINDS
};
extern const char *const kind_names[KINDS];

/* What the command line says; the tasks have copies. */
struct settings {
    uint64_t seed, operations, seconds;
    unsigned tasks, threads;
    uint64_t kinds;         /* bit k: operations of kind k are done; else they are left out */
    uint64_t members;       /* bit m: member m does anything */
    boolean_t privileged;   /* the family has the privileged host port */
    boolean_t warm;         /* a short run of everything comes first */
    boolean_t tell;         /* each operation is told on the console before it is done */
    struct skips skips;     /* operations of all members that are left out */
};
extern struct settings settings;

/* What members and supervisor share. */
struct progress {
    volatile uint64_t next[MEMBERS_MAX]; /* the operation that a member will do next */
    volatile uint64_t done[KINDS];
    volatile uint64_t served;            /* requests that were not refused for their form */
};
extern struct progress *progress;

/* Operations of one member: all have the same number. */
uint64_t operations_each(void);

/* --- names that members begin with --- */

enum target { TARGET_ANY, TARGET_TASK, TARGET_THREAD, TARGET_HOST, TARGET_PROCESSOR_SET, TARGET_DEVICE,
              TARGET_CONTROL, TARGET_SET, TARGETS };
#define SLOTS 16u
/* The name under which the supervisor puts right number i of a kind. */
static inline mach_port_name_t given_name(enum target target, unsigned i)
{
    return (0x400 + target * SLOTS + i) << 8 | 1;
}

/* One member: a thread of a task of the family. */
struct member {
    unsigned number;
    uint64_t random;        /* state of the generator */
    mach_port_t reply;
    uint64_t message[512];  /* what it sends and receives */
};

/* The first function of a member's thread, on a fresh stack; also where it begins again. */
void member_main(unsigned number) __attribute__((noreturn));
/* Where such a thread's stack begins. */
vm_address_t member_stack(unsigned number);

/* Runs the family until all is done or time is up, ends all of it, and checks that nothing is left. */
void supervise(void);
