/* SPDX-License-Identifier: BSD-2-Clause */
/* One operation of a run: drawn from the seed and its number alone, so that a run can be repeated in part. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

/* In the order of the names in tools/guest/object_model.py. */
enum kind {
    KIND_TOUCH,       /* a client reads or writes; without a mapping: the object is mapped */
    KIND_ANSWER,      /* what a client waits for is answered, in one way or another */
    KIND_SUPPLY,
    KIND_UNAVAILABLE,
    KIND_ERROR,
    KIND_LOCK,
    KIND_SYNC,        /* a client calls vm_msync */
    KIND_CHANGE,      /* of attributes */
    KIND_ABANDON,     /* a client that waits is aborted, and does something else */
    KIND_RACE,        /* a client touches a page while the manager does something to it */
    KIND_WIRE,        /* a page is wired, or the one that is so is unwired */
    KIND_UNMAP,
    KIND_DESTROY,
    KIND_FENCE,       /* a lock_request for nothing: its completion must be the next message */
    KINDS
};

/* What is wrong with a call's arguments. */
enum damage { DAMAGE_NONE, DAMAGE_OFFSET, DAMAGE_LOCK, DAMAGE_RANGE };

struct operation {
    uint64_t number;
    enum kind kind;
    unsigned client, page, pages, word;
    bool write, direct, in_kernel, other_mapping;
    uint64_t value;            /* all that the operation writes has this above bit 8 */
    vm_prot_t lock;
    memory_object_return_t what;
    bool precious, flush;
    bool deallocate, odd_source, odd_size;
    enum model_reply reply;
    bool copied_right;         /* the reply right is a send right of the manager's own, not made */
    bool old_form;             /* data_provided, or lock_request with a boolean, where that can say it */
    bool maps;                 /* a touch that became that */
    bool may_cache, right_numbers, tries_again;
    unsigned cluster;
    int flavor, sync_flags;
    kern_return_t reason;
    unsigned way;              /* 0 to 15: of several ways to answer */
    enum damage damage;
    enum kind second;          /* of a race: what the manager does */
};

void operation_draw(struct operation *operation, uint64_t seed, uint64_t number);
/* In words, on one line. */
void operation_describe(const struct operation *operation, char *text, size_t size);
extern const char *const kind_names[KINDS];
