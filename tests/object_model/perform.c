/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations, done to the model and to the kernel. */
#include <string.h>

#include "clients.h"
#include "hear.h"
#include "test.h"
#include "world.h"

#define FAR_OFFSET    (MODEL_OFFSET_END - MODEL_PAGE)
#define BAD_LOCK      16
#define ODD_BYTES     100u  /* more than whole pages; where an odd source begins */
#define SOURCE_BYTES  (8u * MODEL_PAGE)

static vm_address_t source; /* of supplies that do not deallocate theirs */

/* --- parameters --- */

static mach_port_t reply_port(const struct operation *operation)
{
    return operation->reply == REPLY_NONE ? MACH_PORT_NULL : object;
}

static mach_msg_type_name_t reply_type(const struct operation *operation)
{
    if (operation->reply == REPLY_SEND_ONCE)
        return MACH_MSG_TYPE_MAKE_SEND_ONCE;
    return operation->reply == REPLY_SEND && operation->copied_right ? MACH_MSG_TYPE_COPY_SEND
                                                                     : MACH_MSG_TYPE_MAKE_SEND;
}

static uint64_t offset_of(const struct operation *operation)
{
    switch (operation->damage) {
    case DAMAGE_OFFSET: return operation->page * MODEL_PAGE + 8;
    case DAMAGE_RANGE: return FAR_OFFSET;
    default: return operation->page * MODEL_PAGE;
    }
}

static vm_prot_t lock_of(const struct operation *operation)
{
    return operation->damage == DAMAGE_LOCK ? BAD_LOCK : operation->lock;
}

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

static void set_attributes(boolean_t ready, boolean_t may_cache)
{
    model_set_attributes(&model, ready, may_cache);
    CHECK_OK(memory_object_set_attributes(control, ready, may_cache, MEMORY_OBJECT_COPY_NONE));
}

/* Late: somebody may touch it before it becomes ready. */
static void map(struct operation *operation)
{
    operation->maps = TRUE;
    model_map(&model);
    map_at(MAPPING_ADDRESS, VM_PROT_READ | VM_PROT_WRITE);
    map_at(OTHER_ADDRESS, VM_PROT_READ);
    map_at(WIRED_ADDRESS, VM_PROT_READ);
    hear_all(FALSE);
    if (model.ready || operation->way == 0)
        return;
    if (operation->way < 4) {
        set_attributes(TRUE, operation->may_cache);
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

static boolean_t touch(struct operation *operation)
{
    boolean_t other = operation->other_mapping && !operation->write;
    struct model_touch touch = {.write = operation->write,
                                .in_kernel = operation->in_kernel,
                                .page = operation->page,
                                .word = operation->write ? operation->client : operation->word,
                                .value = operation->value | 1};
    vm_address_t address = (other ? OTHER_ADDRESS : MAPPING_ADDRESS) + operation->page * MODEL_PAGE +
                           word_index(touch.word) * sizeof(uint64_t);

    if (!model.mapped) {
        map(operation);
        return TRUE;
    }
    model_touch(&model, operation->client, &touch);
    if (operation->direct && model.clients[operation->client].state == CLIENT_FINISHED) {
        touch_directly(operation, &touch, address);
        return TRUE;
    }
    client_order_touch(operation->client, &touch, address);
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

/* Memory with the words that the model was told; if it is to be deallocated, nothing is left of it then. */
static vm_address_t make_source(const struct operation *operation, const struct model_supply *supply)
{
    vm_size_t odd = operation->odd_source ? ODD_BYTES : 0;
    vm_address_t address;

    if (source == 0)
        CHECK_OK(vm_allocate(mach_task_self(), &source, SOURCE_BYTES, TRUE));
    address = source;
    if (operation->deallocate && supply->bytes > 0) {
        address = SOURCE_ADDRESS;
        CHECK_OK(vm_allocate(mach_task_self(), &address, round_page(supply->bytes + odd), FALSE));
    }
    address += odd;
    for (uint64_t i = 0; i < supply->bytes / MODEL_PAGE; i++)
        for (unsigned w = 0; w < MODEL_WORDS; w++)
            *(uint64_t *)(address + i * MODEL_PAGE + word_index(w) * sizeof(uint64_t)) =
                supply->words[i][w];
    return address;
}

static boolean_t supply(const struct operation *operation)
{
    struct model_supply supply = {.offset = offset_of(operation),
                                  .bytes = operation->pages * MODEL_PAGE, .lock = lock_of(operation),
                                  .precious = operation->precious, .reply = operation->reply};
    vm_address_t data;

    if (operation->odd_size)
        supply.bytes += ODD_BYTES;
    for (unsigned i = 0; i < operation->pages; i++)
        for (unsigned w = 0; w < MODEL_WORDS; w++)
            supply.words[i][w] = operation->value | 0x80 | i << 4 | w << 1;
    data = make_source(operation, &supply);
    model_supply(&model, &supply);
    if (operation->old_form && !supply.precious && supply.reply == REPLY_NONE && !operation->deallocate) {
        CHECK_OK(memory_object_data_provided(control, supply.offset, data,
                                             (mach_msg_type_number_t)supply.bytes, supply.lock));
        return TRUE;
    }
    CHECK_OK(memory_object_data_supply_poly(control, supply.offset, data,
                                            (mach_msg_type_number_t)supply.bytes,
                                            operation->deallocate && supply.bytes > 0, supply.lock,
                                            supply.precious, reply_port(operation),
                                            reply_type(operation)));
    return TRUE;
}

/* The form of old, if it can say the same. */
static boolean_t lock_of_old(const struct operation *operation, const struct model_lock *lock)
{
    if (!operation->old_form || lock->what > MEMORY_OBJECT_RETURN_DIRTY)
        return FALSE;
    CHECK_OK(xxx_memory_object_lock_request_poly(control, lock->offset, lock->size,
                                                 lock->what == MEMORY_OBJECT_RETURN_DIRTY, lock->flush,
                                                 lock->lock, reply_port(operation),
                                                 reply_type(operation)));
    return TRUE;
}

static boolean_t lock(struct operation *operation)
{
    if (model.wired && operation->flush && operation->reply == REPLY_NONE)
        operation->reply = REPLY_SEND;
    if (model.flush_count == MODEL_FLUSHES_MAX)
        operation->flush = FALSE;

    struct model_lock lock = {.offset = offset_of(operation),
                              .size = operation->pages * MODEL_PAGE, .what = operation->what,
                              .flush = operation->flush, .lock = lock_of(operation),
                              .reply = operation->reply};

    if (operation->odd_size && operation->pages > 0)
        lock.size -= MODEL_PAGE - ODD_BYTES; /* rounded up */
    model_lock(&model, &lock);
    if (lock_of_old(operation, &lock))
        return TRUE;
    CHECK_OK(memory_object_lock_request_poly(control, lock.offset, lock.size, lock.what, lock.flush,
                                             lock.lock, reply_port(operation), reply_type(operation)));
    return TRUE;
}

/* Parts of pages are left out. */
static boolean_t unavailable_or_error(const struct operation *operation)
{
    uint64_t offset = offset_of(operation);
    uint64_t size = operation->pages * MODEL_PAGE + (operation->odd_size ? ODD_BYTES : 0);

    if (operation->damage == DAMAGE_RANGE)
        offset = FAR_OFFSET - MODEL_PAGE * 16;
    if (operation->kind == KIND_UNAVAILABLE) {
        model_unavailable(&model, offset, size);
        CHECK_OK(memory_object_data_unavailable(control, offset, size));
        return TRUE;
    }
    wait_for_sleepers();
    model_error(&model, offset, size, operation->reason);
    CHECK_OK(memory_object_data_error(control, offset, size, operation->reason));
    return TRUE;
}

static boolean_t change(const struct operation *operation)
{
    struct memory_object_perf_info info = {.cluster_size = operation->cluster * MODEL_PAGE,
                                           .may_cache = operation->may_cache};

    if (operation->old_form && operation->way < 8) {
        set_attributes(operation->way < 2, operation->may_cache);
        return TRUE;
    }
    model_change(&model, operation->may_cache, operation->flavor, operation->cluster, operation->reply);
    if (operation->flavor == 0)
        CHECK_OK(memory_object_change_attributes_poly(control, operation->may_cache,
                                                      MEMORY_OBJECT_COPY_NONE, reply_port(operation),
                                                      reply_type(operation)));
    else
        CHECK_OK(memory_object_change_attributes_flavor_poly(
            control, operation->flavor, (memory_object_info_t)&info, MEMORY_OBJECT_PERF_INFO_COUNT,
            reply_port(operation), reply_type(operation)));
    return TRUE;
}

/* Nobody is on the way to wait for the manager: he would wait for nothing. */
static boolean_t destroy(void)
{
    if (model.wired)
        return FALSE;
    wait_for_sleepers();
    model_destroy(&model);
    CHECK_OK(memory_object_destroy(control, KERN_FAILURE));
    return TRUE;
}

static boolean_t answer_sync(const struct operation *operation, const struct model_client *client)
{
    vm_offset_t offset = client->page * MODEL_PAGE;
    vm_size_t length = client->pages * MODEL_PAGE + (operation->right_numbers ? 0 : MODEL_PAGE);

    model_sync_answer(&model, offset, length);
    CHECK_OK(memory_object_synchronize_completed(control, offset, length));
    return TRUE;
}

/* What a fence says: get_attributes tells what the model knows, and the completion is the next message. */
static boolean_t fence(struct operation *operation)
{
    boolean_t ready, may_cache;
    memory_object_copy_strategy_t strategy;

    if (operation->way < 2) {
        CHECK_OK(memory_object_get_attributes(control, &ready, &may_cache, &strategy));
        if (ready != model.ready || may_cache != model.may_cache || strategy != MEMORY_OBJECT_COPY_NONE)
            world_fail("attributes: ready %d, may_cache %d, strategy %d", ready, may_cache, strategy);
    }
    operation->page = MODEL_SLOTS - 1;
    operation->pages = 1;
    operation->what = MEMORY_OBJECT_RETURN_NONE;
    operation->flush = operation->odd_size = FALSE;
    operation->lock = VM_PROT_NO_CHANGE;
    operation->damage = DAMAGE_NONE;
    operation->reply = operation->reply == REPLY_NONE ? REPLY_SEND : operation->reply;
    return lock(operation);
}

static boolean_t call(struct operation *operation)
{
    if (model.old_pageout && operation->way != 0) /* what ends that is to be seldom */
        operation->precious = FALSE;
    switch (operation->kind) {
    case KIND_SUPPLY:
        return supply(operation);
    case KIND_LOCK:
        return lock(operation);
    case KIND_CHANGE:
        return change(operation);
    case KIND_FENCE:
        return fence(operation);
    case KIND_DESTROY:
        return destroy();
    default:
        return unavailable_or_error(operation);
    }
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
    return call(operation);
}

/* Who waits cannot touch anything, and who does not needs no answer. Without an object that could be told
   anything, there are only touches: they map one; and what was destroyed is unmapped. */
static void make_possible(struct operation *operation)
{
    if (model.destroyed && operation->kind >= KIND_SUPPLY && operation->kind != KIND_SYNC)
        operation->kind = KIND_UNMAP;
    else if (!model.associated && operation->kind != KIND_SYNC)
        operation->kind = KIND_TOUCH;
    else if (operation->kind == KIND_TOUCH && is_busy(operation->client))
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
    case KIND_WIRE:
        done = wire(operation);
        break;
    case KIND_UNMAP:
        done = unmap();
        break;
    default:
        done = call(operation);
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
    if (source != 0)
        CHECK_OK(vm_deallocate(mach_task_self(), source, SOURCE_BYTES));
    source = 0;
}
