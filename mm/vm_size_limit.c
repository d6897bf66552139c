/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much a task may map (gnumach 4215, 4216).
 */
#include <mig/gnumach_server.h>

#include "ipc/port.h"
#include "mm/vm_map.h"

/*
 * The current limit holds for what is mapped from now on; both pass to children. The maximum may be raised
 * with the privileged host port alone. KERN_INVALID_ARGUMENT: a current limit above the maximum;
 * KERN_INVALID_TASK; KERN_INVALID_HOST; KERN_NO_ACCESS.
 */
kern_return_t vm_set_size_limit(mach_port_t host_port, struct vm_map *map, vm_size_t current_limit,
                                vm_size_t max_limit)
{
    bool privileged = port_kobject(host_port, KOBJECT_HOST_PRIV) != NULL;

    if (current_limit > max_limit)
        return KERN_INVALID_ARGUMENT;
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    if (!privileged && !port_kobject(host_port, KOBJECT_HOST))
        return KERN_INVALID_HOST;
    if (max_limit > map->size_limit_max && !privileged)
        return KERN_NO_ACCESS;
    map->size_limit = current_limit;
    map->size_limit_max = max_limit;
    return KERN_SUCCESS;
}

/* KERN_INVALID_TASK. */
kern_return_t vm_get_size_limit(struct vm_map *map, vm_size_t *current_limit, vm_size_t *max_limit)
{
    if (!map || map->dead)
        return KERN_INVALID_TASK;
    *current_limit = map->size_limit;
    *max_limit = map->size_limit_max;
    return KERN_SUCCESS;
}
