/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

/*
 * What the kernel holds for everybody, and this task's name space, at one moment. Equal audits before and
 * after mean that nothing was lost or kept: not a right, a reference, a message, a page.
 *
 * Exact are: objects in use of every cache of the kernel (free ones at hand do not count), frames that are
 * neither free nor in a cache, tasks and memory objects, names of this space with their types and their
 * references. A reference to an object shows when the object ends, as an object too many; a send
 * right to a port of this task shows in bait_check().
 */
#define AUDIT_CACHES 48
#define AUDIT_NAMES  128

struct audit {
    unsigned cache_count, name_count, tasks, objects, frames;
    struct {
        char name[PORTHOLE_NAME_MAX];
        uint64_t in_use;
    } caches[AUDIT_CACHES];
    uint64_t names[AUDIT_NAMES]; /* type and references of each, sorted */
};

/* Counts, as soon as nothing more is being freed. */
void audit_take(struct audit *audit);
/* All as it was, if need be after what the kernel frees a little later; else the first difference in
   words, valid until the next call; NULL: there is none. */
const char *audit_difference(const struct audit *before);
/* The same, failing the test; `what` says after what. */
void audit_check(const struct audit *before, const char *what);

/*
 * A call must be refused with that code and leave everything as it was. One audit serves all refusals of a
 * test until something is changed on purpose: then audit_begin() again.
 */
void audit_begin(void);
void audit_refused(const char *file, int line, const char *call, kern_return_t actual,
                   kern_return_t expected);
#define REFUSED(call, code) audit_refused(__FILE__, __LINE__, #call, (call), (code))

/* Text of a difference: this task's port must have no rights but its receive right; messages that wait
   there (notifications) are given up. NULL: so it is. */
const char *bait_difference(mach_port_t port);
