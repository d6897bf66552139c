/* SPDX-License-Identifier: BSD-2-Clause */
/* The model: whether what came may come. */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *wrong(struct model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *wrong(struct model *model, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(model->why, sizeof model->why, format, arguments);
    va_end(arguments);
    return model->why;
}

static const struct model_message *first_due(const struct model *model)
{
    return model->due_count > 0 ? &model->due[model->due_first] : NULL;
}

static void take_due(struct model *model)
{
    model->due_first = (model->due_first + 1) % MODEL_DUE_MAX;
    model->due_count--;
}

/* --- asked for by clients --- */

static bool touches(const struct model_client *client, uint64_t first, uint64_t pages)
{
    return client->state == CLIENT_TOUCHING && client->page >= first && client->page < first + pages;
}

/* O2: what is given back of a page comes before it is asked for again. */
static bool return_is_due(const struct model *model, uint64_t first, uint64_t pages)
{
    for (unsigned i = 0; i < model->due_count; i++) {
        const struct model_message *message = &model->due[(model->due_first + i) % MODEL_DUE_MAX];

        if ((message->id == MODEL_RETURN || message->id == MODEL_WRITE) && message->offset / MODEL_PAGE >= first &&
            message->offset / MODEL_PAGE < first + pages)
            return true;
    }
    return false;
}

/* One request for pages that are all absent, and one of them wanted just so by somebody. */
static const char *allow_request(struct model *model, const struct model_message *message)
{
    uint64_t first = message->offset / MODEL_PAGE, pages = message->length / MODEL_PAGE;
    bool wanted = false;

    if (!model->ready)
        return wrong(model, "the object is not ready");
    if (message->offset % MODEL_PAGE != 0 || message->length % MODEL_PAGE != 0 || pages == 0 ||
        pages > model->cluster || first + pages > MODEL_PAGES)
        return wrong(model, "a request may cover %u pages of %u", model->cluster, MODEL_PAGES);
    for (uint64_t i = first; i < first + pages; i++)
        if (model->pages[i].slot != SLOT_ABSENT)
            return wrong(model, "page %u is not absent", (unsigned)i);
    if (return_is_due(model, first, pages))
        return wrong(model, "what was there is not given back yet");
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        wanted |= touches(&model->clients[i], first, pages) &&
                  model_need(&model->clients[i]) == message->access;
    if (!wanted)
        return wrong(model, "nobody needs that");
    for (uint64_t i = first; i < first + pages; i++)
        model->pages[i] = (struct model_page){.slot = SLOT_REQUESTED, .asked = message->access};
    return NULL;
}

/* The access that somebody needs, together with all that has been asked for. */
static const char *allow_unlock(struct model *model, const struct model_message *message)
{
    uint64_t number = message->offset / MODEL_PAGE;
    struct model_page *page = &model->pages[number < MODEL_PAGES ? number : 0];

    if (message->offset % MODEL_PAGE != 0 || number >= MODEL_PAGES || message->length != MODEL_PAGE ||
        page->slot != SLOT_RESIDENT)
        return wrong(model, "that is no resident page");
    for (unsigned i = 0; i < MODEL_CLIENTS; i++) {
        const struct model_client *client = &model->clients[i];
        vm_prot_t need = model_need(client);

        if (touches(client, number, 1) && (page->lock & need) != 0 && (need & ~page->asked) != 0 &&
            message->access == (page->asked | need)) {
            page->asked = message->access;
            return NULL;
        }
    }
    return wrong(model, "nobody needs that: locked %d, asked for %d", page->lock, page->asked);
}

/* --- in their order --- */

/* A message with several pages must be the same as one each. */
static const char *allow_return(struct model *model, const struct model_message *message)
{
    if (message->length == 0 || message->length % MODEL_PAGE != 0)
        return wrong(model, "it has no whole pages");
    for (uint64_t at = 0; at < message->length; at += MODEL_PAGE) {
        const struct model_message *next = first_due(model);

        if (next == NULL || next->id != message->id || next->offset != message->offset + at)
            return wrong(model, "no such page is to be given back now");
        if (next->dirty != message->dirty || next->kernel_copy != message->kernel_copy)
            return wrong(model, "dirty is %d and kernel_copy %d, not %d and %d", message->dirty,
                         message->kernel_copy, next->dirty, next->kernel_copy);
        for (unsigned w = 0; w < MODEL_WORDS; w++)
            if (at / MODEL_PAGE < MODEL_SLOTS &&
                next->words[0][w] != message->words[at / MODEL_PAGE][w])
                return wrong(model, "word %u of page %u is %#lx, not %#lx", w,
                             (unsigned)(next->offset / MODEL_PAGE),
                             (unsigned long)message->words[at / MODEL_PAGE][w],
                             (unsigned long)next->words[0][w]);
        take_due(model);
    }
    return NULL;
}

static const char *allow_in_order(struct model *model, const struct model_message *message)
{
    const struct model_message *next = first_due(model);

    if (next == NULL)
        return wrong(model, "nothing is due");
    if (next->id != message->id)
        return wrong(model, "another message is due");
    if (next->offset != message->offset || next->length != message->length)
        return wrong(model, "range %#lx + %#lx, not %#lx + %#lx", (unsigned long)message->offset,
                     (unsigned long)message->length, (unsigned long)next->offset,
                     (unsigned long)next->length);
    if (next->access != message->access)
        return wrong(model, "access %d, not %d", message->access, next->access);
    if (next->result != message->result || next->error_offset != message->error_offset)
        return wrong(model, "result %d at %#lx, not %d at %#lx", message->result,
                     (unsigned long)message->error_offset, next->result,
                     (unsigned long)next->error_offset);
    if (next->may_cache != message->may_cache || next->number != message->number)
        return wrong(model, "may_cache %d, number %d, not %d and %d", message->may_cache,
                     message->number, next->may_cache, next->number);
    if (next->through != message->through)
        return wrong(model, "it came through another kind of right");
    take_due(model);
    return NULL;
}

/* A request for what is waited for already (D-10), and one by a client that is known to have asked, has its place
   in the order; so has an unlock of that sort. */
static bool is_in_order(const struct model *model, const struct model_message *message)
{
    const struct model_message *next = first_due(model);

    return next != NULL && next->id == message->id && next->offset == message->offset;
}

const char *model_message(struct model *model, const struct model_message *message)
{
    switch (message->id) {
    case MODEL_RETURN:
    case MODEL_WRITE:
        return allow_return(model, message);
    case MODEL_UNLOCK:
        return is_in_order(model, message) ? allow_in_order(model, message) : allow_unlock(model, message);
    case MODEL_REQUEST:
        return is_in_order(model, message) ? allow_in_order(model, message) : allow_request(model, message);
    default:
        return allow_in_order(model, message);
    }
}

/* --- clients --- */

const char *model_done(struct model *model, unsigned number, uint64_t value)
{
    struct model_client *client = &model->clients[number];
    uint64_t code = (uint64_t)client->code;

    if (client->state == CLIENT_FAILED && client->in_kernel) {
        if (value != (MODEL_ERROR | code))
            return wrong(model, "the kernel says %#lx, but should fail with %#x",
                         (unsigned long)value, (unsigned)client->code);
        client->state = CLIENT_IDLE;
        return NULL;
    }
    if (client->state != CLIENT_FINISHED)
        return wrong(model, "it must wait still");
    if (client->access == ACCESS_SYNC && value != code)
        return wrong(model, "vm_msync says %#lx, not %#lx", (unsigned long)value, (unsigned long)code);
    if (client->access != ACCESS_SYNC && value != client->allowed[0] && value != client->allowed[1])
        return wrong(model, "it saw %#lx, not %#lx or %#lx", (unsigned long)value,
                     (unsigned long)client->allowed[0], (unsigned long)client->allowed[1]);
    client->state = CLIENT_IDLE;
    return NULL;
}

const char *model_exception(struct model *model, unsigned number, kern_return_t code)
{
    struct model_client *client = &model->clients[number];

    if (client->state != CLIENT_FAILED || client->in_kernel)
        return wrong(model, "it has no reason to fail");
    if (client->code != code)
        return wrong(model, "code %#x, not %#x", (unsigned)code, (unsigned)client->code);
    client->state = CLIENT_IDLE;
    return NULL;
}

/* --- what is left --- */

/* A client's page must be asked for, or access to it. */
static bool must_ask(const struct model *model, const struct model_client *client)
{
    const struct model_page *page = &model->pages[client->page];
    vm_prot_t need = model_need(client);

    if (client->state != CLIENT_TOUCHING || !model->ready)
        return false;
    return page->slot == SLOT_ABSENT ||
           (page->slot == SLOT_RESIDENT && (page->lock & need) != 0 && (need & ~page->asked) != 0);
}

bool model_is_due(const struct model *model)
{
    for (unsigned i = 0; i < MODEL_CLIENTS; i++) {
        const struct model_client *client = &model->clients[i];

        if (client->state == CLIENT_FINISHED || client->state == CLIENT_FAILED || must_ask(model, client))
            return true;
    }
    return model->due_count > 0;
}

static bool pages_are_same(const struct model_page *one, const struct model_page *other)
{
    return one->slot == other->slot && one->dirty == other->dirty && one->precious == other->precious &&
           one->lock == other->lock && one->asked == other->asked &&
           one->asked_again == other->asked_again &&
           (one->slot != SLOT_RESIDENT || memcmp(one->words, other->words, sizeof one->words) == 0);
}

bool model_is_same(const struct model *one, const struct model *other)
{
    for (unsigned i = 0; i < MODEL_SLOTS; i++)
        if (!pages_are_same(&one->pages[i], &other->pages[i]))
            return false;
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        if (one->clients[i].state != other->clients[i].state)
            return false;
    return one->ready == other->ready && one->may_cache == other->may_cache &&
           one->associated == other->associated && one->cluster == other->cluster &&
           one->old_pageout == other->old_pageout && one->flush_count == other->flush_count;
}

void model_say_due(const struct model *model, char *text, size_t size)
{
    const struct model_message *next = first_due(model);
    size_t used = 0;

    text[0] = '\0';
    if (next != NULL)
        used = (size_t)snprintf(text, size, "message %d (%#lx + %#lx), ", next->id,
                                (unsigned long)next->offset, (unsigned long)next->length);
    for (unsigned i = 0; i < MODEL_CLIENTS && used < size; i++) {
        const struct model_client *client = &model->clients[i];
        const char *what = client->state == CLIENT_FINISHED ? "the end"
                           : client->state == CLIENT_FAILED ? "an exception"
                           : !must_ask(model, client)       ? NULL
                           : model->pages[client->page].slot == SLOT_ABSENT ? "data_request"
                                                                            : "data_unlock";

        if (what != NULL)
            used += (size_t)snprintf(text + used, size - used, "%s of client %u (page %u), ", what, i,
                                     client->page);
    }
    if (text[0] == '\0')
        snprintf(text, size, "nothing");
}
