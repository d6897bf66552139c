/* SPDX-License-Identifier: BSD-2-Clause */
/* host-test: tests/object_model/model.c tests/object_model/allow.c */
/* The reference model's own judgement: conversations that it must allow, and others that it must not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/object_model/model.h"

#define AT(page) ((uint64_t)(page) * MODEL_PAGE)

static struct model model;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, model.why);         \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* A mapped and ready object. */
static void begin(void)
{
    model_begin(&model);
    model_map(&model);
    CHECK(!model_message(&model, &(struct model_message){.id = MODEL_INIT, .length = MODEL_PAGE}));
    model_ready(&model, false);
    CHECK(!model_is_due(&model));
}

static void touch(unsigned client, bool write, unsigned page, unsigned word, uint64_t value)
{
    model_touch(&model, client, &(struct model_touch){.write = write, .page = page, .word = word, .value = value});
}

static const char *asks(unsigned page, unsigned pages, vm_prot_t access)
{
    return model_message(&model, &(struct model_message){
        .id = MODEL_REQUEST, .offset = AT(page), .length = AT(pages), .access = access});
}

static const char *unlock(unsigned page, vm_prot_t access)
{
    return model_message(&model, &(struct model_message){
        .id = MODEL_UNLOCK, .offset = AT(page), .length = MODEL_PAGE, .access = access});
}

static const char *returns(unsigned page, unsigned pages, bool dirty, bool kernel_copy, uint64_t word)
{
    struct model_message message = {.id = MODEL_RETURN, .offset = AT(page), .length = AT(pages),
                                    .dirty = dirty, .kernel_copy = kernel_copy};

    for (unsigned i = 0; i < pages; i++)
        message.words[i][0] = word;
    return model_message(&model, &message);
}

static const char *completes(unsigned page, unsigned accepted, unsigned refused_at)
{
    return model_message(&model, &(struct model_message){
        .id = MODEL_SUPPLY_COMPLETED, .offset = AT(page), .length = AT(accepted), .through = REPLY_SEND,
        .result = refused_at ? KERN_MEMORY_PRESENT : KERN_SUCCESS, .error_offset = AT(refused_at)});
}

static void supply(unsigned page, unsigned pages, vm_prot_t lock, bool precious, enum model_reply reply,
                   uint64_t word)
{
    struct model_supply supply = {.offset = AT(page), .bytes = AT(pages), .lock = lock,
                                  .precious = precious, .reply = reply};

    for (unsigned i = 0; i < pages; i++)
        supply.words[i][0] = word;
    model_supply(&model, &supply);
}

/* A page that is there, by a read of client 3. */
static void fill(unsigned page, vm_prot_t lock, bool precious)
{
    touch(3, false, page, 0, 0);
    CHECK(!asks(page, 1, VM_PROT_READ));
    supply(page, 1, lock & ~VM_PROT_READ, precious, REPLY_NONE, 9);
    CHECK(!model_done(&model, 3, 9));
    CHECK(!model_is_due(&model));
}

static void lock(unsigned page, int what, bool flush, vm_prot_t value)
{
    model_lock(&model, &(struct model_lock){.offset = AT(page), .size = MODEL_PAGE, .what = what,
                                            .flush = flush, .lock = value});
}

static void a_request_is_sent_once_for_all(void)
{
    begin();
    touch(0, false, 2, 0, 0);
    touch(1, true, 2, 1, 5);
    CHECK(asks(3, 1, VM_PROT_READ));                     /* nobody touches that */
    CHECK(asks(2, 2, VM_PROT_READ));                     /* more than a cluster */
    CHECK(!asks(2, 1, VM_PROT_READ | VM_PROT_WRITE));    /* either may come first */
    CHECK(asks(2, 1, VM_PROT_READ));
    CHECK(model_done(&model, 0, 0));
    supply(2, 1, VM_PROT_NONE, false, REPLY_NONE, 9);
    CHECK(model_is_due(&model));
    CHECK(model_done(&model, 0, 7));
    CHECK(!model_done(&model, 0, 9));
    CHECK(!model_done(&model, 1, 5));
    CHECK(!model_is_due(&model));
}

static void what_is_refused_comes_back_before_the_completion(void)
{
    begin();
    fill(3, VM_PROT_NONE, false);
    touch(0, false, 2, 0, 0);
    CHECK(!asks(2, 1, VM_PROT_READ));
    supply(2, 3, VM_PROT_NONE, true, REPLY_SEND, 11);
    CHECK(completes(2, 1, 3));                           /* too early */
    CHECK(returns(3, 2, true, false, 11));               /* nobody wrote to it */
    CHECK(!returns(3, 2, false, false, 11));
    CHECK(completes(2, 2, 4));                           /* that was not accepted */
    CHECK(model_is_due(&model));
    CHECK(!completes(2, 1, 3));
    CHECK(!model_done(&model, 0, 11));
    CHECK(!model_is_due(&model));
}

static void what_is_still_waited_for_is_asked_for_once_more(void)
{
    begin();
    touch(0, false, 2, 0, 0);
    CHECK(!asks(2, 1, VM_PROT_READ));
    for (unsigned round = 0; round < 2; round++) {
        supply(1, 2, VM_PROT_NONE, false, REPLY_NONE, 11);
        CHECK(model_is_due(&model) == (round == 0));
        CHECK((asks(2, 1, VM_PROT_READ) == NULL) == (round == 0));
    }
}

static void access_is_asked_for_with_the_union(void)
{
    begin();
    fill(1, VM_PROT_WRITE, false);
    lock(1, MEMORY_OBJECT_RETURN_NONE, false, VM_PROT_READ | VM_PROT_WRITE);
    touch(0, false, 1, 0, 0);
    touch(1, true, 1, 1, 5);
    CHECK(unlock(1, VM_PROT_WRITE));
    CHECK(!unlock(1, VM_PROT_READ));
    CHECK(unlock(1, VM_PROT_READ));
    CHECK(!unlock(1, VM_PROT_READ | VM_PROT_WRITE));
    CHECK(!model_is_due(&model));
    lock(1, MEMORY_OBJECT_RETURN_NONE, false, VM_PROT_WRITE);
    CHECK(!model_done(&model, 0, 9));
    CHECK(model_done(&model, 1, 5));
    CHECK(!unlock(1, VM_PROT_READ | VM_PROT_WRITE));     /* asked for anew under the new lock */
    CHECK(!model_is_due(&model));
}

static void what_was_written_comes_back_dirty_once(void)
{
    begin();
    fill(0, VM_PROT_NONE, true);
    touch(0, true, 0, 0, 5);
    CHECK(!model_done(&model, 0, 5));
    lock(0, MEMORY_OBJECT_RETURN_DIRTY, false, VM_PROT_NO_CHANGE);
    CHECK(returns(0, 1, false, true, 5));
    CHECK(returns(0, 1, true, false, 5));
    CHECK(returns(0, 1, true, true, 9));
    CHECK(!returns(0, 1, true, true, 5));
    lock(0, MEMORY_OBJECT_RETURN_ALL, true, VM_PROT_NO_CHANGE);
    CHECK(!returns(0, 1, false, false, 5));              /* precious still */
    CHECK(returns(0, 1, false, false, 5));
}

/* O2: a page that is given back is asked for behind that. */
static void a_page_comes_back_before_it_is_asked_for_again(void)
{
    begin();
    fill(0, VM_PROT_NONE, true);
    lock(0, MEMORY_OBJECT_RETURN_NONE, false, VM_PROT_READ);
    touch(0, false, 0, 0, 0);
    CHECK(!unlock(0, VM_PROT_READ));
    lock(0, MEMORY_OBJECT_RETURN_ALL, true, VM_PROT_NO_CHANGE);
    CHECK(asks(0, 1, VM_PROT_READ));
    CHECK(!returns(0, 1, false, false, 9));
    CHECK(!asks(0, 1, VM_PROT_READ));
}

static void everyone_who_waits_fails_once(void)
{
    begin();
    touch(0, false, 2, 0, 0);
    touch(1, false, 2, 0, 0);
    CHECK(!asks(2, 1, VM_PROT_READ));
    model_error(&model, AT(2), MODEL_PAGE, KERN_FAILURE);
    CHECK(model_exception(&model, 0, KERN_FAILURE));     /* clients see KERN_MEMORY_ERROR */
    CHECK(!model_exception(&model, 0, KERN_MEMORY_ERROR));
    CHECK(model_exception(&model, 0, KERN_MEMORY_ERROR));
    CHECK(model_is_due(&model));
    CHECK(!model_exception(&model, 1, KERN_MEMORY_ERROR));
    CHECK(!model_is_due(&model));
}

static void the_end_brings_back_what_must_not_be_lost(void)
{
    struct model_message end = {.id = MODEL_TERMINATE};

    begin();
    fill(0, VM_PROT_NONE, false);
    fill(1, VM_PROT_NONE, true);
    model_unmap(&model);
    CHECK(model_message(&model, &end));
    CHECK(!returns(1, 1, false, false, 9));
    CHECK(!model_message(&model, &end));
    CHECK(!model_is_due(&model));
}

/* What is resident serves on, locked or not; the rest fails; and nobody is told of the last mapping. */
static void a_destroyed_object_keeps_what_it_has(void)
{
    begin();
    fill(0, VM_PROT_WRITE, true);
    touch(0, true, 0, 0, 5);
    CHECK(!unlock(0, VM_PROT_READ | VM_PROT_WRITE));
    touch(1, false, 2, 0, 0);
    CHECK(!asks(2, 1, VM_PROT_READ));
    model_destroy(&model);
    CHECK(!model_message(&model, &(struct model_message){.id = MODEL_TERMINATE}));
    CHECK(!model_done(&model, 0, 5));
    CHECK(!model_exception(&model, 1, KERN_MEMORY_FAILURE));
    CHECK(!model_is_due(&model));
    model_unmap(&model);
    CHECK(!model_is_due(&model));
}

/* D-21: its completion tells when. */
static void a_flush_of_a_wired_page_waits(void)
{
    struct model_lock flush = {.offset = AT(0), .size = AT(2), .what = MEMORY_OBJECT_RETURN_ALL,
                               .flush = true, .lock = VM_PROT_NO_CHANGE, .reply = REPLY_SEND};
    struct model_message completed = {.id = MODEL_LOCK_COMPLETED, .offset = AT(0), .length = AT(2),
                                      .through = REPLY_SEND};

    begin();
    fill(0, VM_PROT_NONE, true);
    fill(1, VM_PROT_NONE, true);
    model_wire(&model, 0);
    model_lock(&model, &flush);
    CHECK(returns(0, 2, false, false, 9));               /* only the other one now */
    CHECK(!returns(1, 1, false, false, 9));
    CHECK(model_message(&model, &completed));
    CHECK(!model_is_due(&model));
    touch(0, true, 0, 0, 5);
    CHECK(!model_done(&model, 0, 5));
    model_unwire(&model);
    CHECK(model_message(&model, &completed));
    CHECK(!returns(0, 1, true, false, 5));
    CHECK(!model_message(&model, &completed));
}

static void managers_of_old_get_data_write_until_they_supply_precious_pages(void)
{
    struct model_message written = {.id = MODEL_WRITE, .offset = AT(0), .length = MODEL_PAGE,
                                    .words = {{5}}};

    model_begin(&model);
    model_map(&model);
    CHECK(!model_message(&model, &(struct model_message){.id = MODEL_INIT, .length = MODEL_PAGE}));
    model_set_attributes(&model, true, false);
    fill(0, VM_PROT_NONE, false);
    touch(0, true, 0, 0, 5);
    CHECK(!model_done(&model, 0, 5));
    lock(0, MEMORY_OBJECT_RETURN_DIRTY, false, VM_PROT_NO_CHANGE);
    CHECK(returns(0, 1, true, true, 5));
    CHECK(!model_message(&model, &written));
    fill(1, VM_PROT_NONE, true);
    lock(1, MEMORY_OBJECT_RETURN_ALL, false, VM_PROT_NO_CHANGE);
    CHECK(!returns(1, 1, false, true, 9));
}

/* Who reads while somebody writes sees the one or the other, also when the write begins a little later. */
static void a_read_that_is_not_told_yet_may_see_a_later_write(void)
{
    begin();
    touch(0, false, 2, 1, 0);
    CHECK(!asks(2, 1, VM_PROT_READ));
    supply(2, 1, VM_PROT_NONE, false, REPLY_NONE, 9);
    touch(1, true, 2, 1, 5);
    CHECK(!model_done(&model, 1, 5));
    CHECK(model_done(&model, 0, 9));                     /* that is word 0's */
    CHECK(!model_done(&model, 0, 5));
}

int main(void)
{
    a_request_is_sent_once_for_all();
    what_is_refused_comes_back_before_the_completion();
    what_is_still_waited_for_is_asked_for_once_more();
    access_is_asked_for_with_the_union();
    what_was_written_comes_back_dirty_once();
    a_page_comes_back_before_it_is_asked_for_again();
    everyone_who_waits_fails_once();
    the_end_brings_back_what_must_not_be_lost();
    a_read_that_is_not_told_yet_may_see_a_later_write();
    a_destroyed_object_keeps_what_it_has();
    a_flush_of_a_wired_page_waits();
    managers_of_old_get_data_write_until_they_supply_precious_pages();
    return 0;
}
