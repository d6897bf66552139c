/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests 3205 to 3208, 3215, 3216: references and rights (spec/ipc.md 2). */
#include <mig/mach_port_server.h>

#include "ipc/port.h"
#include "ipc/right.h"
#include "ipc/space_table.h"

/* For a name that is not in the table, or stands for a right to a dead port. */
static __attribute__((noinline)) kern_return_t destroy_slowly(struct space *space,
                                                              mach_port_name_t name)
{
    struct name_entry *entry;
    kern_return_t status = right_find(space, name, &entry);

    if (status == KERN_SUCCESS)
        right_destroy(space, entry);
    return status;
}

kern_return_t mach_port_destroy(ipc_space_t space, mach_port_name_t name)
{
    struct name_entry *entry = space && space->active ? space_entry_fast(space, name) : NULL;

    if (!entry || !right_entry_is_good(entry))
        return destroy_slowly(space, name);
    right_destroy(space, entry);
    return KERN_SUCCESS;
}

kern_return_t mach_port_deallocate(ipc_space_t space, mach_port_name_t name)
{
    struct name_entry *entry;
    kern_return_t status = right_find(space, name, &entry);

    return status == KERN_SUCCESS ? right_deallocate(space, entry) : status;
}

kern_return_t mach_port_get_refs(ipc_space_t space, mach_port_name_t name, mach_port_right_t right,
                                 mach_port_urefs_t *references)
{
    struct name_entry *entry;
    kern_return_t status;

    if (right >= MACH_PORT_RIGHT_NUMBER)
        return KERN_INVALID_VALUE;
    status = right_find(space, name, &entry);
    if (status != KERN_SUCCESS)
        return status;
    if (!(entry->bits & MACH_PORT_TYPE(right)))
        *references = 0;
    else if (right == MACH_PORT_RIGHT_SEND || right == MACH_PORT_RIGHT_DEAD_NAME)
        *references = entry_references(entry);
    else
        *references = 1;
    return KERN_SUCCESS;
}

kern_return_t mach_port_mod_refs(ipc_space_t space, mach_port_name_t name, mach_port_right_t right,
                                 mach_port_delta_t delta)
{
    struct name_entry *entry;
    kern_return_t status;

    if (right >= MACH_PORT_RIGHT_NUMBER)
        return KERN_INVALID_VALUE;
    status = right_find(space, name, &entry);
    return status == KERN_SUCCESS ? right_modify(space, entry, right, delta) : status;
}

/* Consumes the right on success. */
kern_return_t mach_port_insert_right(ipc_space_t space, mach_port_name_t name, ipc_port_t right,
                                     mach_msg_type_name_t type)
{
    if (!space || !space->active)
        return KERN_INVALID_TASK;
    if (!MACH_PORT_NAME_VALID(name) || !MACH_MSG_TYPE_PORT_ANY_RIGHT(type))
        return KERN_INVALID_VALUE;
    return right_copyout_name(space, right, type, name);
}

kern_return_t mach_port_extract_right(ipc_space_t space, mach_port_name_t name,
                                      mach_msg_type_name_t disposition, ipc_port_t *right,
                                      mach_msg_type_name_t *type)
{
    struct name_entry *entry;
    kern_return_t status = right_find(space, name, &entry);

    if (status != KERN_INVALID_TASK && !MACH_MSG_TYPE_PORT_ANY(disposition))
        return KERN_INVALID_VALUE;
    if (status == KERN_SUCCESS)
        status = right_check(entry, disposition, true);
    if (status != KERN_SUCCESS)
        return status;
    *right = right_take(space, entry, disposition, NULL);
    *type = right_received_type(disposition);
    return KERN_SUCCESS;
}
