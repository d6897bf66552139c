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

/* What a call asks for; what it does not name keeps its value. */
struct attributes {
    memory_object_copy_strategy_t copy_strategy;
    bool has_copy_strategy;
    bool temporary;
    bool has_temporary;
    bool may_cache;
    bool has_may_cache;
    uint32_t cluster_pages;
    bool has_cluster_pages;
};

static bool copy_strategy_valid(memory_object_copy_strategy_t strategy)
{
    return strategy >= MEMORY_OBJECT_COPY_NONE && strategy <= MEMORY_OBJECT_COPY_TEMPORARY;
}

/* The first readiness fixes the strategy; a later different one is ignored (D-26). */
static void apply_strategy(struct vm_object *object, memory_object_copy_strategy_t strategy)
{
    if (object->association != ASSOCIATION_WAIT_READY)
        return;
    object->copy_strategy = strategy;
    if (strategy == MEMORY_OBJECT_COPY_TEMPORARY) {
        object->temporary = true;
        object->copy_strategy = MEMORY_OBJECT_COPY_DELAY;
    }
}

static void apply(struct vm_object *object, const struct attributes *wanted)
{
    if (wanted->has_copy_strategy)
        apply_strategy(object, wanted->copy_strategy);
    if (wanted->has_temporary)
        object->temporary = wanted->temporary;
    if (wanted->has_may_cache)
        object->may_cache = wanted->may_cache;
    if (wanted->has_cluster_pages)
        object->cluster_pages = wanted->cluster_pages;
}

/* Makes ready by any call but set_attributes: pages come back by data_return (D-12). */
static void apply_and_be_ready(struct vm_object *object, const struct attributes *wanted)
{
    apply(object, wanted);
    object->use_old_pageout = false;
    association_set_ready(object);
}

static struct attributes classic(boolean_t may_cache, memory_object_copy_strategy_t strategy)
{
    return (struct attributes){.copy_strategy = strategy, .has_copy_strategy = true,
                               .may_cache = may_cache != FALSE, .has_may_cache = true};
}

/* --- classic calls --- */

kern_return_t memory_object_ready(vm_object_t object, boolean_t may_cache,
                                  memory_object_copy_strategy_t copy_strategy)
{
    struct attributes wanted = classic(may_cache, copy_strategy);

    if (!object || !copy_strategy_valid(copy_strategy))
        return KERN_INVALID_ARGUMENT;
    apply_and_be_ready(object, &wanted);
    return KERN_SUCCESS;
}

/* The oldest form. Readiness is never taken back (H-21). */
kern_return_t memory_object_set_attributes(vm_object_t object, boolean_t object_ready,
                                           boolean_t may_cache,
                                           memory_object_copy_strategy_t copy_strategy)
{
    struct attributes wanted = classic(may_cache, copy_strategy);

    if (!object || !copy_strategy_valid(copy_strategy))
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
    struct attributes wanted = classic(may_cache, copy_strategy);
    struct reply_right reply = {reply_to, reply_type};

    if (!object || !copy_strategy_valid(copy_strategy) || !reply_right_valid(reply))
        return KERN_INVALID_ARGUMENT;
    apply_and_be_ready(object, &wanted);
    vm_object_end_if_unused(object);
    manager_change_completed(reply, may_cache, copy_strategy);
    return KERN_SUCCESS;
}

/* The strategy in force, as a manager would have named it. */
static memory_object_copy_strategy_t strategy_of(const struct vm_object *object)
{
    return object->temporary && object->copy_strategy == MEMORY_OBJECT_COPY_DELAY
               ? MEMORY_OBJECT_COPY_TEMPORARY
               : object->copy_strategy;
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
static bool cluster_wanted(struct attributes *wanted, vm_size_t bytes)
{
    uint64_t pages = bytes == 0 ? 1 : bytes >> PAGE_SHIFT_BITS;

    if (!page_aligned(bytes) || (pages & (pages - 1)) != 0)
        return false;
    wanted->cluster_pages = pages < CLUSTER_PAGES_MAX ? (uint32_t)pages : CLUSTER_PAGES_MAX;
    wanted->has_cluster_pages = true;
    return true;
}

static bool decode(memory_object_flavor_t flavor, const union flavored *all,
                   struct attributes *wanted)
{
    memset(wanted, 0, sizeof(*wanted));
    switch (flavor) {
    case OLD_MEMORY_OBJECT_BEHAVIOR_INFO:
        wanted->copy_strategy = all->old_behavior.copy_strategy;
        wanted->temporary = all->old_behavior.temporary != FALSE;
        wanted->has_copy_strategy = wanted->has_temporary = true;
        break;
    case MEMORY_OBJECT_PERFORMANCE_INFO:
        wanted->may_cache = all->performance.may_cache != FALSE;
        wanted->has_may_cache = true;
        return cluster_wanted(wanted, all->performance.cluster_size);
    case OLD_MEMORY_OBJECT_ATTRIBUTE_INFO:
        *wanted = classic(all->old_attributes.may_cache, all->old_attributes.copy_strategy);
        break;
    case MEMORY_OBJECT_ATTRIBUTE_INFO:
        *wanted = classic(all->attributes.may_cache, all->attributes.copy_strategy);
        wanted->temporary = all->attributes.temporary != FALSE;
        wanted->has_temporary = true;
        if (!cluster_wanted(wanted, all->attributes.cluster_size))
            return false;
        break;
    default:
        wanted->copy_strategy = all->behavior.copy_strategy;
        wanted->temporary = all->behavior.temporary != FALSE;
        wanted->has_copy_strategy = wanted->has_temporary = true;
        break;
    }
    return copy_strategy_valid(wanted->copy_strategy);
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
    if (!decode(flavor, &all, &wanted))
        return KERN_INVALID_ARGUMENT;
    apply_and_be_ready(object, &wanted);
    vm_object_end_if_unused(object);
    manager_change_completed_flavor(reply, object, flavor);
    return KERN_SUCCESS;
}
