/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include <mach/error.h>
#include <mach/vm_sync.h>
#include <string.h>

void model_begin(struct model *model)
{
    memset(model, 0, sizeof *model);
    model->cluster = 1;
}

vm_prot_t model_need(const struct model_client *client)
{
    if (client->access == ACCESS_READ)
        return VM_PROT_READ;
    return client->in_kernel ? VM_PROT_WRITE : VM_PROT_READ | VM_PROT_WRITE;
}

/* --- helpers --- */

/* The slot of an offset; NULL behind the slots, where nothing ever is. */
static struct model_page *page_at(struct model *model, uint64_t offset)
{
    return offset / MODEL_PAGE < MODEL_SLOTS ? &model->pages[offset / MODEL_PAGE] : NULL;
}

static void due(struct model *model, struct model_message message)
{
    model->due[(model->due_first + model->due_count++) % MODEL_DUE_MAX] = message;
}

/* The completion of a call, if one was wanted. */
static void due_completion(struct model *model, enum model_reply reply, struct model_message message)
{
    message.through = reply;
    if (reply != REPLY_NONE)
        due(model, message);
}

/* A call with bad arguments is destroyed: only a send-once right tells (D-01). */
static void aborted(struct model *model, enum model_reply reply)
{
    if (reply == REPLY_SEND_ONCE)
        due(model, (struct model_message){.id = MODEL_SEND_ONCE_LOST});
}

static void due_return(struct model *model, uint64_t offset, bool dirty, bool kernel_copy,
                       const uint64_t *words)
{
    struct model_message message = {.id = MODEL_RETURN, .offset = offset, .length = MODEL_PAGE,
                                    .dirty = dirty, .kernel_copy = kernel_copy};

    if (model->old_pageout)
        message = (struct model_message){.id = MODEL_WRITE, .offset = offset, .length = MODEL_PAGE};

    memcpy(message.words[0], words, sizeof message.words[0]);
    due(model, message);
}

static void make_resident(struct model_page *page, bool precious, vm_prot_t lock,
                          const uint64_t *words)
{
    *page = (struct model_page){.slot = SLOT_RESIDENT, .precious = precious, .lock = lock};
    if (words != NULL)
        memcpy(page->words, words, sizeof page->words);
}

/* A touching client whose page is there, and not locked against it. */
static bool goes_through(const struct model *model, const struct model_client *client)
{
    const struct model_page *page = &model->pages[client->page];

    return client->state == CLIENT_TOUCHING && page->slot == SLOT_RESIDENT &&
           (page->lock & model_need(client)) == 0;
}

static void fail(struct model_client *client, kern_return_t code)
{
    client->state = CLIENT_FAILED;
    client->code = code;
}

/* Who has not said yet what he read may have read what is there now. */
static void see_writes(const struct model *model, struct model_client *client)
{
    const struct model_page *page = &model->pages[client->page];

    if (client->state == CLIENT_FINISHED && client->access == ACCESS_READ && page->slot == SLOT_RESIDENT)
        client->allowed[1] = page->words[client->word];
}

/*
 * Lets the clients do what they can now. Those who read a word while it is written see the one or the other.
 */
static void settle(struct model *model)
{
    bool reads[MODEL_CLIENTS] = {false};

    if (!model->ready && !model->destroyed)
        return;
    for (unsigned i = 0; i < MODEL_CLIENTS; i++) {
        struct model_client *client = &model->clients[i];
        struct model_page *page = &model->pages[client->page];

        if (client->state == CLIENT_TOUCHING && page->slot == SLOT_UNAVAILABLE)
            make_resident(page, false, VM_PROT_NONE, NULL);
        if (client->state == CLIENT_TOUCHING && page->slot == SLOT_ABSENT && model->destroyed)
            fail(client, KERN_MEMORY_FAILURE);
        reads[i] = goes_through(model, client) && client->access == ACCESS_READ;
        if (reads[i])
            client->allowed[0] = page->words[client->word];
    }
    for (unsigned i = 0; i < MODEL_CLIENTS; i++) {
        struct model_client *client = &model->clients[i];
        struct model_page *page = &model->pages[client->page];

        if (goes_through(model, client) && client->access == ACCESS_WRITE) {
            page->words[client->word] = client->value;
            page->dirty = true;
            client->allowed[0] = client->allowed[1] = client->value;
            client->state = CLIENT_FINISHED;
        }
        if (reads[i]) {
            client->allowed[1] = client->allowed[0];
            client->state = CLIENT_FINISHED;
        }
    }
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        see_writes(model, &model->clients[i]);
}

/* --- clients --- */

void model_touch(struct model *model, unsigned number, const struct model_touch *touch)
{
    model->clients[number] = (struct model_client){
        .state = CLIENT_TOUCHING, .access = touch->write ? ACCESS_WRITE : ACCESS_READ,
        .in_kernel = touch->in_kernel, .page = touch->page, .pages = 1, .word = touch->word,
        .value = touch->value};
    settle(model);
}

void model_touch_and_wait(struct model *model, unsigned number, const struct model_touch *touch)
{
    struct model_client *client = &model->clients[number];
    struct model_page *page = &model->pages[touch->page];
    vm_prot_t need;

    model_touch(model, number, touch);
    need = model_need(client);
    if (client->state != CLIENT_TOUCHING || !model->ready)
        return;
    if (page->slot == SLOT_ABSENT) {
        *page = (struct model_page){.slot = SLOT_REQUESTED, .asked = need};
        due(model, (struct model_message){.id = MODEL_REQUEST, .offset = touch->page * MODEL_PAGE,
                                          .length = MODEL_PAGE, .access = need});
    } else if (page->slot == SLOT_RESIDENT && (need & ~page->asked) != 0) {
        page->asked |= need;
        due(model, (struct model_message){.id = MODEL_UNLOCK, .offset = touch->page * MODEL_PAGE,
                                          .length = MODEL_PAGE, .access = page->asked});
    }
}

void model_abandon(struct model *model, unsigned client)
{
    model->clients[client].state = CLIENT_IDLE;
}

void model_retry(struct model *model, unsigned client)
{
    model->clients[client].state = CLIENT_TOUCHING;
    settle(model);
}

/* --- the end of an association --- */

static bool has_data(const struct model *model)
{
    for (unsigned i = 0; i < MODEL_SLOTS; i++)
        if (model->pages[i].slot == SLOT_RESIDENT)
            return true;
    return false;
}

static void forget(struct model *model)
{
    memset(model->pages, 0, sizeof model->pages);
    model->associated = model->ready = model->may_cache = model->destroyed = false;
    model->old_pageout = false;
    model->cluster = 1;
}

/* Dirty and precious pages go back first (O1). */
static void terminate(struct model *model)
{
    for (unsigned i = 0; i < MODEL_SLOTS; i++) {
        const struct model_page *page = &model->pages[i];

        if (page->slot == SLOT_RESIDENT && (page->dirty || page->precious))
            due_return(model, i * MODEL_PAGE, page->dirty, false, page->words);
    }
    due(model, (struct model_message){.id = MODEL_TERMINATE});
    forget(model);
}

/* Without a mapping an object stays only while it may be cached and has data. */
static void end_if_unused(struct model *model)
{
    if (model->associated && !model->mapped && !(model->may_cache && has_data(model)))
        terminate(model);
}

void model_map(struct model *model)
{
    model->mapped = true;
    if (!model->associated)
        due(model, (struct model_message){.id = MODEL_INIT, .length = MODEL_PAGE});
    model->associated = true;
}

void model_unmap(struct model *model)
{
    model->mapped = false;
    if (model->destroyed)
        forget(model);
    end_if_unused(model);
}

/*
 * The manager gives it up: what it owed fails (D-22, D-24, D-29), nobody is left who could unlock, and nothing
 * is written back. What is resident serves on as long as it is mapped.
 */
void model_destroy(struct model *model)
{
    due(model, (struct model_message){.id = MODEL_TERMINATE});
    if (!model->mapped) {
        forget(model);
        return;
    }
    model->associated = model->ready = model->may_cache = false;
    model->destroyed = true;
    for (unsigned i = 0; i < MODEL_SLOTS; i++) {
        model->pages[i].lock = VM_PROT_NONE;
        if (model->pages[i].slot == SLOT_REQUESTED)
            model->pages[i].slot = SLOT_ABSENT;
    }
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        if (model->clients[i].state == CLIENT_SYNCING) {
            model->clients[i].state = CLIENT_FINISHED;
            model->clients[i].code = KERN_MEMORY_FAILURE;
        }
    settle(model);
}

/* --- the manager's answers --- */

/* Everything from the first refused page on: back to the manager if precious (D-08); without a reply right,
   what is still waited for is asked for once more (D-10). */
static void refuse(struct model *model, const struct model_supply *supply, uint64_t first,
                   uint64_t pages)
{
    for (uint64_t i = first; i < pages && supply->precious; i++)
        due_return(model, supply->offset + i * MODEL_PAGE, false, false, supply->words[i]);
    for (uint64_t i = first; i < pages && supply->reply == REPLY_NONE; i++) {
        uint64_t offset = supply->offset + i * MODEL_PAGE;
        struct model_page *page = page_at(model, offset);

        if (page == NULL || page->slot != SLOT_REQUESTED || page->asked_again)
            continue;
        page->asked_again = true;
        due(model, (struct model_message){.id = MODEL_REQUEST, .offset = offset,
                                          .length = MODEL_PAGE, .access = page->asked});
    }
}

void model_supply(struct model *model, const struct model_supply *supply)
{
    uint64_t pages = supply->bytes / MODEL_PAGE, accepted = 0; /* a part of a page counts nothing, D-05 */
    struct model_page *page;

    if ((supply->lock & ~VM_PROT_ALL) != 0 || supply->offset % MODEL_PAGE != 0 ||
        supply->offset > MODEL_OFFSET_END - pages * MODEL_PAGE) {
        aborted(model, supply->reply);
        return;
    }
    model->old_pageout = model->old_pageout && !supply->precious;
    while (accepted < pages &&
           (page = page_at(model, supply->offset + accepted * MODEL_PAGE)) != NULL &&
           page->slot == SLOT_REQUESTED)
        make_resident(page, supply->precious, supply->lock, supply->words[accepted++]);
    refuse(model, supply, accepted, pages);
    due_completion(model, supply->reply, (struct model_message){
        .id = MODEL_SUPPLY_COMPLETED, .offset = supply->offset, .length = accepted * MODEL_PAGE,
        .result = accepted == pages ? KERN_SUCCESS : KERN_MEMORY_PRESENT,
        .error_offset = accepted == pages ? 0 : supply->offset + accepted * MODEL_PAGE});
    settle(model);
    end_if_unused(model);
}

void model_unavailable(struct model *model, uint64_t offset, uint64_t size)
{
    if (offset % MODEL_PAGE != 0)
        return;
    for (uint64_t i = 0; i < size / MODEL_PAGE; i++) {
        struct model_page *page = page_at(model, offset + i * MODEL_PAGE);

        if (page != NULL && page->slot == SLOT_REQUESTED)
            *page = (struct model_page){.slot = SLOT_UNAVAILABLE};
    }
    settle(model);
}

/* Everyone who waits for the page at that moment gets the error (D-14, D-15). */
void model_error(struct model *model, uint64_t offset, uint64_t size, kern_return_t reason)
{
    if (offset % MODEL_PAGE != 0)
        return;
    for (uint64_t i = 0; i < size / MODEL_PAGE; i++) {
        struct model_page *page = page_at(model, offset + i * MODEL_PAGE);

        if (page == NULL || page->slot != SLOT_REQUESTED)
            continue;
        *page = (struct model_page){.slot = SLOT_ABSENT};
        for (unsigned c = 0; c < MODEL_CLIENTS; c++) {
            struct model_client *client = &model->clients[c];

            if (client->state == CLIENT_TOUCHING && &model->pages[client->page] == page)
                fail(client, err_get_system(reason) == 0 ? KERN_MEMORY_ERROR : reason);
        }
    }
}

/* --- locking, cleaning, flushing --- */

#define WHAT_PRECIOUS 100 /* vm_msync that only invalidates: precious pages, but not what is dirty */

static bool must_return(const struct model_page *page, int what)
{
    return what == MEMORY_OBJECT_RETURN_ANYTHING ||
           (what >= MEMORY_OBJECT_RETURN_ALL && page->precious) ||
           (page->dirty && (what == MEMORY_OBJECT_RETURN_DIRTY || what == MEMORY_OBJECT_RETURN_ALL));
}

static bool is_wired(const struct model *model, uint64_t page)
{
    return model->wired && model->wired_page == page;
}

/* Resident pages of the range: restricted, given back, dropped, as is asked; the wired one is not dropped. True:
   something is given back. */
static bool work_on(struct model *model, uint64_t first, uint64_t pages, int what, bool flush,
                    vm_prot_t lock)
{
    bool any = false;

    for (uint64_t i = first; i < first + pages && i < MODEL_SLOTS; i++) {
        struct model_page *page = &model->pages[i];
        bool drop = flush && !is_wired(model, i);

        if (page->slot != SLOT_RESIDENT)
            continue;
        if (!flush && lock != VM_PROT_NO_CHANGE) {
            page->lock = lock;
            page->asked = VM_PROT_NONE;
        }
        if (must_return(page, what)) {
            any = true;
            due_return(model, i * MODEL_PAGE, page->dirty, !drop, page->words);
            page->dirty = false;
        }
        if (drop)
            *page = (struct model_page){.slot = SLOT_ABSENT};
    }
    return any;
}

static void due_lock_completed(struct model *model, const struct model_lock *lock)
{
    due_completion(model, lock->reply, (struct model_message){
        .id = MODEL_LOCK_COMPLETED, .offset = lock->offset, .length = lock->size});
}

void model_lock(struct model *model, const struct model_lock *lock)
{
    uint64_t first = lock->offset / MODEL_PAGE, pages;
    bool lock_is_valid = lock->lock == VM_PROT_NO_CHANGE || (lock->lock & ~VM_PROT_ALL) == 0;

    if (lock->offset % MODEL_PAGE != 0 || !lock_is_valid || lock->what < MEMORY_OBJECT_RETURN_NONE ||
        lock->what > MEMORY_OBJECT_RETURN_ANYTHING) {
        aborted(model, lock->reply);
        return;
    }
    pages = (lock->size + MODEL_PAGE - 1) / MODEL_PAGE;
    if (lock->flush && model->wired && model->wired_page >= first && model->wired_page < first + pages) {
        work_on(model, first, model->wired_page - first, lock->what, true, lock->lock);
        first = model->wired_page + 1;
        pages = lock->offset / MODEL_PAGE + pages - first;
        model->flushes[model->flush_count++] = *lock;
        work_on(model, first, pages, lock->what, true, lock->lock);
    } else {
        work_on(model, first, pages, lock->what, lock->flush, lock->lock);
        due_lock_completed(model, lock);
    }
    settle(model);
    end_if_unused(model);
}

void model_wire(struct model *model, unsigned page)
{
    model->wired = true;
    model->wired_page = page;
}

/* The oldest flush decides what becomes of the page; then all can be completed. */
void model_unwire(struct model *model)
{
    model->wired = false;
    for (unsigned i = 0; i < model->flush_count; i++) {
        if (i == 0)
            work_on(model, model->wired_page, 1, model->flushes[i].what, true, VM_PROT_NO_CHANGE);
        due_lock_completed(model, &model->flushes[i]);
    }
    model->flush_count = 0;
    settle(model);
}

void model_sync(struct model *model, unsigned number, unsigned page, unsigned pages, int flags,
                bool writable)
{
    struct model_client *client = &model->clients[number];
    bool store = flags & (VM_SYNC_SYNCHRONOUS | VM_SYNC_ASYNCHRONOUS), flush = flags & VM_SYNC_INVALIDATE;
    int what = store && writable ? MEMORY_OBJECT_RETURN_ALL : MEMORY_OBJECT_RETURN_NONE;

    if (flush && what == MEMORY_OBJECT_RETURN_NONE) /* who may only read drops nothing that others wrote */
        what = writable ? WHAT_PRECIOUS : MEMORY_OBJECT_RETURN_ALL;
    *client = (struct model_client){.state = CLIENT_FINISHED, .access = ACCESS_SYNC, .page = page,
                                    .pages = pages,
                                    .code = model->destroyed ? KERN_MEMORY_FAILURE : KERN_SUCCESS};
    if (!model->ready || !(work_on(model, page, pages, what, flush, VM_PROT_NO_CHANGE) || writable))
        return;
    client->state = CLIENT_SYNCING;
    due(model, (struct model_message){.id = MODEL_SYNCHRONIZE, .offset = page * MODEL_PAGE,
                                      .length = pages * MODEL_PAGE, .number = flags});
    settle(model);
}

void model_sync_answer(struct model *model, uint64_t offset, uint64_t length)
{
    for (unsigned i = 0; i < MODEL_CLIENTS; i++) {
        struct model_client *client = &model->clients[i];

        if (client->state == CLIENT_SYNCING && client->page * MODEL_PAGE == offset &&
            client->pages * MODEL_PAGE == length)
            client->state = CLIENT_FINISHED;
    }
}

/* --- attributes --- */

static void be_ready(struct model *model, bool ready, bool may_cache)
{
    model->ready = model->ready || ready;
    model->may_cache = may_cache;
    settle(model);
    end_if_unused(model);
}

void model_ready(struct model *model, bool may_cache)
{
    model->old_pageout = false;
    be_ready(model, true, may_cache);
}

void model_set_attributes(struct model *model, bool ready, bool may_cache)
{
    model->old_pageout = model->old_pageout || (ready && !model->ready);
    be_ready(model, ready, may_cache);
}

/* If the object ends by this, terminate comes before the completion (O5). */
void model_change(struct model *model, bool may_cache, int flavor, unsigned cluster,
                  enum model_reply reply)
{
    if (flavor != 0)
        model->cluster = cluster;
    model_ready(model, may_cache);
    if (flavor == 0)
        due_completion(model, reply, (struct model_message){.id = MODEL_CHANGE_COMPLETED,
                                                            .may_cache = may_cache});
    else
        due_completion(model, reply, (struct model_message){.id = MODEL_CHANGE_COMPLETED_FLAVOR,
                                                            .number = flavor});
}
