/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel must do with one memory object: a reference model of the external memory interface for one
 * manager and a few client threads, from the manual pages and decisions D-04 to D-29 and O1 to O10, and from
 * nothing of the kernel's. It sends and touches nothing; main.c and its neighbours do that, and compare.
 *
 * A page:
 *
 *   ABSENT -- access --> REQUESTED -- supply --> RESIDENT (clean or precious; locked or not)
 *      ^                  |     |                  | write: dirty
 *      |<---- error ------+     +-- unavailable    | lock_request: cleaned, locked, or flushed
 *      |                             |             |
 *      |                        UNAVAILABLE        |
 *      |                             +-- access -->| (zeros)
 *      +<------------------------------------------+
 *
 * The association: none; mapped and not ready; mapped and ready; cached (no mapping, pages are left);
 * destroyed (mapped still: resident pages serve on, others cannot be had any more).
 *
 * Each operation changes the state and leaves in `due` what the kernel must send, in that order. What
 * threads do after it was done has no order among them, so it is not listed but allowed: model_message()
 * and its neighbours say whether something that came may come now, and model_is_due() whether more must come.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/memory_object.h>
#include <mach/vm_prot.h>

#define MODEL_PAGE    4096u
#define MODEL_PAGES   6u /* that clients can see */
#define MODEL_SLOTS   8u /* with two behind them, which nobody ever asks for */
#define MODEL_CLIENTS 4u
#define MODEL_WORDS   MODEL_CLIENTS /* of a page are looked at; client i alone writes word i */
#define MODEL_DUE_MAX 48u
#define MODEL_FLUSHES_MAX 8u
#define MODEL_OFFSET_END (UINT64_C(1) << 63)

enum model_slot { SLOT_ABSENT, SLOT_REQUESTED, SLOT_UNAVAILABLE, SLOT_RESIDENT };

struct model_page {
    enum model_slot slot;
    bool dirty, precious;  /* RESIDENT */
    vm_prot_t lock;        /* RESIDENT: access that the manager prohibits */
    vm_prot_t asked;       /* access: in the data_request, or in data_unlocks since the lock was set */
    bool asked_again;      /* REQUESTED: a second data_request was sent, D-10 */
    uint64_t words[MODEL_WORDS];
};

enum model_access { ACCESS_READ, ACCESS_WRITE, ACCESS_SYNC };

enum model_client_state {
    CLIENT_IDLE,
    CLIENT_TOUCHING,   /* an access that waits for data, for an unlock or for readiness */
    CLIENT_FINISHED,   /* its access goes through; that it says so is due */
    CLIENT_FAILED,     /* its exception is due, or that its call of the kernel says so */
    CLIENT_SYNCING     /* in vm_msync, which the manager has not answered */
};

struct model_client {
    enum model_client_state state;
    enum model_access access;
    bool in_kernel;        /* the kernel does it, by vm_read or vm_write: errors are the call's result */
    unsigned page, pages;  /* a page, or what is synchronized */
    unsigned word;
    uint64_t value;        /* to be written */
    uint64_t allowed[2];   /* FINISHED: what may have been read; somebody may write at the same time */
    kern_return_t code;    /* FAILED; FINISHED and ACCESS_SYNC */
};

/* How a reply right is given. */
enum model_reply { REPLY_NONE, REPLY_SEND, REPLY_SEND_ONCE };

/* The kernel's messages, by their ids. */
enum model_id {
    MODEL_SEND_ONCE_LOST = 71, MODEL_INIT = 2200, MODEL_TERMINATE = 2201, MODEL_REQUEST = 2203,
    MODEL_UNLOCK = 2204, MODEL_WRITE = 2205, MODEL_LOCK_COMPLETED = 2206, MODEL_SUPPLY_COMPLETED = 2207,
    MODEL_RETURN = 2208, MODEL_CHANGE_COMPLETED = 2209, MODEL_SYNCHRONIZE = 2210,
    MODEL_CHANGE_COMPLETED_FLAVOR = 2211
};

/* Fields that an id does not have are 0. A return that is due has one page; one that came may have more. */
struct model_message {
    enum model_id id;
    uint64_t offset, length;
    vm_prot_t access;
    bool dirty, kernel_copy, may_cache;
    kern_return_t result;
    uint64_t error_offset;
    int number;                  /* sync flags; a flavor */
    enum model_reply through;    /* completions: the kind of right by which it came */
    uint64_t words[MODEL_SLOTS][MODEL_WORDS];
};

struct model_lock {
    uint64_t offset, size;
    memory_object_return_t what;
    bool flush;
    vm_prot_t lock;
    enum model_reply reply;
};

struct model {
    bool mapped, associated, ready, may_cache, destroyed;
    bool old_pageout;            /* pages come back by data_write, which does not say how they were (D-12) */
    unsigned cluster;            /* pages that one request may cover */
    struct model_page pages[MODEL_SLOTS];
    struct model_client clients[MODEL_CLIENTS];
    bool wired;                  /* wired_page is */
    unsigned wired_page;
    struct model_lock flushes[MODEL_FLUSHES_MAX]; /* that wait for its unwiring, oldest first */
    unsigned flush_count;
    struct model_message due[MODEL_DUE_MAX];
    unsigned due_first, due_count;
    char why[200];
};

void model_begin(struct model *model);

/* --- what clients do --- */

/* What a client does to one word of a page. */
struct model_touch {
    bool write, in_kernel;
    unsigned page, word;
    uint64_t value;
};
/* Client 0.. reads or writes; its state is then TOUCHING, FINISHED or FAILED. Conditions: it is idle, mapped. */
void model_touch(struct model *model, unsigned client, const struct model_touch *touch);
/* The same, and it has come to where it waits, and asked for what it needs: what it asks is due, before all that
   follows. Conditions: clusters of one page; nobody else has still to ask. */
void model_touch_and_wait(struct model *model, unsigned client, const struct model_touch *touch);
/* vm_msync of pages [page, page + pages) with flags, through a mapping that may be written or not. */
void model_sync(struct model *model, unsigned client, unsigned page, unsigned pages, int flags,
                bool writable);
/* A touching client is aborted and does not come back to it. What was asked for it stays asked. */
void model_abandon(struct model *model, unsigned client);
/* A client that got an exception tries the same again. */
void model_retry(struct model *model, unsigned client);
/* One page at a time is wired: a resident one, not locked against reading; or it is wired no more. */
void model_wire(struct model *model, unsigned page);
void model_unwire(struct model *model);
/* The first mapping, or the last goes; no client is busy, nothing is wired. */
void model_map(struct model *model);
void model_unmap(struct model *model);

/* --- what the manager does; what is wrong with the arguments decides the model, too --- */

struct model_supply {
    uint64_t offset, bytes;
    vm_prot_t lock;
    bool precious;
    enum model_reply reply;
    uint64_t words[MODEL_SLOTS][MODEL_WORDS]; /* of each page that is supplied */
};
void model_supply(struct model *model, const struct model_supply *supply);
void model_unavailable(struct model *model, uint64_t offset, uint64_t size);
void model_error(struct model *model, uint64_t offset, uint64_t size, kern_return_t reason);

/* A flush of the wired page is put off, and has a reply, so that its end is told (D-21); there may be so many. */
void model_lock(struct model *model, const struct model_lock *lock);
void model_ready(struct model *model, bool may_cache);
/* set_attributes, which makes an object ready but never unready, and is for managers that know data_write. */
void model_set_attributes(struct model *model, bool ready, bool may_cache);
/* change_attributes; flavor 0: the classic form, else PERFORMANCE_INFO with a cluster of so many pages. */
void model_change(struct model *model, bool may_cache, int flavor, unsigned cluster,
                  enum model_reply reply);
void model_sync_answer(struct model *model, uint64_t offset, uint64_t length);
void model_destroy(struct model *model);

/* --- what comes: NULL if it may come now, and then it has happened; else what is wrong with it --- */

const char *model_message(struct model *model, const struct model_message *message);
/* The value is what was read or written, MODEL_ERROR | code if the kernel failed at it, vm_msync's code. */
#define MODEL_ERROR (UINT64_C(1) << 63)
const char *model_done(struct model *model, unsigned client, uint64_t value);
const char *model_exception(struct model *model, unsigned client, kern_return_t code);

/* Both will do the same from here on; neither has anything due. */
bool model_is_same(const struct model *one, const struct model *other);
/* Something must still come. */
bool model_is_due(const struct model *model);
/* The same in words. */
void model_say_due(const struct model *model, char *text, size_t size);
/* Access that a touching client needs: what it may write it can read, too, but not if the kernel writes for it. */
vm_prot_t model_need(const struct model_client *client);
