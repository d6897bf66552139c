/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/io_permission.h"

#include <stdint.h>

#include <mig/mach_i386_server.h>

#include "ipc/port.h"
#include "kernel/device.h"
#include "kernel/mig/mig_types.h"
#include "kernel/task.h"
#include "kernel/x86_64/io_permissions.h"
#include "mm/kmem.h"

#define IO_PERMISSIONS_MAX 1024u

/* A range of I/O ports. References: one while its port lives, one for each user of the pointer. */
struct io_perm {
    uint32_t references;
    uint16_t first, last;
    struct port *port; /* kernel-held receive right; NULL once nobody has a send right */
};

static struct kmem_cache io_perm_cache;

void io_permission_init(void)
{
    kmem_cache_init(&io_perm_cache, "io permissions", sizeof(struct io_perm), 0,
                    IO_PERMISSIONS_MAX);
}

io_perm_t convert_port_to_io_perm(mach_port_t port)
{
    struct io_perm *permission = port_kobject(port, KOBJECT_IO_PERMISSION);

    if (permission)
        permission->references++;
    return permission;
}

void io_perm_deallocate(io_perm_t permission)
{
    if (permission && --permission->references == 0)
        kmem_cache_free(&io_perm_cache, permission);
}

mach_port_t convert_io_perm_to_port(io_perm_t permission)
{
    struct port *port = permission && permission->port ? port_make_send(permission->port) : NULL;

    io_perm_deallocate(permission);
    return port;
}

void io_permission_no_senders(struct port *port)
{
    struct io_perm *permission = port->kobject;

    permission->port = NULL;
    port_destroy_kernel(port);
    io_perm_deallocate(permission);
}

/*
 * A port for the right to use I/O ports first..last.
 * Results: KERN_INVALID_ARGUMENT for anything but the device master port, or a range that runs
 * backwards.
 */
kern_return_t i386_io_perm_create(ipc_port_t master_port, io_port_t first, io_port_t last,
                                  io_perm_t *result)
{
    struct io_perm *permission;

    if (!device_is_master(master_port) || first > last)
        return KERN_INVALID_ARGUMENT;
    permission = kmem_cache_alloc(&io_perm_cache);
    if (!permission)
        return KERN_RESOURCE_SHORTAGE;
    *permission = (struct io_perm){.references = 1, .first = first, .last = last};
    permission->port = port_create_kernel(KOBJECT_IO_PERMISSION, permission);
    if (!permission->port) {
        kmem_cache_free(&io_perm_cache, permission);
        return KERN_RESOURCE_SHORTAGE;
    }
    /* The kernel asks itself to be told when the last send right goes: kobject_serve() hears it. */
    permission->port->no_senders_request = port_make_send_once(permission->port);
    permission->references++;
    *result = permission;
    return KERN_SUCCESS;
}

/* Grants the range to the task, or takes it away. */
kern_return_t i386_io_perm_modify(task_t task, io_perm_t permission, boolean_t enable)
{
    if (!task || !permission)
        return KERN_INVALID_ARGUMENT;
    if (!task->io_permissions) {
        if (!enable)
            return KERN_SUCCESS;
        task->io_permissions = io_permissions_create();
        if (!task->io_permissions)
            return KERN_RESOURCE_SHORTAGE;
    }
    io_permissions_set(task->io_permissions, permission->first, permission->last, enable);
    return KERN_SUCCESS;
}
