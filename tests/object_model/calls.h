/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of the manager, as the model takes them and as the kernel gets them. */
#pragma once

#include "model.h"
#include "operation.h"

struct call {
    enum kind kind;            /* SUPPLY, UNAVAILABLE, ERROR, LOCK, FENCE, CHANGE, DESTROY, or SYNC: its answer */
    const struct operation *operation;
    struct model_supply supply;
    struct model_lock lock;    /* also of a fence */
    uint64_t offset, size;     /* UNAVAILABLE, ERROR, SYNC */
    bool sets_attributes, ready, may_cache;
};

/* What the operation says; it stays as long as the call. */
void call_make(struct call *call, const struct operation *operation);
/* The answer to a vm_msync. */
void call_make_sync_answer(struct call *call, const struct operation *operation, uint64_t offset,
                           uint64_t length);
/* set_attributes. */
void call_make_set_attributes(struct call *call, const struct operation *operation, bool ready);
void call_apply(const struct call *call, struct model *model);
void call_send(const struct call *call);
/* Gives back what calls work with. */
void calls_end(void);
