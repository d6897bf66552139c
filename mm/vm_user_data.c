/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests for the contents of a task's memory. Data travels as out-of-line memory: a struct vm_copy
 * behind the generated code's pointers.
 */
#include <mig/mach_server.h>
#include <mig/vm_osf_server.h>

#include "kernel/task.h"
#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_in.h"
#include "mm/vm_copy_out.h"
#include "mm/vm_map.h"

/* A snapshot of the range. Errors as vm_copy_in(); KERN_INVALID_ARGUMENT past what a count can say. */
kern_return_t vm_read(struct vm_map *map, vm_address_t address, vm_size_t size, vm_offset_t *data,
                      mach_msg_type_number_t *count)
{
    struct vm_copy *copy;
    kern_return_t result;

    if (!map || map->dead || size > UINT32_MAX)
        return KERN_INVALID_ARGUMENT;
    result = vm_copy_in(map, address, size, false, &copy);
    if (result != KERN_SUCCESS)
        return result;
    *data = (vm_offset_t)copy;
    *count = (mach_msg_type_number_t)size;
    return KERN_SUCCESS;
}

/* A snapshot of one map's memory, written over memory of another. */
static kern_return_t copy_over(struct vm_map *from, vm_offset_t source, vm_size_t size,
                               struct vm_map *to, vm_offset_t target)
{
    struct vm_copy *copy;
    kern_return_t result = vm_copy_in(from, source, size, false, &copy);

    if (result != KERN_SUCCESS)
        return result;
    result = vm_copy_overwrite(to, target, copy);
    if (result != KERN_SUCCESS)
        vm_copy_discard(copy);
    return result;
}

/* The same into memory of the caller's; what was written before an error stays written. */
kern_return_t vm_read_overwrite(struct vm_map *map, vm_address_t address, vm_size_t size,
                                vm_address_t data, vm_size_t *count)
{
    if (!map || map->dead)
        return KERN_INVALID_ARGUMENT;
    *count = size;
    return copy_over(map, address, size, task_current()->map, data);
}

/* Writes as the target task would (V-06: any alignment). Consumes the data exactly on success. */
kern_return_t vm_write(struct vm_map *map, vm_address_t address, vm_offset_t data,
                       mach_msg_type_number_t count)
{
    (void)count;
    if (!map || map->dead)
        return KERN_INVALID_ARGUMENT;
    return vm_copy_overwrite(map, address, (struct vm_copy *)data);
}

/* Copies pages within a task, as if through a buffer. All three page aligned (V-07). */
kern_return_t vm_copy(struct vm_map *map, vm_address_t source, vm_size_t size,
                      vm_address_t target)
{
    kern_return_t result;

    if (!map || map->dead)
        return KERN_INVALID_ARGUMENT;
    if (!page_aligned(source) || !page_aligned(size) || !page_aligned(target))
        return KERN_INVALID_ARGUMENT;
    if (size == 0)
        return KERN_SUCCESS;
    result = vm_map_check_access(map, target, size, VM_PROT_WRITE);
    if (result != KERN_SUCCESS)
        return result;
    return copy_over(map, source, size, map, target);
}
