/* SPDX-License-Identifier: BSD-2-Clause */
/* What kernel memory is used for (mach_debug 3014, 3015, 3022). */
#include <mig/mach_debug_server.h>

#include "kernel/host.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/record_list.h"

/* Stacks of nobody, kept for the next threads. How deep a stack was used is not measured: 0. */
kern_return_t host_stack_usage(host_t host, vm_size_t *reserved, unsigned *total, vm_size_t *space,
                               vm_size_t *resident, vm_size_t *max_usage, vm_offset_t *max_stack)
{
    if (!host)
        return KERN_INVALID_HOST;
    *total = kmem_stacks_kept();
    *space = *resident = (vm_size_t)*total * KERNEL_STACK_BYTES;
    *reserved = *max_usage = 0;
    *max_stack = 0;
    return KERN_SUCCESS;
}

/* Stacks of the set's threads: each has one. KERN_INVALID_ARGUMENT: no processor set. */
kern_return_t processor_set_stack_usage(processor_set_t set, unsigned *total, vm_size_t *space,
                                        vm_size_t *resident, vm_size_t *max_usage,
                                        vm_offset_t *max_stack)
{
    if (!set)
        return KERN_INVALID_ARGUMENT;
    *total = task_count_threads();
    *space = *resident = (vm_size_t)*total * KERNEL_STACK_BYTES;
    *max_usage = 0;
    *max_stack = 0;
    return KERN_SUCCESS;
}

static void list_cache(struct record_list *list, const struct kmem_cache *cache)
{
    cache_info_t info = {
        .cpu_pool_size = 0,
        .obj_size = cache->object_bytes,
        .align = cache->align,
        .buf_size = cache->object_bytes,
        .slab_size = PAGE_BYTES,
        .bufs_per_slab = kmem_objects_per_frame(cache),
        .nr_objs = cache->in_use,
        .nr_bufs = (rpc_long_natural_t)cache->frames * kmem_objects_per_frame(cache),
        .nr_slabs = cache->frames,
        .nr_free_slabs = 0, /* a frame without objects in use is given back */
    };

    strlcpy(info.name, cache->name, sizeof info.name);
    record_list_add(list, &info);
}

/* All caches of kernel objects. KERN_INVALID_HOST; KERN_RESOURCE_SHORTAGE. */
kern_return_t host_slab_info(host_t host, cache_info_array_t *info, mach_msg_type_number_t *count)
{
    struct record_list list;

    if (!host)
        return KERN_INVALID_HOST;
    record_list_init(&list, sizeof(cache_info_t), list_length(&kmem_caches));
    list_for_each(&kmem_caches, node)
        list_cache(&list, list_entry(node, struct kmem_cache, link));
    return record_list_answer(&list, info, count);
}
