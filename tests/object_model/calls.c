/* SPDX-License-Identifier: BSD-2-Clause */
#include "calls.h"

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

static void make_supply(struct model_supply *supply, const struct operation *operation)
{
    *supply = (struct model_supply){.offset = offset_of(operation),
                                    .bytes = operation->pages * MODEL_PAGE,
                                    .lock = lock_of(operation), .precious = operation->precious,
                                    .reply = operation->reply};
    if (operation->odd_size)
        supply->bytes += ODD_BYTES;
    for (unsigned i = 0; i < operation->pages; i++)
        for (unsigned w = 0; w < MODEL_WORDS; w++)
            supply->words[i][w] = operation->value | 0x80 | i << 4 | w << 1;
}

static void make_lock(struct model_lock *lock, const struct operation *operation)
{
    *lock = (struct model_lock){.offset = offset_of(operation), .size = operation->pages * MODEL_PAGE,
                                .what = operation->what, .flush = operation->flush,
                                .lock = lock_of(operation), .reply = operation->reply};
    if (operation->odd_size && operation->pages > 0)
        lock->size -= MODEL_PAGE - ODD_BYTES; /* rounded up */
}

/* For nothing: its completion must be the next message. */
static void make_fence(struct model_lock *lock, const struct operation *operation)
{
    *lock = (struct model_lock){
        .offset = (MODEL_SLOTS - 1) * MODEL_PAGE, .size = MODEL_PAGE,
        .what = MEMORY_OBJECT_RETURN_NONE, .lock = VM_PROT_NO_CHANGE,
        .reply = operation->reply == REPLY_SEND_ONCE ? REPLY_SEND_ONCE : REPLY_SEND};
}

void call_make(struct call *call, const struct operation *operation)
{
    *call = (struct call){.kind = operation->kind, .operation = operation,
                          .offset = offset_of(operation), .may_cache = operation->may_cache};
    call->size = operation->pages * MODEL_PAGE + (operation->odd_size ? ODD_BYTES : 0);
    if (operation->damage == DAMAGE_RANGE)
        call->offset = FAR_OFFSET - MODEL_PAGE * 16;
    if (operation->kind == KIND_SUPPLY)
        make_supply(&call->supply, operation);
    else if (operation->kind == KIND_LOCK)
        make_lock(&call->lock, operation);
    else if (operation->kind == KIND_FENCE)
        make_fence(&call->lock, operation);
}

void call_make_sync_answer(struct call *call, const struct operation *operation, uint64_t offset,
                           uint64_t length)
{
    *call = (struct call){.kind = KIND_SYNC, .operation = operation, .offset = offset, .size = length};
}

void call_make_set_attributes(struct call *call, const struct operation *operation, bool ready)
{
    *call = (struct call){.kind = KIND_CHANGE, .operation = operation, .sets_attributes = true,
                          .ready = ready, .may_cache = operation->may_cache};
}

/* --- the model's side --- */

void call_apply(const struct call *call, struct model *model)
{
    const struct operation *operation = call->operation;

    switch (call->kind) {
    case KIND_SUPPLY:
        model_supply(model, &call->supply);
        break;
    case KIND_UNAVAILABLE:
        model_unavailable(model, call->offset, call->size);
        break;
    case KIND_ERROR:
        model_error(model, call->offset, call->size, operation->reason);
        break;
    case KIND_LOCK:
    case KIND_FENCE:
        model_lock(model, &call->lock);
        break;
    case KIND_SYNC:
        model_sync_answer(model, call->offset, call->size);
        break;
    case KIND_DESTROY:
        model_destroy(model);
        break;
    default:
        if (call->sets_attributes)
            model_set_attributes(model, call->ready, call->may_cache);
        else
            model_change(model, call->may_cache, operation->flavor, operation->cluster,
                         operation->reply);
        break;
    }
}

/* --- the kernel's side --- */

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

static void send_supply(const struct operation *operation, const struct model_supply *supply)
{
    vm_address_t data = make_source(operation, supply);
    mach_msg_type_number_t bytes = (mach_msg_type_number_t)supply->bytes;

    if (operation->old_form && !supply->precious && supply->reply == REPLY_NONE && !operation->deallocate)
        CHECK_OK(memory_object_data_provided(control, supply->offset, data, bytes, supply->lock));
    else
        CHECK_OK(memory_object_data_supply_poly(control, supply->offset, data, bytes,
                                                operation->deallocate && bytes > 0, supply->lock,
                                                supply->precious, reply_port(operation),
                                                reply_type(operation)));
}

static void send_lock(const struct operation *operation, const struct model_lock *lock)
{
    mach_port_t reply = lock->reply == REPLY_NONE ? MACH_PORT_NULL : object;
    mach_msg_type_name_t type = lock->reply == REPLY_SEND_ONCE ? MACH_MSG_TYPE_MAKE_SEND_ONCE
                                : operation->copied_right      ? MACH_MSG_TYPE_COPY_SEND
                                                               : MACH_MSG_TYPE_MAKE_SEND;

    if (operation->old_form && lock->what <= MEMORY_OBJECT_RETURN_DIRTY)
        CHECK_OK(xxx_memory_object_lock_request_poly(control, lock->offset, lock->size,
                                                     lock->what == MEMORY_OBJECT_RETURN_DIRTY,
                                                     lock->flush, lock->lock, reply, type));
    else
        CHECK_OK(memory_object_lock_request_poly(control, lock->offset, lock->size, lock->what,
                                                 lock->flush, lock->lock, reply, type));
}

static void send_change(const struct call *call)
{
    const struct operation *operation = call->operation;
    struct memory_object_perf_info info = {.cluster_size = operation->cluster * MODEL_PAGE,
                                           .may_cache = call->may_cache};

    if (call->sets_attributes)
        CHECK_OK(memory_object_set_attributes(control, call->ready, call->may_cache,
                                              MEMORY_OBJECT_COPY_NONE));
    else if (operation->flavor == 0)
        CHECK_OK(memory_object_change_attributes_poly(control, call->may_cache,
                                                      MEMORY_OBJECT_COPY_NONE, reply_port(operation),
                                                      reply_type(operation)));
    else
        CHECK_OK(memory_object_change_attributes_flavor_poly(
            control, operation->flavor, (memory_object_info_t)&info, MEMORY_OBJECT_PERF_INFO_COUNT,
            reply_port(operation), reply_type(operation)));
}

void call_send(const struct call *call)
{
    switch (call->kind) {
    case KIND_SUPPLY:
        send_supply(call->operation, &call->supply);
        break;
    case KIND_UNAVAILABLE:
        CHECK_OK(memory_object_data_unavailable(control, call->offset, call->size));
        break;
    case KIND_ERROR:
        CHECK_OK(memory_object_data_error(control, call->offset, call->size, call->operation->reason));
        break;
    case KIND_LOCK:
    case KIND_FENCE:
        send_lock(call->operation, &call->lock);
        break;
    case KIND_SYNC:
        CHECK_OK(memory_object_synchronize_completed(control, call->offset, call->size));
        break;
    case KIND_DESTROY:
        CHECK_OK(memory_object_destroy(control, KERN_FAILURE));
        break;
    default:
        send_change(call);
        break;
    }
}

void calls_end(void)
{
    if (source != 0)
        CHECK_OK(vm_deallocate(mach_task_self(), source, SOURCE_BYTES));
    source = 0;
}
