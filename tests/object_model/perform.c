/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations, done to the model and to the kernel. */
#include "calls.h"
#include "clients.h"
#include "hear.h"
#include "test.h"
#include "world.h"

static boolean_t is_busy(unsigned client)
{
    return model.clients[client].state != CLIENT_IDLE;
}

static boolean_t anybody_is_busy(void)
{
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        if (is_busy(i))
            return TRUE;
    return FALSE;
}

/* Nothing waits on its way there: an error is for those who wait at that moment. */
static void wait_for_sleepers(void)
{
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        if (is_busy(i))
            client_wait_asleep(i);
}

/* --- mappings --- */

static void map_at(vm_address_t address, vm_prot_t protection)
{
    CHECK_OK(vm_map(mach_task_self(), &address, MAPPING_BYTES, 0, FALSE, object, 0, FALSE, protection,
                    protection, VM_INHERIT_NONE));
}

/* Late: somebody may touch it before it becomes ready. */
static void map(struct operation *operation)
{
    struct call call;

    operation->maps = TRUE;
    model_map(&model);
    map_at(MAPPING_ADDRESS, VM_PROT_READ | VM_PROT_WRITE);
    map_at(OTHER_ADDRESS, VM_PROT_READ);
    map_at(WIRED_ADDRESS, VM_PROT_READ);
    hear_all(FALSE);
    if (model.ready || operation->way == 0)
        return;
    if (operation->way < 4) {
        call_make_set_attributes(&call, operation, true);
        call_apply(&call, &model);
        call_send(&call);
    } else {
        model_ready(&model, operation->may_cache);
        CHECK_OK(memory_object_ready(control, operation->may_cache, MEMORY_OBJECT_COPY_NONE));
    }
}

static boolean_t unmap(void)
{
    if (!model.mapped || (!model.ready && !model.destroyed) || anybody_is_busy() || model.wired)
        return FALSE;
    CHECK_OK(vm_deallocate(mach_task_self(), WIRED_ADDRESS, MAPPING_BYTES));
    CHECK_OK(vm_deallocate(mach_task_self(), OTHER_ADDRESS, MAPPING_BYTES));
    model_unmap(&model);
    CHECK_OK(vm_deallocate(mach_task_self(), MAPPING_ADDRESS, MAPPING_BYTES));
    return TRUE;
}

/* A mapping of its own: where pages were wired, it may have become several, which vm_msync would tell apart. */
static boolean_t wire(struct operation *operation)
{
    const struct model_page *page;

    if (model.wired)
        operation->page = model.wired_page;
    page = &model.pages[operation->page];
    if (!model.wired && (!model.mapped || page->slot != SLOT_RESIDENT || (page->lock & VM_PROT_READ)))
        return FALSE;
    CHECK_OK(vm_wire(test_host_port, mach_task_self(), WIRED_ADDRESS + operation->page * MODEL_PAGE,
                     MODEL_PAGE, model.wired ? VM_PROT_NONE : VM_PROT_READ));
    if (model.wired)
        model_unwire(&model);
    else
        model_wire(&model, operation->page);
    return TRUE;
}

/* --- clients --- */

/* What need not wait can be done by this thread as well, which is faster. */
static void touch_directly(const struct operation *operation, const struct model_touch *touch,
                           vm_address_t address)
{
    const char *why = model_done(&model, operation->client, client_touch(touch, address));

    if (why != NULL)
        world_fail("client %u touched page %u: %s", operation->client, operation->page, why);
}

static void make_touch(struct model_touch *touch, const struct operation *operation)
{
    *touch = (struct model_touch){.write = operation->write, .in_kernel = operation->in_kernel,
                                  .page = operation->page,
                                  .word = operation->write ? operation->client : operation->word,
                                  .value = operation->value | 1};
}

static vm_address_t address_of(const struct model_touch *touch, boolean_t other_mapping)
{
    return (other_mapping && !touch->write ? OTHER_ADDRESS : MAPPING_ADDRESS) +
           touch->page * MODEL_PAGE + word_index(touch->word) * sizeof(uint64_t);
}

static boolean_t touch(struct operation *operation)
{
    struct model_touch touch;

    if (!model.mapped) {
        map(operation);
        return TRUE;
    }
    make_touch(&touch, operation);
    model_touch(&model, operation->client, &touch);
    if (operation->direct && model.clients[operation->client].state == CLIENT_FINISHED) {
        touch_directly(operation, &touch, address_of(&touch, operation->other_mapping));
        return TRUE;
    }
    client_order_touch(operation->client, &touch, address_of(&touch, operation->other_mapping));
    if (!model_is_due(&model))
        client_wait_asleep(operation->client);
    return TRUE;
}

static boolean_t abandon(const struct operation *operation)
{
    const struct model_client *client = &model.clients[operation->client];

    if (client->state != CLIENT_TOUCHING || client->in_kernel)
        return FALSE;
    client_wait_asleep(operation->client);
    client_abort(operation->client);
    model_abandon(&model, operation->client);
    return TRUE;
}

/* One at a time: a second that overlaps would wait for its turn. */
static boolean_t sync(struct operation *operation)
{
    unsigned left = MODEL_PAGES - operation->page;
    boolean_t other = operation->other_mapping && (operation->sync_flags & VM_SYNC_INVALIDATE);

    operation->other_mapping = other;
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        if (model.clients[i].state == CLIENT_SYNCING)
            return FALSE;
    if (!model.mapped || is_busy(operation->client))
        return FALSE;
    operation->pages = operation->pages < left ? operation->pages : left;
    model_sync(&model, operation->client, operation->page, operation->pages, operation->sync_flags,
               !other);
    client_order_sync(operation->client,
                      (other ? OTHER_ADDRESS : MAPPING_ADDRESS) + operation->page * MODEL_PAGE,
                      operation->pages * MODEL_PAGE, operation->sync_flags);
    return TRUE;
}

/* --- the manager --- */

/* What get_attributes tells. */
static void check_attributes(void)
{
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    CHECK_OK(memory_object_get_attributes(control, &ready, &may_cache, &strategy));
    if (ready != model.ready || may_cache != model.may_cache || strategy != MEMORY_OBJECT_COPY_NONE)
        world_fail("attributes: ready %d, may_cache %d, strategy %d", ready, may_cache, strategy);
}

/* The operation as it can be done now. */
static void adapt(struct operation *operation)
{
    if (model.old_pageout && operation->way != 0) /* what ends that is to be seldom */
        operation->precious = FALSE;
    if (model.wired && operation->flush && operation->reply == REPLY_NONE)
        operation->reply = REPLY_SEND;
    if (model.flush_count == MODEL_FLUSHES_MAX)
        operation->flush = FALSE;
}

static void make_call(struct call *call, struct operation *operation)
{
    adapt(operation);
    if (operation->kind == KIND_CHANGE && operation->old_form && operation->way < 8)
        call_make_set_attributes(call, operation, operation->way < 2);
    else
        call_make(call, operation);
}

/* An error is for those who wait at that moment, and so is the end: nobody must be on his way there. */
static boolean_t do_call(struct operation *operation)
{
    struct call call;

    if (operation->kind == KIND_DESTROY && model.wired)
        return FALSE;
    if (operation->kind == KIND_DESTROY || operation->kind == KIND_ERROR)
        wait_for_sleepers();
    if (operation->kind == KIND_FENCE && operation->way < 2)
        check_attributes();
    make_call(&call, operation);
    call_apply(&call, &model);
    call_send(&call);
    return TRUE;
}

static boolean_t answer_sync(const struct operation *operation, const struct model_client *client)
{
    struct call call;

    call_make_sync_answer(&call, operation, client->page * MODEL_PAGE,
                          client->pages * MODEL_PAGE + (operation->right_numbers ? 0 : MODEL_PAGE));
    call_apply(&call, &model);
    call_send(&call);
    return TRUE;
}

/*
 * A client touches a page while the manager's call is made: the one comes first, or the other. (A page that is
 * UNAVAILABLE might also get its zeros first, and be touched last.)
 */
static boolean_t race(struct operation *operation)
{
    struct operation second = *operation;
    struct model_touch touch;
    struct model other = model;
    struct call call;

    if (!model.ready || !model.mapped || is_busy(operation->client) || model.cluster != 1 ||
        model.pages[operation->page].slot == SLOT_UNAVAILABLE)
        return FALSE;
    wait_for_sleepers();
    second.kind = operation->second;
    make_call(&call, &second);
    make_touch(&touch, operation);
    model_touch_and_wait(&model, operation->client, &touch);
    call_apply(&call, &model);
    call_apply(&call, &other);
    model_touch(&other, operation->client, &touch);
    client_order_touch(operation->client, &touch, address_of(&touch, operation->other_mapping));
    call_send(&call);
    hear_either(&other);
    return TRUE;
}

/* Data for a client that waits for it, mostly; or what else it waits for. The operation becomes that. */
static boolean_t answer(struct operation *operation)
{
    const struct model_client *client = &model.clients[operation->client];

    if (!model.ready) {
        operation->kind = KIND_CHANGE;
    } else if (client->state == CLIENT_SYNCING) {
        return answer_sync(operation, client);
    } else if (client->state == CLIENT_TOUCHING) {
        operation->page = client->page;
        operation->pages = operation->way < 12 ? 1 : 2;
        operation->kind = operation->way == 0   ? KIND_ERROR
                          : operation->way == 1 ? KIND_UNAVAILABLE
                                                : KIND_SUPPLY;
        if (model.pages[client->page].slot == SLOT_RESIDENT) {
            operation->kind = KIND_LOCK;
            operation->what = MEMORY_OBJECT_RETURN_NONE;
            operation->flush = operation->way == 0;
            operation->lock = operation->way < 4 ? operation->lock : VM_PROT_NONE;
        }
    }
    return do_call(operation);
}

/* An object that is cached is mapped seldom: most of them are to end as such. */
static enum kind instead_of_mapping(const struct operation *operation)
{
    return operation->way < 4 ? KIND_TOUCH : operation->way < 12 ? KIND_LOCK : KIND_CHANGE;
}

/* Who waits cannot touch anything, and who does not needs no answer. Without an object that could be told
   anything, there are only touches: they map one; and what was destroyed is unmapped. */
static void make_possible(struct operation *operation)
{
    if (model.destroyed && operation->kind >= KIND_SUPPLY && operation->kind != KIND_SYNC)
        operation->kind = KIND_UNMAP;
    else if (!model.associated && operation->kind != KIND_SYNC)
        operation->kind = KIND_TOUCH;
    else if (!model.mapped && operation->kind <= KIND_ANSWER)
        operation->kind = instead_of_mapping(operation);
    else if ((operation->kind == KIND_TOUCH || operation->kind == KIND_RACE) && is_busy(operation->client))
        operation->kind = KIND_ANSWER;
    else if (operation->kind == KIND_ANSWER && model.ready && !is_busy(operation->client))
        operation->kind = KIND_TOUCH;
}

boolean_t perform(struct operation *operation)
{
    boolean_t done;

    make_possible(operation);
    switch (operation->kind) {
    case KIND_TOUCH:
        done = touch(operation);
        break;
    case KIND_ANSWER:
        done = answer(operation);
        break;
    case KIND_SYNC:
        done = sync(operation);
        break;
    case KIND_ABANDON:
        done = abandon(operation);
        break;
    case KIND_RACE:
        done = race(operation);
        break;
    case KIND_WIRE:
        done = wire(operation);
        break;
    case KIND_UNMAP:
        done = unmap();
        break;
    default:
        done = do_call(operation);
        break;
    }
    if (done)
        hear_all(operation->tries_again);
    return done;
}

void perform_end(void)
{
    struct operation end = {.kind = KIND_WIRE};

    if (model.wired)
        perform(&end);
    end.kind = KIND_DESTROY;
    if (model.associated)
        perform(&end);
    end.kind = KIND_UNMAP;
    if (model.mapped)
        perform(&end);
    calls_end();
}
