/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readiness and attributes of memory objects: the calls ready, set_attributes, change_attributes,
 * get_attributes, classic and by flavor (spec/emmi.md 5.1, 5.5, D-11 to D-13, D-20, D-25, D-26).
 */
#include <mig/mach_server.h>

#include "kernel/string.h"
#include "mm/association.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/vm_object.h"

#define CLUSTER_PAGES_MAX 64u

/* What a call asks for; what it does not name is as it was. */
struct attributes {
    memory_object_copy_strategy_t copy_strategy; /* one that may be named */
    bool temporary;
    bool may_cache;
    uint32_t cluster_pages;
};

/* The strategy in force, as a manager would have named it. */
static memory_object_copy_strategy_t strategy_of(const struct vm_object *object)
{
    return object->temporary && object->copy_strategy == MEMORY_OBJECT_COPY_DELAY
               ? MEMORY_OBJECT_COPY_TEMPORARY
               : object->copy_strategy;
}

static struct attributes attributes_of(const struct vm_object *object)
{
    return (struct attributes){object->copy_strategy, object->temporary, object->may_cache,
                               object->cluster_pages};
}

/* Names a strategy. The first readiness fixes it; a later different one is ignored (D-26). */
static bool name_strategy(struct attributes *wanted, const struct vm_object *object,
                          memory_object_copy_strategy_t strategy)
{
    if (strategy < MEMORY_OBJECT_COPY_NONE || strategy > MEMORY_OBJECT_COPY_TEMPORARY)
        return false;
    if (object->association != ASSOCIATION_WAIT_READY)
        return true;
    wanted->copy_strategy = strategy;
    if (strategy == MEMORY_OBJECT_COPY_TEMPORARY) {
        wanted->temporary = true;
        wanted->copy_strategy = MEMORY_OBJECT_COPY_DELAY;
    }
    return true;
}

static void apply(struct vm_object *object, const struct attributes *wanted)
{
    object->copy_strategy = wanted->copy_strategy;
    object->temporary = wanted->temporary;
    object->may_cache = wanted->may_cache;
    object->cluster_pages = wanted->cluster_pages;
}

/* Makes ready by any call but set_attributes: pages come back by data_return (D-12). */
static void apply_and_be_ready(struct vm_object *object, const struct attributes *wanted)
{
    apply(object, wanted);
    object->use_old_pageout = false;
    association_set_ready(object);
}

/* What the classic calls name. False: no control port, or no strategy. */
static bool classic(const struct vm_object *object, boolean_t may_cache,
                    memory_object_copy_strategy_t strategy, struct attributes *wanted)
{
    if (!object)
        return false;
    *wanted = attributes_of(object);
    wanted->may_cache = may_cache != FALSE;
    return name_strategy(wanted, object, strategy);
}

/* --- classic calls --- */

kern_return_t memory_object_ready(vm_object_t object, boolean_t may_cache,
                                  memory_object_copy_strategy_t copy_strategy)
{
    struct attributes wanted;

    if (!classic(object, may_cache, copy_strategy, &wanted))
        return KERN_INVALID_ARGUMENT;
    apply_and_be_ready(object, &wanted);
    return KERN_SUCCESS;
}

/* The oldest form. Readiness is never taken back (H-21). */
kern_return_t memory_object_set_attributes(vm_object_t object, boolean_t object_ready,
                                           boolean_t may_cache,
                                           memory_object_copy_strategy_t copy_strategy)
{
    struct attributes wanted;

    if (!classic(object, may_cache, copy_strategy, &wanted))
        return KERN_INVALID_ARGUMENT;
    apply(object, &wanted);
    if (object_ready && object->association == ASSOCIATION_WAIT_READY) {
        object->use_old_pageout = true;
        association_set_ready(object);
    }
    return KERN_SUCCESS;
}

/*
 * On success the reply right is consumed by change_completed, which follows the terminate message if the
 * change ended the object (O5).
 */
kern_return_t memory_object_change_attributes(vm_object_t object, boolean_t may_cache,
                                              memory_object_copy_strategy_t copy_strategy,
                                              ipc_port_t reply_to, mach_msg_type_name_t reply_type)
{
    struct reply_right reply = {reply_to, reply_type};
    struct attributes wanted;

    if (!classic(object, may_cache, copy_strategy, &wanted) || !reply_right_valid(reply))
        return KERN_INVALID_ARGUMENT;
    apply_and_be_ready(object, &wanted);
    vm_object_end_if_unused(object);
    manager_change_completed(reply, may_cache, copy_strategy);
    return KERN_SUCCESS;
}

kern_return_t memory_object_get_attributes(vm_object_t object, boolean_t *object_ready,
                                           boolean_t *may_cache,
                                           memory_object_copy_strategy_t *copy_strategy)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    *object_ready = object->association == ASSOCIATION_READY;
    *may_cache = object->may_cache;
    *copy_strategy = strategy_of(object);
    return KERN_SUCCESS;
}

/* --- by flavor --- */

union flavored {
    struct old_memory_object_behave_info old_behavior;
    struct memory_object_perf_info performance;
    struct old_memory_object_attr_info old_attributes;
    struct memory_object_attr_info attributes;
    struct memory_object_behave_info behavior;
};

/* Size of a flavor in natural_t units; 0: unknown. */
static mach_msg_type_number_t flavor_count(memory_object_flavor_t flavor)
{
    switch (flavor) {
    case OLD_MEMORY_OBJECT_BEHAVIOR_INFO: return OLD_MEMORY_OBJECT_BEHAVE_INFO_COUNT;
    case MEMORY_OBJECT_PERFORMANCE_INFO: return MEMORY_OBJECT_PERF_INFO_COUNT;
    case OLD_MEMORY_OBJECT_ATTRIBUTE_INFO: return OLD_MEMORY_OBJECT_ATTR_INFO_COUNT;
    case MEMORY_OBJECT_ATTRIBUTE_INFO: return MEMORY_OBJECT_ATTR_INFO_COUNT;
    case MEMORY_OBJECT_BEHAVIOR_INFO: return MEMORY_OBJECT_BEHAVE_INFO_COUNT;
    default: return 0;
    }
}

kern_return_t memory_object_get_attributes_flavor(vm_object_t object,
                                                  memory_object_flavor_t flavor,
                                                  memory_object_info_t info,
                                                  mach_msg_type_number_t *info_count)
{
    mach_msg_type_number_t count = flavor_count(flavor);
    union flavored all;

    if (!object || count == 0 || *info_count < count)
        return KERN_INVALID_ARGUMENT;
    memset(&all, 0, sizeof(all));
    switch (flavor) {
    case OLD_MEMORY_OBJECT_BEHAVIOR_INFO:
        all.old_behavior.copy_strategy = object->copy_strategy;
        all.old_behavior.temporary = object->temporary;
        break;
    case MEMORY_OBJECT_PERFORMANCE_INFO:
        all.performance.cluster_size = object->cluster_pages * PAGE_BYTES;
        all.performance.may_cache = object->may_cache;
        break;
    case OLD_MEMORY_OBJECT_ATTRIBUTE_INFO:
        all.old_attributes.object_ready = object->association == ASSOCIATION_READY;
        all.old_attributes.may_cache = object->may_cache;
        all.old_attributes.copy_strategy = strategy_of(object);
        break;
    case MEMORY_OBJECT_ATTRIBUTE_INFO:
        all.attributes.copy_strategy = object->copy_strategy;
        all.attributes.cluster_size = object->cluster_pages * PAGE_BYTES;
        all.attributes.may_cache = object->may_cache;
        all.attributes.temporary = object->temporary;
        break;
    default:
        all.behavior.copy_strategy = object->copy_strategy;
        all.behavior.temporary = object->temporary;
        break;
    }
    memcpy(info, &all, count * sizeof(natural_t));
    *info_count = count;
    return KERN_SUCCESS;
}

/* D-25: a power of two whole pages; 0 means one page. */
static bool name_cluster(struct attributes *wanted, vm_size_t bytes)
{
    uint64_t pages = bytes == 0 ? 1 : bytes >> PAGE_SHIFT_BITS;

    wanted->cluster_pages = pages < CLUSTER_PAGES_MAX ? (uint32_t)pages : CLUSTER_PAGES_MAX;
    return page_aligned(bytes) && (pages & (pages - 1)) == 0;
}

/* What a flavor names. False: a value that there is not. */
static bool decode(const struct vm_object *object, memory_object_flavor_t flavor,
                   const union flavored *all, struct attributes *wanted)
{
    *wanted = attributes_of(object);
    switch (flavor) {
    case OLD_MEMORY_OBJECT_BEHAVIOR_INFO:
        if (!name_strategy(wanted, object, all->old_behavior.copy_strategy))
            return false;
        wanted->temporary = all->old_behavior.temporary != FALSE;
        return true;
    case MEMORY_OBJECT_PERFORMANCE_INFO:
        wanted->may_cache = all->performance.may_cache != FALSE;
        return name_cluster(wanted, all->performance.cluster_size);
    case OLD_MEMORY_OBJECT_ATTRIBUTE_INFO:
        return classic(object, all->old_attributes.may_cache, all->old_attributes.copy_strategy,
                       wanted);
    case MEMORY_OBJECT_ATTRIBUTE_INFO:
        if (!classic(object, all->attributes.may_cache, all->attributes.copy_strategy, wanted))
            return false;
        wanted->temporary = all->attributes.temporary != FALSE;
        return name_cluster(wanted, all->attributes.cluster_size);
    default:
        if (!name_strategy(wanted, object, all->behavior.copy_strategy))
            return false;
        wanted->temporary = all->behavior.temporary != FALSE;
        return true;
    }
}

/* As memory_object_change_attributes; its completion names control and flavor (D-13). */
kern_return_t memory_object_change_attributes_flavor(vm_object_t object,
                                                     memory_object_flavor_t flavor,
                                                     const memory_object_info_t info,
                                                     mach_msg_type_number_t info_count,
                                                     ipc_port_t reply_to,
                                                     mach_msg_type_name_t reply_type)
{
    mach_msg_type_number_t count = flavor_count(flavor);
    struct reply_right reply = {reply_to, reply_type};
    struct attributes wanted;
    union flavored all;

    if (!object || count == 0 || info_count != count || !reply_right_valid(reply))
        return KERN_INVALID_ARGUMENT;
    memcpy(&all, info, count * sizeof(natural_t));
    if (!decode(object, flavor, &all, &wanted))
        return KERN_INVALID_ARGUMENT;
    apply_and_be_ready(object, &wanted);
    vm_object_end_if_unused(object);
    manager_change_completed_flavor(reply, object, flavor);
    return KERN_SUCCESS;
}
